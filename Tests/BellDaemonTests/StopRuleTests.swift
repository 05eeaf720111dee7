import BellModel
import BellStatistics
import BellStream
import TestSupport
import Testing

@testable import BellDaemon

@Suite(.blocking) struct StopRuleTests {
    private static let headline = "claim: local-realism-rejected, significance: 1.0e-3, test: win-count"

    @Test("the end of a campaign that its stop rule ended is told as such, also by a daemon that only finishes it")
    func end() async throws {
        let laboratory = try TestLaboratory()
        var daemon = try RunningDaemon(laboratory)
        let plan = try laboratory.plan(trials: 1_000_000, headline: Self.headline, more: "stop: {when: headline}")
        let id = try daemon.start(plan)
        let campaign = try daemon.wait(for: "finishing")
        #expect(campaign["stop_rule"]?["met"] == true && campaign["trials"]?.countValue == 1_000_000)
        await daemon.end()
        daemon = try RunningDaemon(laboratory)
        let sink = TestSink()
        try daemon.certify(sink)
        let end = try #require(sink.ended[id])
        #expect(end.state == .stoppedByRule && end.reason == nil)
        #expect(end.nextIndex % 2048 == 0 && end.nextIndex + end.notRun == 1_000_000)
        // The certifier finds the same place from what it was sent.
        let sealed = try SealedPlan(json: try #require(sink.begins[id]?.plan))
        var rule = try #require(StopRule(sealed.plan))
        for arm in sink.arms[id] ?? [] {
            rule.add(arm.tally)
            if sink.blocks[id]?.contains(where: { $0.nextIndex == arm.nextIndex }) == true { rule.endBlock() }
        }
        #expect(rule.metAt == end.nextIndex)
        try daemon.wait(for: "completed")
        #expect(await daemon.end() == .ok)
    }

    @Test("a plan with a stop rule and a claim of a fixed n is not started")
    func refused() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let plan = try laboratory.plan(trials: 1000, more: "stop: {when: headline}")
        let error = #expect(throws: BellError.self) { try daemon.start(plan) }
        #expect(error?.description.contains("fixed before the first one") == true, "\(String(describing: error))")
        await daemon.end()
    }
}
