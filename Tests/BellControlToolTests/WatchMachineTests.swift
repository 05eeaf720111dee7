import BellModel
import Testing

@testable import BellControlTool

@Suite("Watching a campaign")
struct WatchMachineTests {
    private let second: UInt64 = 1_000_000_000

    private func view(_ state: String, certificate: String? = nil) -> CampaignView? {
        CampaignView(["state": .string(state), "certificate": JSON(certificate)])
    }

    @Test("without a terminal a line comes every 5 s and at every change of state")
    func lines() {
        var machine = WatchMachine(isTerminal: false)
        #expect(machine.step(view("running"), now: 0) == .wait(draw: true))
        #expect(machine.step(view("running"), now: 4 * second) == .wait(draw: false))
        #expect(machine.step(view("suspended"), now: 4 * second) == .wait(draw: true))
        #expect(machine.step(view("suspended"), now: 9 * second) == .wait(draw: true))
        #expect(machine.step(nil, now: 60 * second) == .wait(draw: false))
        var blocks = WatchMachine(isTerminal: false)
        #expect(blocks.step(view("preparing"), now: 0) == .wait(draw: true))
        #expect(blocks.step(view("running"), now: second) == .wait(draw: false))
        #expect(blocks.step(view("preparing"), now: 2 * second) == .wait(draw: false))
    }

    @Test("on a terminal the bar moves five times a second")
    func bar() {
        var machine = WatchMachine(isTerminal: true)
        #expect(machine.step(view("running"), now: 0) == .wait(draw: true))
        #expect(machine.step(view("running"), now: second / 10) == .wait(draw: false))
        #expect(machine.step(view("running"), now: second / 5) == .wait(draw: true))
    }

    @Test("the certificate ends the watch whatever the state", arguments: ["completed", "stopped", "finishing"])
    func certificate(_ state: String) {
        var machine = WatchMachine(isTerminal: true)
        #expect(machine.step(view(state, certificate: "/c.json"), now: 0) == .certificate("/c.json"))
    }

    @Test("a campaign that is over waits 30 s for its certificate", arguments: ["completed", "stopped"])
    func without(_ state: String) {
        var machine = WatchMachine(isTerminal: true)
        #expect(machine.step(view(state), now: 0) == .wait(draw: true))
        #expect(machine.step(view(state), now: 29 * second) == .wait(draw: true))
        #expect(machine.step(view(state), now: 30 * second) == .withoutCertificate(state: state))
    }

    @Test("an interruption ends the watch unless the campaign goes on within 10 s")
    func interrupted() {
        var machine = WatchMachine(isTerminal: true)
        #expect(machine.step(view("interrupted"), now: 0) == .wait(draw: true))
        #expect(machine.step(view("running"), now: 5 * second) == .wait(draw: true))
        #expect(machine.step(view("interrupted"), now: 20 * second) == .wait(draw: true))
        #expect(machine.step(view("interrupted"), now: 30 * second) == .interrupted)
    }
}
