import BellModel
import MockLab
import Testing

/// Programs written event by event, so that the physics is tested without the compiler.
struct HandMadeProgram {
    /// Square pulses: 24 samples of 0.5 ns for π/2, 200 samples for the photon.
    static let pulse = 24
    static let photon = 200
    /// Of 65 535.
    static let amplitude: UInt16 = 32_768

    /// Bob's frame: −45° of a full turn, in 2^-32 turns.
    var frame: UInt32 = 0xE000_0000
    /// Factor on every π/2 pulse's amplitude.
    var scale = 1.0
    /// Ticks that bob's absorption comes after alice's emission.
    var flight: UInt32 = 1_200
    /// Whether alice emits.
    var emits = true
    var inputBits = InputBitSource.board
    var trialPeriod: UInt64 = 640_000

    /// Rabi frequency at which ``amplitude`` gives exactly π/2.
    static var rabi: Double { 0.25 * 65_535 / Double(amplitude) / (Double(pulse) * 0.5e-9) }
    /// Exchange rate at which ``amplitude`` gives exactly `turns` of the exchange angle.
    static func rate(turns: Double) -> Double { turns * 65_535 / Double(amplitude) / (Double(photon) * 0.5e-9) }

    /// The laboratory in which these programs are perfectly calibrated.
    static var truth: PhysicsTruth {
        var truth = PhysicsTruth()
        for node in Node.allCases {
            truth.nodes[node].rabi = rabi
            truth.nodes[node].emitRate = rate(turns: 0.25)
            truth.nodes[node].absorbRate = rate(turns: 0.5)
        }
        truth.link.delay = 1_200 * 0.125e-9
        return truth
    }

    func program(_ node: Node) throws -> NodeProgram {
        let square = { (count: Int) in
            Waveform(i: [Int16](repeating: 32_767, count: count), q: [Int16](repeating: 0, count: count))
        }
        let quarter = UInt16((Double(HandMadeProgram.amplitude) * scale).rounded())
        let turn: UInt32 = node == .alice ? 0 : frame
        let gated: UInt32 = node == .alice ? 0xC000_0000 : 0x4000_0000
        var events = [ProgramEvent(kind: .reset, tick: 0, duration: 800)]
        if node == .bob || emits {
            events.append(
                ProgramEvent(
                    kind: node == .alice ? .emit : .absorb, tick: node == .alice ? 1_000 : 1_000 + flight,
                    duration: 800, waveform: 1, amplitude: HandMadeProgram.amplitude))
        }
        events += [
            ProgramEvent(kind: .drive, tick: 4_000, duration: 96, waveform: 0, amplitude: quarter, phase: turn),
            ProgramEvent(kind: .inputBit, tick: 4_100, duration: 136),
            ProgramEvent(kind: .gate, tick: 4_240, duration: 0),
            ProgramEvent(
                kind: .gatedDrive, tick: 4_260, duration: 96, waveform: 0, amplitude: quarter, phase: turn &+ gated),
            ProgramEvent(kind: .readout, tick: 4_360, duration: 400, amplitude: 65_535),
            ProgramEvent(kind: .stop, tick: 4_760, duration: 0),
        ]
        return NodeProgram(
            node: node, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: trialPeriod, clockEvery: 64, inputBits: inputBits,
            waveforms: [square(HandMadeProgram.pulse), square(HandMadeProgram.photon)], events: events,
            discriminator: Discriminator(weightI: 32_767, weightQ: 0, threshold: 0))
    }

    var pair: PerNode<NodeProgram?> {
        get throws { PerNode(alice: try program(.alice), bob: try program(.bob)) }
    }
}
