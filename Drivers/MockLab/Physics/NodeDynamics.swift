import BellModel
import Glibc

/// What a node's program does to its qubit, as a function of time.
///
/// Times are seconds after the shared trigger pulse left its source. Between the instants (``Instant``) the qubit is
/// driven, precesses and relaxes; the drive is piecewise constant, a piece a waveform sample.
struct NodeDynamics: Sendable {
    /// A moment that is not drive: something is done to the whole state.
    struct Instant: Equatable, Sendable {
        enum Kind: Equatable, Sendable {
            case reset
            /// Exchange angle and phase in radians.
            case emit(angle: Double, phase: Double)
            case absorb(angle: Double, phase: Double)
            case readout
        }
        var kind: Kind
        var time: Double
    }

    private let truth: NodeTruth
    private let drive: DriveTimeline
    /// Sorted by time; nothing after the readout.
    let instants: [Instant]
    /// Before anything happens, in seconds.
    let begin: Double
    /// After everything has happened.
    let end: Double
    /// Excited population after a reset.
    var thermal: Double { truth.thermal }

    init(program: NodeProgram, truth: NodeTruth, pulseDelay: Double) {
        self.truth = truth
        let tick = 1 / program.tickRate.hertz
        let sample = tick * Double(program.ticksPerSample)
        // Times at the qubit: what is played at a tick arrives there later.
        let time = { (ticks: UInt32) in pulseDelay + truth.driveLine + Double(ticks) * tick }
        var pieces: [DriveTimeline.Piece] = []
        var instants: [Instant] = []
        var gate = Double.infinity
        for event in program.events {
            let envelope = Envelope(event: event, program: program, sample: sample, tick: tick)
            let middle = time(event.tick) + 0.5 * Double(event.duration) * tick
            switch event.kind {
            case .reset: instants.append(Instant(kind: .reset, time: time(event.tick) + Double(event.duration) * tick))
            case .emit:
                let area = envelope.integral
                let kind = Instant.Kind.emit(angle: 2 * .pi * truth.emitRate * area.size, phase: area.phase)
                instants.append(Instant(kind: kind, time: middle))
            case .absorb:
                let area = envelope.integral
                let kind = Instant.Kind.absorb(angle: 2 * .pi * truth.absorbRate * area.size, phase: area.phase)
                instants.append(Instant(kind: kind, time: middle))
            case .readout:
                let tone = pulseDelay + truth.readoutIn + Double(event.tick) * tick
                instants.append(Instant(kind: .readout, time: tone))
            case .drive, .gatedDrive:
                var at = time(event.tick)
                for (amplitude, length) in envelope.steps {
                    pieces.append(
                        DriveTimeline.Piece(
                            start: at, end: at + length, amplitude: amplitude, gated: event.kind == .gatedDrive,
                            detuning: Double(event.detuning) / 1000))
                    at += length
                }
            case .gate: gate = min(gate, time(event.tick) + truth.switchDelay - truth.switchLine)
            case .inputBit, .stop: break
            }
        }
        drive = DriveTimeline(
            pieces: pieces, switchOpens: gate, blockedAmplitude: pow(10, -truth.gateIsolation / 20))
        instants.sort { $0.time < $1.time }
        if let readout = instants.firstIndex(where: { $0.kind == .readout }) {
            instants.removeSubrange((readout + 1)...)
        }
        self.instants = instants
        begin = min(pulseDelay, drive.segments.first?.start ?? pulseDelay)
        end = max(instants.last?.time ?? begin, drive.segments.last?.end ?? begin)
    }

    /// What happens to the qubit from `start` to `end` when the input bit is `bit`.
    func channel(from start: Double, to end: Double, bit: UInt8) -> QubitChannel {
        var channel = QubitChannel.identity
        var at = start
        for segment in drive.segments where segment.end > start && segment.start < end {
            if segment.start > at { channel = channel.followed(by: step(Complex(0), time: segment.start - at)) }
            let from = max(segment.start, start)
            let to = min(segment.end, end)
            channel = channel.followed(by: step(bit == 0 ? segment.blocked : segment.open, time: to - from))
            at = to
        }
        return end > at ? channel.followed(by: step(Complex(0), time: end - at)) : channel
    }

    /// A constant drive for `time` seconds.
    private func step(_ drive: Complex, time: Double) -> QubitChannel {
        // H/ħ = Ω/2 (cos φ X + sin φ Y) − Δ/2 Z turns the Bloch vector at the rate (Ω cos φ, Ω sin φ, −Δ).
        let omega = 2 * Double.pi * truth.rabi
        let rate = (x: omega * drive.re, y: omega * drive.im, z: -2 * Double.pi * truth.detuning)
        let speed = (rate.x * rate.x + rate.y * rate.y + rate.z * rate.z).squareRoot()
        let turn = QubitChannel.rotation(angle: speed * time, axis: rate)
        return turn.followed(by: .relaxation(time: time, t1: truth.t1, t2: truth.t2, thermal: truth.thermal))
    }
}
