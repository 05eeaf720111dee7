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
    /// Blocks before which all was looked at, in order.
    var maintained: [UInt64] = []
    var opened: [UInt64] = []
    var calls = 0

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
            case .maintain: return trouble()
            case .commit where random.next() % 2 == 0: return .linkLost(BellError(.planContradiction, "gone"))
            default: return .failed(BellError(.planContradiction, "broken"))
            }
        }
        switch action {
        case .connect, .resolve: return .connected(boots: boots)
        case .maintain(let number, _):
            maintained.append(number)
            return .done
        case .callPerson:
            calls += 1
            return .done
        case .openBlock(let number, _):
            opened.append(number)
            return .blockOpened(boots: boots, armLimit: 7)
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

extension PaperCampaign {
    /// Everything that can go wrong between two blocks.
    private mutating func trouble() -> CampaignMachine.Event {
        switch random.next() % 5 {
        case 0: .failed(BellError(.planContradiction, "bad data"))
        case 1: .failed(BellError(.campaignBoards, "no board"))
        case 2: .held(BellError(.planContradiction, "warm"))
        case 3: .needsPerson(BellError(.planContradiction, "on fire"))
        default: .cut
        }
    }
}

private func plan(
    trials: UInt64, perBlock: UInt64 = 50, perArm: UInt32 = 10, maintenance: MaintenancePlan? = nil
) -> Plan {
    Plan(
        name: "test", trials: trials, trialsPerArm: perArm, trialsPerBlock: perBlock, pattern: .minusOn11,
        inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
        headline: .localRealism(significance: 0.01), claims: [], pool: .public, onRestart: .resume,
        sequence: "s.yaml", sequenceHash: .zero, maintenance: maintenance)
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

    // MARK: Between blocks

    private static let watched = MaintenancePlan(
        checks: [.init("ramsey", when: .shots, every: .blocks(1))],
        fallbacks: [.wait(600), .rerun("bring-up"), .useLastGood])

    @Test(
        "whatever goes wrong between blocks, every index is committed once, and no block begins unseen",
        arguments: 0..<50 as Range<UInt64>)
    func maintainedConservation(seed: UInt64) {
        var paper = PaperCampaign(
            plan: plan(trials: 333, maintenance: Self.watched), seed: seed, failureOdds: seed % 2 == 0 ? 20 : 100)
        #expect(paper.run() == .completed)
        var next: UInt64 = 0
        for range in paper.committed {
            #expect(range.lowerBound == next)
            next = range.upperBound
        }
        #expect(next == 333)
        #expect(paper.recorded.count == 333)
        #expect(paper.opened == paper.opened.sorted() && Set(paper.opened).count == paper.opened.count)
        #expect(Set(paper.opened).isSubset(of: paper.maintained))
        #expect(!paper.machine.needsPerson)
    }

    @Test(
        "requests between blocks take effect, and lose nothing", arguments: 0..<30 as Range<UInt64>)
    func maintainedRequests(seed: UInt64) {
        var paper = PaperCampaign(
            plan: plan(trials: 400, maintenance: Self.watched), seed: seed, failureOdds: 120)
        var asked = false
        let end = paper.run { paper in
            // Pauses and their ends at any moment, then a Ctrl-C or a stop in the midst of maintenance.
            if paper.random.next() % 16 == 0 { _ = paper.machine.request { $0.pause.toggle() } }
            if paper.machine.nextIndex > 120, paper.machine.isMaintaining, !asked {
                asked = true
                _ = paper.machine.request {
                    $0.pause = false
                    if seed % 2 == 0 { $0.interrupts = 1 } else { $0.stop = true }
                }
            }
        }
        // A pause may come after the Ctrl-C, and is kept.
        #expect(seed % 2 == 0 ? end == .interrupted || end == .paused : end == .stopped)
        #expect(asked)
        #expect(UInt64(paper.recorded.count) == paper.committed.last?.upperBound)
        #expect(paper.recorded.count < 400)
    }

    /// A machine that is about to look at things before its first block.
    private func watchedMachine(_ maintenance: MaintenancePlan = watched) -> CampaignMachine {
        var machine = CampaignMachine(plan: plan(trials: 100, maintenance: maintenance))
        #expect(machine.begin() == .connect)
        #expect(machine.handle(.connected(boots: PerNode(alice: 1, bob: 1))) == .maintain(beforeBlock: 0, .due))
        return machine
    }

    private let bad = BellError(BellError.Code("calibration.failed", exit: .experiment), "flat line")

    @Test("a calibration that fails is tried again, then the fallbacks in their order, then a person is called once")
    func fallbacks() {
        var machine = watchedMachine(
            MaintenancePlan(fallbacks: [.wait(600), .rerun("bring-up")], onFailure: .suspend))
        func retried(after milliseconds: Int, _ order: MaintenanceOrder) {
            #expect(machine.handle(.done) == .connect)
            #expect(machine.state == .suspended)
            #expect(
                machine.handle(.connected(boots: PerNode(alice: 1, bob: 1))) == .maintain(beforeBlock: 0, order))
        }
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 250))
        #expect(machine.reason == bad)
        retried(after: 250, .due)
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 600_000))
        retried(after: 600_000, .due)
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 0))
        retried(after: 0, .rerun("bring-up"))
        #expect(machine.handle(.failed(bad)) == .callPerson(bad))
        #expect(machine.needsPerson)
        #expect(machine.handle(.done) == .wait(milliseconds: 30_000))
        retried(after: 30_000, .due)
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 30_000), "nobody is called twice")
        // A person asks to go on: at once, not in half a minute.
        #expect(machine.request { $0.resumes += 1 })
        retried(after: 0, .due)
        #expect(machine.handle(.done) == .openBlock(number: 0, firstIndex: 0))
        #expect(!machine.needsPerson)
        #expect(machine.reason == nil)
    }

    @Test(
        "with the last good values as a fallback, or a mere warning, the block begins with them",
        arguments: [true, false])
    func lastGood(isFallback: Bool) {
        var machine = watchedMachine(
            isFallback
                ? MaintenancePlan(fallbacks: [.useLastGood]) : MaintenancePlan(onFailure: .warn))
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 250))
        #expect(machine.handle(.done) == .connect)
        _ = machine.handle(.connected(boots: PerNode(alice: 1, bob: 1)))
        #expect(machine.handle(.failed(bad)) == .maintain(beforeBlock: 0, .forgo))
        #expect(machine.handle(.done) == .openBlock(number: 0, firstIndex: 0))
    }

    @Test("a person who asks to go on before the call has ended does not wait for half a minute")
    func quickPerson() {
        var machine = watchedMachine()
        #expect(machine.handle(.needsPerson(bad)) == .callPerson(bad))
        _ = machine.request { $0.resumes += 1 }
        #expect(machine.handle(.done) == .wait(milliseconds: 0))
    }

    @Test("a closed gate holds the block with back-off for as long as it takes, and a grave one calls a person once")
    func gates() {
        var machine = watchedMachine()
        let warm = BellError(.planContradiction, "the fridge is warm")
        var waits: [Int] = []
        for _ in 0..<10 {
            guard case .wait(let milliseconds) = machine.handle(.held(warm)) else { break }
            waits.append(milliseconds)
            #expect(machine.handle(.done) == .connect)
            _ = machine.handle(.connected(boots: PerNode(alice: 1, bob: 1)))
        }
        #expect(waits == [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
        #expect(!machine.needsPerson)
        #expect(machine.handle(.needsPerson(warm)) == .callPerson(warm))
        #expect(machine.needsPerson && machine.state == .suspended && machine.reason == warm)
        #expect(machine.handle(.failed(bad)) == .wait(milliseconds: 30_000), "the call itself may fail")
        #expect(machine.handle(.done) == .connect)
        _ = machine.handle(.connected(boots: PerNode(alice: 1, bob: 1)))
        guard case .wait = machine.handle(.needsPerson(warm)) else {
            Issue.record("called twice")
            return
        }
        #expect(machine.handle(.done) == .connect)
        #expect(
            machine.handle(.connected(boots: PerNode(alice: 1, bob: 1))) == .maintain(beforeBlock: 0, .due))
        #expect(machine.handle(.done) == .openBlock(number: 0, firstIndex: 0))
    }

    @Test("a request that ends maintenance parks, leaves or stops; after a pause all is looked at again")
    func cut() {
        for (change, expected) in [
            ({ $0.pause = true }, .park), ({ $0.interrupts = 1 }, .end(.interrupted)),
            ({ $0.stop = true }, .finish(.stopped)),
        ] as [((inout CampaignRequests) -> Void, CampaignMachine.Action)] {
            var machine = watchedMachine()
            _ = machine.request(change)
            #expect(machine.handle(.cut) == expected)
        }
        var machine = watchedMachine()
        _ = machine.request { $0.pause = true }
        _ = machine.handle(.cut)
        #expect(machine.isParked)
        _ = machine.request { $0.pause = false }
        #expect(machine.handle(.done) == .maintain(beforeBlock: 0, .due))
        #expect(machine.state == .preparing)
    }

    @Test("a plan without maintenance never has any")
    func none() {
        var paper = PaperCampaign(plan: plan(trials: 333), seed: 7, failureOdds: 60)
        #expect(paper.run() == .completed)
        #expect(paper.maintained.isEmpty && paper.calls == 0)
    }
}
