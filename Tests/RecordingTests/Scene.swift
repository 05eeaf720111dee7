import BellModel
import MockLab
import Testing

/// A laboratory and programs for it, written by hand so that nothing depends on the compiler.
enum Scene {
    static let campaign: CampaignID? = CampaignID(bytes: [UInt8](repeating: 7, count: 16))
    static let otherCampaign: CampaignID? = CampaignID(bytes: [UInt8](repeating: 9, count: 16))

    static func profile(_ change: (inout MockProfile) -> Void = { _ in }) throws -> MockProfile {
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        var truth = PhysicsTruth()
        for node in Node.allCases {
            truth.nodes[node].rabi = 4.2e7
            truth.nodes[node].emitRate = 5e6
            truth.nodes[node].absorbRate = 1e7
        }
        truth.link.delay = 150e-9
        var profile = MockProfile(
            name: "test", physics: truth,
            boards: PerNode(alice: BoardTruth(tickRate: rate), bob: BoardTruth(tickRate: rate)))
        change(&profile)
        return profile
    }

    /// - Parameter stop: Tick of the stop event; the input bit begins at 4100.
    static func program(_ node: Node, stop: UInt32 = 4_760) throws -> NodeProgram {
        let square = { (count: Int) in
            Waveform(i: [Int16](repeating: 32_767, count: count), q: [Int16](repeating: 0, count: count))
        }
        let events = [
            ProgramEvent(kind: .reset, tick: 0, duration: 800),
            ProgramEvent(
                kind: node == .alice ? .emit : .absorb, tick: node == .alice ? 1_000 : 2_200, duration: 800,
                waveform: 1, amplitude: 32_768),
            ProgramEvent(kind: .drive, tick: 4_000, duration: 96, waveform: 0, amplitude: 32_768, phase: 0),
            ProgramEvent(kind: .inputBit, tick: 4_100, duration: 136),
            ProgramEvent(kind: .gate, tick: 4_240, duration: 0),
            ProgramEvent(kind: .gatedDrive, tick: 4_260, duration: 96, waveform: 0, amplitude: 32_768, phase: 1 << 30),
            ProgramEvent(kind: .readout, tick: 4_360, duration: 400, amplitude: 65_535),
            ProgramEvent(kind: .stop, tick: stop, duration: 0),
        ]
        return NodeProgram(
            node: node, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 64, inputBits: .board, waveforms: [square(24), square(200)],
            events: events, discriminator: Discriminator(weightI: 32_767, weightQ: 0, threshold: 0))
    }
}
