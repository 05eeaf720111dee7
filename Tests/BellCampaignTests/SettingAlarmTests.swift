import BellJournal
import BellModel
import BellStatistics
import MockLab
import Synchronization
import Testing
import TestSupport

@testable import BellCampaign

@Suite struct SettingAlarmTests {
    private static func warnings(_ bench: Bench) throws -> [JSON] {
        try Journal.openReadOnly(at: bench.journal).events().filter { $0.detail["test"] != nil }.map(\.detail)
    }

    @Test("A stuck generator is told once, in journal and snapshot, a person is called, and the campaign goes on")
    func stuck() async throws {
        var bench = try Bench(trials: 4000)
        bench.lab = try Bench.laboratory { profile in
            profile.boards.bob.rngBias = 0.5
            profile.boards.bob.rngRule = .constant
        }
        let calls = Mutex<[BellError]>([])
        let host = try await Host(
            bench, keeper: try bench.createKeeper(), callPerson: { error in calls.withLock { $0.append(error) } })
        #expect(await host.run() == .completed)
        #expect(!host.reports.states.contains(.suspended))
        #expect(try bench.account().tally.valid == 4000)

        // The first arm's 256 bits fail the repetition count, and are too few for the window's cut-off.
        let warnings = try Self.warnings(bench)
        #expect(warnings.map { $0["test"] } == ["repetition count", "adaptive proportion"])
        #expect(warnings.allSatisfy { $0["node"] == "bob" && $0["from_trial"] == 0 })
        #expect(warnings.first?["count"] == 256 && warnings.first?["arm"] == 0)
        #expect(warnings.first?["error"]?["fix"]?.stringValue?.contains("board's generator") == true)

        let snapshot = try #require(host.reports.last)
        #expect(snapshot.alarms.count == 2 && snapshot.alarms.allSatisfy { $0.code == .campaignSettings })
        #expect(snapshot.health.bob.run == 4000 && snapshot.health.bob.count == 1024)
        #expect(snapshot.health.alice.failures(of: .alice, snapshot.healthBudget).isEmpty)
        try await eventually("a person was called") { calls.withLock { !$0.isEmpty } }
        #expect(calls.withLock { $0.map(\.what) } == [try #require(snapshot.alarms.first).what])
        #expect(
            snapshot.alarms[0].what.hasPrefix("The settings of bob failed the repetition count test: 256 equal bits"))
    }

    @Test("A campaign that is resumed has the state of one that was not interrupted, and calls nobody twice")
    func resumed() async throws {
        var bench = try Bench(trials: 20_000, perBlock: 1024)
        bench.lab = try Bench.laboratory { profile in
            profile.boards.alice.rngBias = 0.5
            profile.boards.alice.rngRule = .constant
        }
        let calls = Mutex(0)
        let count: @Sendable (BellError) -> Void = { _ in calls.withLock { $0 += 1 } }
        do {
            let host = try await Host(bench, keeper: try bench.createKeeper(), callPerson: count)
            async let end = host.run()
            try await host.until("two alarms") { $0.alarms.count == 2 || $0.state.isFinal }
            await host.campaign.request { $0.interrupts = 2 }
            _ = await end
        }
        let host = try await Host(bench, keeper: try bench.openKeeper(), callPerson: count)
        #expect(await host.campaign.snapshot().alarms.count == 2)
        #expect(await host.run() == .completed)
        let account = try bench.account()
        var health = PerNode<SettingHealth>()
        health.add(account.statuses, from: 0)
        #expect(host.reports.last?.health == health.extremes)
        #expect(try Self.warnings(bench).count == 2)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test("Honest settings alarm nobody")
    func honest() async throws {
        let bench = try Bench(trials: 4000)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let snapshot = try #require(host.reports.last)
        #expect(snapshot.alarms.isEmpty && snapshot.health.alice.bits == 4000)
        #expect(try Self.warnings(bench).isEmpty)
    }
}
