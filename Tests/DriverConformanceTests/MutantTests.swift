import BellModel
import DriverConformance
import DriverKit
import MockLab
import Testing

@Suite("The conformance kit on boards with planted violations")
struct MutantTests {
    private func failed(_ report: ConformanceReport) -> Set<String> { Set(report.failures.map(\.id)) }

    @Test("Each violation is caught by its checks, and by no others", arguments: Mutant.all)
    func caught(mutant: Mutant) async throws {
        let lab = try SyncLab(mutation: mutant.mutation)
        let report = try await SoundBoardTests.run(lab)
        #expect(failed(report) == mutant.caught, "\(report.text)")
        #expect(report.exitCode == .hardware)
        for check in report.failures {
            guard case .failed(let error) = check.verdict else { continue }
            #expect(error.place?.hasPrefix("docs/board-protocol.md, \"") == true)
            #expect(error.fix != nil)
        }
    }

    @Test("A mutation that changes nothing is caught by nothing")
    func control() async throws {
        let report = try await SoundBoardTests.run(try SyncLab(mutation: Mutation()))
        #expect(report.failures.isEmpty, "\(report.text)")
    }

    @Test("A board that takes START without being the master")
    func notMaster() async throws {
        let lab = try SyncLab()
        var options = SoundBoardTests.options(lab)
        options.isTriggerMaster = false
        #expect(failed(try await SoundBoardTests.run(lab, options: options)) == ["arm.not-master"])
    }

    @Test("A trigger master that refuses START")
    func refusingMaster() async throws {
        let lab = try SyncLab()
        var options = SoundBoardTests.options(lab, node: .bob)
        options.isTriggerMaster = true
        let report = try await SoundBoardTests.run(lab, .bob, partner: false, options: options)
        #expect(failed(report) == ["arm.not-master"])
    }

    @Test("A stream that loses the frame behind garbage")
    func stream() async throws {
        let lab = try SyncLab()
        var options = SoundBoardTests.options(lab)
        options.way = .stream
        let report = try await SoundBoardTests.run(lab, options: options, stream: .losesNext)
        #expect(failed(report).contains("framing.stream"), "\(report.text)")
    }

    @Test("The counter's rate against wall time", arguments: [(100, true), (105, false), (95, false)])
    func wallRate(percent: UInt64, isRight: Bool) async throws {
        // The virtual board's own counter stands still between arms; this one follows the test's clock.
        let mutation = Mutation(board: { memory, message, request in
            guard case .status(var status) = message else { return nil }
            status.tick = memory.now * 8 * percent / 100
            return [Wire(.status(status), replyTo: request)]
        })
        let lab = try SyncLab(mutation: mutation)
        var options = SoundBoardTests.options(lab)
        options.simulatesRealTime = true
        let report = try await SoundBoardTests.run(lab, options: options)
        #expect(failed(report) == (isRight ? [] : ["clock.wall-rate"]), "\(report.text)")
    }

    @Test("No check is without a violation that it has caught")
    func complete() {
        let caught = Mutant.all.reduce(into: Set<String>()) { $0.formUnion($1.caught) }
        // These have tests of their own above.
        let apart: Set<String> = ["arm.not-master", "framing.stream", "clock.wall-rate"]
        // These measure, and break no rule.
        let measured: Set<String> = ["latency.ping", "throughput"]
        let ids = Set(BoardConformance.catalogue.map(\.id))
        #expect(ids.subtracting(caught).subtracting(apart).subtracting(measured) == [])
        #expect(caught.subtracting(ids) == [])
        #expect(BoardConformance.catalogue.count == ids.count)
    }
}
