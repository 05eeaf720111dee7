import BellJournal
import BellModel
import BellStatistics
import MockLab
import Testing
import TestSupport

@testable import BellCampaign

@Suite struct StopRuleCampaignTests {
    private static let headlines: [Plan.Claim] = [
        .localRealism(significance: 1e-3, test: .winCount),
        .localRealism(significance: 1e-3, test: .predictionRatio, expected: 2.2),
        .probabilityEstimation(bits: 50, power: 0.03, epsilon: 1e-2),
    ]

    private func bench(_ headline: Plan.Claim = headlines[0], trials: UInt64 = 400_000) throws -> Bench {
        try Bench(trials: trials, perBlock: 2048) { plan in
            plan.headline = headline
            plan.stop = .headline
        }
    }

    /// Where the rule is met by the journal's arms: at the end of the last block, and of none before.
    private func check(_ bench: Bench) throws {
        let account = try bench.account()
        #expect(account.state == "completed")
        #expect(account.nextIndex < bench.sealed.plan.trials)
        var rule = try #require(StopRule(bench.sealed.plan))
        var met: [Bool] = []
        for (i, block) in account.blocks.enumerated() {
            let next = i + 1 < account.blocks.count ? account.blocks[i + 1].header.firstIndex : account.nextIndex
            for arm in account.arms where block.header.firstIndex <= arm.firstIndex && arm.firstIndex < next {
                var tally = TrialTally()
                for byte in account.statuses[Int(arm.firstIndex)..<Int(arm.endIndex)] {
                    tally.add(try #require(TrialStatus(rawValue: byte)))
                }
                rule.add(tally)
            }
            rule.endBlock()
            met.append(rule.isMet)
            #expect(block.summary?["stop_rule_met"] == .bool(rule.isMet), "block \(i)")
        }
        #expect(rule.metAt == account.nextIndex, "\(String(describing: rule.metAt)) of \(account.nextIndex)")
        #expect(met.last == true && met.dropLast().allSatisfy { !$0 })
    }

    @Test("a campaign ends at the first block's end at which its headline is met", arguments: 0..<3)
    func ends(headline: Int) async throws {
        let bench = try bench(Self.headlines[headline])
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        try check(bench)
        #expect(try bench.account().nextIndex % 2048 == 0)
        #expect(host.reports.last?.isStopRuleMet == true)
        #expect(try await host.spooled() == PerNode(alice: 0, bob: 0))
    }

    @Test("left within blocks, again and again, it ends where its rule is met", arguments: 0..<3)
    func left(headline: Int) async throws {
        let bench = try bench(Self.headlines[headline])
        var keeper = try bench.createKeeper()
        var state = CampaignState.preparing
        for life in 1...40 {
            let host = try await Host(bench, keeper: keeper)
            async let end = host.run()
            let target = UInt64(700 * life)
            try await host.until("further, or over") { $0.started > target || $0.state.isFinal }
            await host.campaign.request { $0.interrupts = 2 }
            state = await end
            if state.isFinal { break }
            keeper = try bench.openKeeper()
        }
        #expect(state == .completed)
        try check(bench)
    }

    @Test("an end by the rule that was announced needs no board and starts no trial after a restart")
    func finishing() async throws {
        let bench = try bench()
        do {
            let host = try await Host(bench, keeper: try bench.createKeeper())
            host.certifier.hasTheEnd = false
            async let end = host.run()
            try await host.until("finishing") { $0.state == .finishing }
            try await eventually("the end is on disk") {
                try Journal.openReadOnly(at: bench.journal).state().state == "finishing"
            }
            await host.campaign.request { $0.interrupts = 1 }
            #expect(await end == .finishing)
        }
        let before = try bench.account().nextIndex
        bench.lab.stop()
        var gone = bench
        gone.lab = try Bench.laboratory(seed: 12)
        gone.lab.stop()
        let again = try await Host(gone, keeper: try bench.openKeeper())
        #expect(await again.run() == .completed)
        #expect(try bench.account().nextIndex == before)
        try check(bench)
    }

    @Test("a rule that is not met leaves the sealed n, and a person's stop is one")
    func notMet() async throws {
        let headline = Plan.Claim.localRealism(significance: 1e-200, test: .winCount)
        let whole = try bench(headline, trials: 5000)
        let host = try await Host(whole, keeper: try whole.createKeeper())
        #expect(await host.run() == .completed)
        #expect(try whole.account().nextIndex == 5000 && host.reports.last?.isStopRuleMet == false)
        let stopped = try bench(headline)
        let second = try await Host(stopped, keeper: try stopped.createKeeper())
        async let end = second.run()
        try await second.until("running") { $0.started > 500 }
        await second.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        #expect(try stopped.account().blocks.allSatisfy { $0.summary?["stop_rule_met"] == false })
    }
}
