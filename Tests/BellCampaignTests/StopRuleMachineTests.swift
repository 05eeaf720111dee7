import BellCampaign
import BellModel
import Testing
import TestSupport

/// A campaign on paper whose stop rule is met once so many trials are recorded; its daemon may be killed at any action.
private struct StoppingCampaign {
    static let needed: UInt64 = 120

    let plan: Plan
    // What is on disk.
    var nextIndex: UInt64 = 0
    var nextArm: UInt64 = 0
    var nextBlock: UInt64 = 0
    var openBlock: UInt64?
    var unresolved: Arm?
    var recorded: UInt64 = 0
    /// Where blocks were closed.
    var ends: [UInt64] = []
    var boot: UInt64 = 1

    /// A machine as the daemon makes it from the journal.
    func machine(isPaused: Bool = false) -> CampaignMachine {
        CampaignMachine(
            plan: plan, nextIndex: nextIndex, nextArm: nextArm, nextBlock: nextBlock, openBlock: openBlock,
            unresolved: unresolved, isStopRuleMet: recorded >= Self.needed, isPaused: isPaused)
    }

    /// Performs actions until the campaign ends, or the daemon is killed after so many; nil when it was killed.
    mutating func live(actions: Int, request: (inout CampaignMachine) -> Void = { _ in }) -> CampaignState? {
        var machine = machine()
        var action = machine.begin()
        for _ in 0..<actions {
            request(&machine)
            if case .end(let state) = action { return state }
            action = machine.handle(perform(action))
        }
        return nil
    }

    private mutating func commit(_ arm: Arm) {
        #expect(ends.allSatisfy { $0 < Self.needed }, "an arm is committed after the rule was met")
        #expect(arm.firstIndex == nextIndex && arm.number == nextArm)
        (nextIndex, nextArm, unresolved) = (arm.range.upperBound, arm.number + 1, arm)
    }

    private mutating func perform(_ action: CampaignMachine.Action) -> CampaignMachine.Event {
        switch action {
        case .connect, .resolve: return .connected(boots: PerNode(alice: boot, bob: boot))
        case .openBlock(let number, _):
            (openBlock, nextBlock) = (number, number + 1)
            return .blockOpened(boots: PerNode(alice: boot, bob: boot), armLimit: 10)
        case .commit(let arm): commit(arm)
        case .record(let arm, let next):
            recorded += UInt64(arm.count)
            unresolved = nil
            if let next { commit(next) }
        case .closeBlock:
            openBlock = nil
            ends.append(nextIndex)
            return .blockClosed(isStopRuleMet: recorded >= Self.needed)
        default: break
        }
        return .done
    }
}

@Suite struct StopRuleMachineTests {
    private func campaign(trials: UInt64 = 1000, perBlock: UInt64 = 50) -> StoppingCampaign {
        StoppingCampaign(
            plan: Plan(
                name: "test", trials: trials, trialsPerArm: 10, trialsPerBlock: perBlock, pattern: .minusOn11,
                inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
                headline: .localRealism(significance: 0.01, test: .winCount), claims: [], pool: .public,
                onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero, stop: .headline))
    }

    @Test("a campaign whose rule is met ends with that block, as completed")
    func ends() {
        var campaign = campaign()
        #expect(campaign.live(actions: 1000) == .completed)
        #expect(campaign.nextIndex == 150 && campaign.recorded == 150)
        #expect(campaign.ends == [50, 100, 150])
    }

    @Test("a rule that is never met leaves all n trials", arguments: [119, 100])
    func never(trials: UInt64) {
        var campaign = campaign(trials: trials)
        #expect(campaign.live(actions: 1000) == .completed)
        #expect(campaign.recorded == trials)
    }

    @Test("killed after any action, and again, it starts no trial after the rule was met", arguments: 1...70)
    func killed(after actions: Int) {
        for second in [1, 2, 3, 4, 5, 9, 30] {
            var campaign = campaign()
            if campaign.live(actions: actions) == nil {
                campaign.boot += 1
                if campaign.live(actions: second) == nil { #expect(campaign.live(actions: 1000) == .completed) }
            }
            #expect(campaign.recorded == campaign.nextIndex && campaign.unresolved == nil && campaign.openBlock == nil)
            #expect(campaign.ends.last == campaign.nextIndex)
            #expect(campaign.ends.dropLast().allSatisfy { $0 < StoppingCampaign.needed }, "\(campaign.ends)")
            #expect((StoppingCampaign.needed..<StoppingCampaign.needed + 50).contains(campaign.nextIndex))
        }
    }

    @Test("with everything recorded no board is needed to end it, whether its last block is open or closed")
    func withoutBoards() {
        var campaign = campaign()
        campaign.nextIndex = 130
        campaign.recorded = 130
        campaign.nextBlock = 3
        #expect(campaign.machine().begin() == .finish(.completed))
        #expect(campaign.machine(isPaused: true).begin() == .finish(.completed))
        campaign.openBlock = 2
        var machine = campaign.machine()
        #expect(machine.begin() == .closeBlock(number: 2))
        #expect(machine.handle(.blockClosed(isStopRuleMet: true)) == .finish(.completed))
        #expect(machine.handle(.done) == .end(.completed))
        // An arm without its result needs the boards first.
        campaign.unresolved = Arm(number: 12, block: 2, firstIndex: 120, count: 10)
        #expect(campaign.machine().begin() == .connect)
    }

    @Test("a person's stop is told from the rule's", arguments: [(60, CampaignState.stopped), (140, .completed)])
    func stop(at index: Int, end: CampaignState) {
        var campaign = campaign()
        let state = campaign.live(actions: 1000) { machine in
            if machine.nextIndex >= index { _ = machine.request { $0.stop = true } }
        }
        #expect(state == end)
        #expect(campaign.nextIndex < 150)
    }

    @Test("a pause in the block that meets the rule ends the campaign, since nothing is left to go on with")
    func pause() {
        var campaign = campaign()
        let state = campaign.live(actions: 1000) { machine in
            if machine.nextIndex >= 130 { _ = machine.request { $0.pause = true } }
        }
        #expect(state == .completed)
        #expect(campaign.nextIndex < 150 && campaign.recorded == campaign.nextIndex)
    }
}
