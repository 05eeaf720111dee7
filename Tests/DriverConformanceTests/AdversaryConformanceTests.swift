import DriverConformance
import Testing

@testable import MockLab

@Suite("The conformance kit on boards of cheating laboratories")
struct AdversaryConformanceTests {
    @Test(
        "Boards whose lie is in the records alone pass every check",
        arguments: [
            Adversary.Attack.memory(.sValue), .memory(.wins), .signal(.setting, sValue: 4, .honest(delay: 150_000)),
            .signal(.outcome, sValue: 2.24, .lying),
        ])
    func pass(attack: Adversary.Attack) async throws {
        let report = try await SoundBoardTests.run(try SyncLab { $0.adversary = Adversary(attack) })
        #expect(report.failures.isEmpty, "\(report.text)")
    }

    @Test("Boards that choose their settings are found by the host's bits alone")
    func chosenSettings() async throws {
        let report = try await SoundBoardTests.run(try SyncLab { $0.adversary = Adversary(.predict(bias: 0.1)) })
        #expect(report.failures.map(\.id) == ["host-bits.used"], "\(report.text)")
    }
}
