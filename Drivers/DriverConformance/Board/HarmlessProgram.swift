import BellModel
import DriverKit

/// The program that the kit loads: silent pulses, an input bit, a readout and a stop, made for one board.
///
/// All times are in waveform samples, so that any board's ticks fit. Amplitudes are 0 unless output is allowed.
struct HarmlessProgram: Sendable {
    var capabilities: Capabilities
    var hasOutput = false
    var inputBits: InputBitSource
    /// Samples that the stop event comes later; tells two programs apart by the records' stop delta.
    var delay: UInt32 = 0

    /// From the pulse to the start event in samples.
    static let startSample: UInt32 = 20
    /// From the pulse to the stop event in samples, without `delay`.
    static let stopSample: UInt32 = 50
    /// A trial's least length in samples: the stop event, its largest delay and as much again.
    private static let leastSamples: UInt64 = 128
    static let clockEvery: UInt32 = 64

    init(_ capabilities: Capabilities, hasOutput: Bool = false, inputBits: InputBitSource? = nil, delay: UInt32 = 0) {
        self.capabilities = capabilities
        self.hasOutput = hasOutput
        // A board without a generator can only be given its bits.
        self.inputBits = inputBits ?? (capabilities.hasRNG ? .board : .host)
        self.delay = delay
    }

    /// 100 µs in ticks, rounded to samples: long enough for a reset, short enough for thousands of trials.
    static func trialPeriod(of board: Capabilities) -> UInt64 {
        let sample = UInt64(board.ticksPerSample)
        let ticks = UInt64(board.tickRate.hertz * 100e-6)
        return max(ticks / sample, leastSamples) * sample
    }

    var program: NodeProgram {
        let sample = capabilities.ticksPerSample
        let amplitude: UInt16 = hasOutput ? 6554 : 0  // a tenth of full scale
        let stop = (HarmlessProgram.stopSample + delay) * sample
        var events = [
            ProgramEvent(kind: .inputBit, tick: HarmlessProgram.startSample * sample, duration: 4 * sample),
            ProgramEvent(kind: .gate, tick: 24 * sample, duration: 0),
            ProgramEvent(kind: .readout, tick: 34 * sample, duration: 16 * sample, amplitude: amplitude),
            ProgramEvent(kind: .stop, tick: stop, duration: 0),
        ]
        var waveforms: [Waveform] = []
        if capabilities.maxEvents >= 6 && capabilities.waveformMemory >= 8 {
            let level: Int16 = hasOutput ? 16_384 : 0
            waveforms = [
                Waveform(i: [Int16](repeating: level, count: 8), q: [Int16](repeating: 0, count: 8))
            ]
            let pulse = { (kind: ProgramEvent.Kind, at: UInt32) in
                ProgramEvent(kind: kind, tick: at * sample, duration: 8 * sample, waveform: 0, amplitude: amplitude)
            }
            events.insert(pulse(.gatedDrive, 25), at: 2)
            events.insert(pulse(.drive, 8), at: 0)
        }
        return NodeProgram(
            node: capabilities.node, tickRate: capabilities.tickRate, ticksPerSample: sample,
            trialPeriod: HarmlessProgram.trialPeriod(of: capabilities), clockEvery: HarmlessProgram.clockEvery,
            inputBits: inputBits, waveforms: waveforms, events: events,
            discriminator: Discriminator(weightI: 32_767, weightQ: 0, threshold: 0))
    }

    /// Ticks from the start event to the stop event.
    var stopDelta: UInt32 {
        (HarmlessProgram.stopSample + delay - HarmlessProgram.startSample) * capabilities.ticksPerSample
    }

    /// Ticks from the pulse to the start event.
    var startTick: UInt32 { HarmlessProgram.startSample * capabilities.ticksPerSample }
}
