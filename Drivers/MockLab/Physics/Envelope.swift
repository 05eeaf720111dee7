import BellModel
import Glibc

/// An event's waveform, scaled but not turned, in units of the channel's full scale.
struct Envelope {
    let steps: [DriveStep]
    /// The event's phase in radians.
    let phase: Double

    init(event: ProgramEvent, program: NodeProgram, sample: Double, tick: Double) {
        let scale = Double(event.amplitude) / 65_535
        phase = 2 * .pi * Double(event.phase) / 4_294_967_296
        guard let place = event.waveform.map(Int.init), place < program.waveforms.count else {
            steps = [DriveStep(amplitude: Complex(scale), length: Double(event.duration) * tick)]
            return
        }
        let waveform = program.waveforms[place]
        var steps: [DriveStep] = []
        for (i, q) in zip(waveform.i, waveform.q) {
            let amplitude = Complex(scale * Double(i) / 32_767, scale * Double(q) / 32_767)
            if let last = steps.last, last.amplitude == amplitude {
                steps[steps.count - 1].length += sample
            } else {
                steps.append(DriveStep(amplitude: amplitude, length: sample))
            }
        }
        self.steps = steps
    }

    /// Ticks that an event's waveform lasts; without one, its duration.
    static func ticks(of event: ProgramEvent, in program: NodeProgram) -> UInt64 {
        guard let place = event.waveform.map(Int.init), place < program.waveforms.count else {
            return UInt64(event.duration)
        }
        return UInt64(program.waveforms[place].i.count) * UInt64(program.ticksPerSample)
    }

    /// ∫ amplitude dt: size in seconds of full scale, phase in radians.
    var integral: (size: Double, phase: Double) {
        var sum = Complex(0)
        for step in steps { sum += step.length * step.amplitude }
        let size = sum.squared.squareRoot()
        return (size, size == 0 ? 0 : atan2(sum.im, sum.re) + phase)
    }
}
