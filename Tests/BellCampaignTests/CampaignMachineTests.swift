import BellCampaign
import BellModel
import Testing
import TestSupport

/// Plays a campaign without boards: performs the machine's actions in memory and keeps account of every index.
private struct PaperCampaign {
    var machine: CampaignMachine
    var random: SplitMix
    var committed: [Range<UInt64>] = []
    var recorded: Set<UInt64> = []
    var open: Arm?
    var boot: UInt64 = 1
    var steps = 0
    /// Chance in 256 that an action fails.
    var failureOdds: UInt64

    init(plan: Plan, seed: UInt64, failureOdds: UInt64) {
        machine = CampaignMachine(plan: plan)
        random = SplitMix(seed: seed)
        self.failureOdds = failureOdds
    }

    private mutating func commit(_ arm: Arm) {
        committed.append(arm.range)
        open = arm
    }

    mutating func run(limit: Int = 100_000, request: (inout PaperCampaign) -> Void = { _ in }) -> CampaignState? {
        var action = machine.begin()
        for _ in 0..<limit {
            steps += 1
            request(&self)
            if case .end(let state) = action { return state }
            action = machine.handle(perform(action))
        }
        return nil
    }

    private mutating func perform(_ action: CampaignMachine.Action) -> CampaignMachine.Event {
        let boots = PerNode(alice: boot, bob: boot)
        if random.next() % 64 == 0 { boot += 1 }
        let fails = random.next() % 256 < failureOdds
        if fails {
            switch action {
            case .wait, .park, .finish, .end: break
            case .commit where random.next() % 2 == 0: return .linkLost(BellError(.planContradiction, "gone"))
            default: return .failed(BellError(.planContradiction, "broken"))
            }
        }
        switch action {
        case .connect, .resolve: return .connected(boots: boots)
        case .openBlock: return .blockOpened(boots: boots, armLimit: 7)
        case .commit(let arm):
            commit(arm)
            return .done
        case .record(let arm, let next):
            for index in arm.range { recorded.insert(index) }
            open = nil
            if let next { commit(next) }
            return .done
        default: return .done
        }
    }
}

private func plan(trials: UInt64, perBlock: UInt64 = 50, perArm: UInt32 = 10) -> Plan {
    Plan(
        name: "test", trials: trials, trialsPerArm: perArm, trialsPerBlock: perBlock, pattern: .minusOn11,
        inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
        headline: .localRealism(significance: 0.01), claims: [], pool: .public, onRestart: .resume,
        sequence: "s.yaml", sequenceHash: .zero)
}

@Suite struct CampaignMachineTests {
    @Test("every index is committed once, in order, and recorded, whatever fails", arguments: 0..<50 as Range<UInt64>)
    func conservation(seed: UInt64) {
        var paper = PaperCampaign(plan: plan(trials: 333), seed: seed, failureOdds: seed % 2 == 0 ? 0 : 60)
        #expect(paper.run() == .completed)
        var next: UInt64 = 0
        for range in paper.committed {
            #expect(range.lowerBound == next)
            next = range.upperBound
        }
        #expect(next == 333)
        #expect(paper.recorded.count == 333)
        #expect(paper.steps < 5000)
    }

    @Test("an arm is never longer than the board's limit, nor crosses a block's end")
    func arms() {
        var paper = PaperCampaign(plan: plan(trials: 100, perBlock: 20), seed: 1, failureOdds: 0)
        #expect(paper.run() == .completed)
        for range in paper.committed {
            #expect(range.count <= 7)
            #expect(range.lowerBound / 20 == (range.upperBound - 1) / 20)
        }
    }

    @Test("one Ctrl-C finishes the block, two finish the arm", arguments: [1, 2])
    func interrupt(times: Int) {
        var paper = PaperCampaign(plan: plan(trials: 1000, perBlock: 50), seed: 3, failureOdds: 0)
        var asked = false
        let end = paper.run { paper in
            if !asked, paper.machine.nextIndex > 0 {
                asked = true
                _ = paper.machine.request { $0.interrupts = times }
            }
        }
        #expect(end == .interrupted)
        let last = paper.committed.last?.upperBound ?? 0
        #expect(times == 1 ? last == 50 : last < 50)
        #expect(UInt64(paper.recorded.count) == last)
    }

    @Test("a paused campaign that is left stays paused, so that a restart does not go on with it", arguments: [1, 2])
    func pauseThenInterrupt(times: Int) {
        var paper = PaperCampaign(plan: plan(trials: 1000, perBlock: 50), seed: 3, failureOdds: 0)
        let end = paper.run { paper in
            guard paper.machine.nextIndex > 0 else { return }
            _ = paper.machine.request { $0.pause = true }
            _ = paper.machine.request { $0.interrupts = times }
        }
        #expect(end == .paused)
        #expect(UInt64(paper.recorded.count) == paper.committed.last?.upperBound)
    }

    @Test("stop ends the campaign early with every started trial recorded")
    func stop() {
        var paper = PaperCampaign(plan: plan(trials: 1000), seed: 5, failureOdds: 20)
        let end = paper.run { paper in
            if paper.machine.nextIndex > 100 { _ = paper.machine.request { $0.stop = true } }
        }
        #expect(end == .stopped)
        #expect(UInt64(paper.recorded.count) == paper.committed.last?.upperBound)
        #expect(paper.recorded.count < 1000)
    }

    @Test("stop ends a campaign whose boards never come back, and its open arm is recorded")
    func stopWithoutBoards() {
        var paper = PaperCampaign(plan: plan(trials: 1000), seed: 5, failureOdds: 0)
        let end = paper.run { paper in
            if paper.machine.nextIndex > 100 {
                paper.failureOdds = 250
                _ = paper.machine.request { $0.stop = true }
            }
        }
        #expect(end == .stopped)
        #expect(UInt64(paper.recorded.count) == paper.committed.last?.upperBound)
    }

    @Test("pause parks between blocks and goes on where it was")
    func pause() {
        var paper = PaperCampaign(plan: plan(trials: 200), seed: 9, failureOdds: 0)
        var parked = 0
        let end = paper.run { paper in
            if paper.machine.nextIndex > 60, parked == 0 { _ = paper.machine.request { $0.pause = true } }
            if paper.machine.state == .paused {
                parked += 1
                _ = paper.machine.request { $0.pause = false }
            }
        }
        #expect(end == .completed)
        #expect(parked > 0)
        #expect(paper.recorded.count == 200)
    }

    @Test("an unresolved arm of a crashed daemon is resolved before anything else is committed")
    func resume() {
        let arm = Arm(number: 4, block: 0, firstIndex: 28, count: 7)
        var machine = CampaignMachine(plan: plan(trials: 100), nextIndex: 35, nextArm: 5, nextBlock: 1, unresolved: arm)
        #expect(machine.begin() == .connect)
        #expect(machine.handle(.connected(boots: PerNode(alice: 1, bob: 1))) == .resolve(arm))
        #expect(machine.handle(.connected(boots: PerNode(alice: 1, bob: 1))) == .record(arm, thenCommit: nil))
        #expect(machine.handle(.done) == .closeBlock(number: 0))
        #expect(machine.handle(.done) == .openBlock(number: 1, firstIndex: 35))
        _ = machine.handle(.blockOpened(boots: PerNode(alice: 1, bob: 1), armLimit: 10))
        #expect(machine.nextIndex == 35)
    }

    @Test("an announced end survives a failure and a Ctrl-C: no trial may follow it", arguments: [true, false])
    func announcedEnd(isInterrupted: Bool) {
        let wait = BellError(.campaignInterrupted, "left before the certifier")
        // Stopped at trial 35 of 100: with any other state the next daemon would start trial 35.
        var machine = CampaignMachine(
            plan: plan(trials: 100), nextIndex: 35, nextArm: 5, nextBlock: 1, finishing: .stopped)
        #expect(machine.begin() == .finish(.stopped))
        if isInterrupted { _ = machine.request { $0.interrupts = 2 } }
        let action = machine.handle(.failed(wait))
        #expect(machine.state == .finishing)
        if isInterrupted {
            #expect(action == .end(.finishing))
        } else {
            #expect(action == .wait(milliseconds: 250))
            #expect(machine.handle(.done) == .finish(.stopped))
            #expect(machine.handle(.done) == .end(.stopped))
        }
    }

    @Test(
        "a failing action is retried after 0.25 s, doubling to 30 s",
        arguments: [(1, 250), (2, 500), (8, 30_000), (99, 30_000)])
    func backoff(attempt: Int, milliseconds: Int) {
        #expect(CampaignMachine.backoff(attempt: attempt) == milliseconds)
    }
}
