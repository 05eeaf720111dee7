import BellModel
import Testing

@testable import BellCampaign

/// What becomes of an action that fails again and again.
@Suite struct CampaignPatienceTests {
    private let bad = BellError(BellError.Code("disk.full", exit: .internal), "no room")

    private func plan(_ maintenance: MaintenancePlan? = nil) -> Plan {
        Plan(
            name: "test", trials: 100, trialsPerArm: 10, trialsPerBlock: 50, pattern: .minusOn11, inputBits: .board,
            hostBits: nil, settingBias: 0, localityK: 5, headline: .localRealism(significance: 0.01), claims: [],
            pool: .public, onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero, maintenance: maintenance)
    }

    @Test(
        "a block that cannot be opened is brought to a person once, after a minute and a half, and tried on",
        arguments: [nil, MaintenancePlan()])
    func stuck(maintenance: MaintenancePlan?) {
        var machine = CampaignMachine(plan: plan(maintenance))
        let boots = PerNode<UInt64>(alice: 1, bob: 1)
        _ = machine.begin()
        var action = machine.handle(.connected(boots: boots))
        if maintenance != nil { action = machine.handle(.done) }
        let open = CampaignMachine.Action.openBlock(number: 0, firstIndex: 0)
        // Milliseconds of a clock that only waits move.
        var (clock, calls, tries) = (0, [Int](), 0)
        while clock < 3_600_000 {
            #expect(action == open)
            tries += 1
            action = machine.handle(.failed(bad))
            #expect(machine.state == .suspended && machine.reason == bad)
            if case .callPerson(let error) = action {
                #expect(error == bad && machine.needsPerson)
                calls.append(clock)
                action = machine.handle(.done)
            }
            guard case .wait(let milliseconds) = action else { break }
            clock += milliseconds
            action = machine.handle(.done)
        }
        #expect(calls == [91_750])
        #expect(tries > 100)
        #expect(machine.handle(.blockOpened(boots: boots, armLimit: 7)) != open)
        #expect(!machine.needsPerson)
    }

    @Test("a stop while a person is called ends the campaign, and nothing of the failure is left behind")
    func stuckAndStopped() {
        var machine = CampaignMachine(plan: plan())
        _ = machine.begin()
        var action = machine.handle(.connected(boots: PerNode(alice: 1, bob: 1)))
        while case .openBlock = action {
            action = machine.handle(.failed(bad))
            if case .wait = action { action = machine.handle(.done) }
        }
        #expect(action == .callPerson(bad))
        _ = machine.request { $0.stop = true }
        #expect(machine.handle(.done) == .finish(.stopped))
        #expect(!machine.needsPerson)
    }
}
