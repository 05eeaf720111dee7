import BellModel
import Testing

@testable import BellControlTool

@Suite("Supervising a laboratory")
struct LabMachineTests {
    private let second: UInt64 = 1_000_000_000

    private func up() -> LabMachine {
        var machine = LabMachine(roles: [.mocklab, .bellcert, .belld], now: 0, patience: 60 * second)
        #expect(machine.begin(now: 0) == [.spawn(.mocklab), .spawn(.bellcert), .spawn(.belld)])
        #expect(machine.handle(.ready, now: second) == [.announce])
        return machine
    }

    @Test("a stop signals belld, and the others only after it has ended")
    func stop() {
        var machine = up()
        let asked = machine.handle(.stop, now: 2 * second)
        #expect(asked.last == .terminate(.belld))
        #expect(!asked.contains(.terminate(.mocklab)))
        #expect(machine.handle(.tick, now: 1000 * second) == [])
        #expect(
            machine.handle(.ended(.belld, .exit(130)), now: 1001 * second)
                == [.terminate(.bellcert), .terminate(.mocklab)])
        #expect(machine.handle(.ended(.mocklab, .exit(0)), now: 1002 * second) == [])
        #expect(machine.handle(.ended(.bellcert, .exit(0)), now: 1002 * second) == [.finish(.interrupted)])
    }

    @Test("the second stop ends the arm, the third kills")
    func threeStops() {
        var machine = up()
        _ = machine.handle(.stop, now: 0)
        #expect(machine.handle(.stop, now: 0).last == .terminate(.belld))
        #expect(machine.handle(.stop, now: 0).last == .kill(.belld))
    }

    @Test("what does not end by itself is killed after ten seconds")
    func grace() {
        var machine = up()
        _ = machine.handle(.stop, now: 0)
        _ = machine.handle(.ended(.belld, .exit(0)), now: 0)
        #expect(machine.handle(.tick, now: 9 * second) == [])
        #expect(machine.handle(.tick, now: 10 * second) == [.kill(.mocklab), .kill(.bellcert)])
    }

    @Test("a death during the start fails the start with the process's own status", arguments: LabProcess.Role.allCases)
    func startFails(_ role: LabProcess.Role) {
        var machine = LabMachine(roles: LabProcess.Role.allCases, now: 0, patience: 60 * second)
        _ = machine.begin(now: 0)
        let actions = machine.handle(.ended(role, .exit(2)), now: 0)
        #expect(actions.first == .fail(role, .exit(2)))
        var last: [LabMachine.Action] = []
        for other in LabProcess.Role.allCases where other != role {
            #expect(actions.contains(.terminate(other)))
            last = machine.handle(.ended(other, .signal(15)), now: 0)
        }
        #expect(last == [.finish(.usage)])
    }

    @Test("not ready in time: everything is taken down")
    func late() {
        var machine = LabMachine(roles: [.bellcert, .belld], now: 0, patience: 60 * second)
        _ = machine.begin(now: 0)
        #expect(machine.handle(.tick, now: 59 * second) == [])
        #expect(machine.handle(.tick, now: 60 * second) == [.late, .terminate(.belld), .terminate(.bellcert)])
        _ = machine.handle(.ended(.belld, .exit(0)), now: 60 * second)
        #expect(machine.handle(.ended(.bellcert, .exit(0)), now: 60 * second) == [.finish(.hardware)])
    }

    @Test("a killed process is started again with back-off", arguments: LabProcess.Role.allCases)
    func restart(_ role: LabProcess.Role) {
        var machine = up()
        let said = machine.handle(.ended(role, .signal(9)), now: 10 * second)
        #expect(said == [.say("\(role.rawValue) ended by signal 9; starting it again in 0.5 s")])
        #expect(machine.handle(.tick, now: 10 * second) == [])
        #expect(machine.handle(.tick, now: 10 * second + second / 2) == [.spawn(role)])
        #expect(machine.handle(.tick, now: 11 * second) == [])
        #expect(
            machine.handle(.ended(role, .exit(70)), now: 11 * second)
                == [.say("\(role.rawValue) ended with status 70; starting it again in 1.0 s")])
    }

    @Test(
        "a belld that was told to end takes the laboratory with it",
        arguments: zip([0, 130] as [Int32], [ExitCode.ok, .interrupted]))
    func intended(_ status: Int32, _ code: ExitCode) {
        var machine = up()
        let actions = machine.handle(.ended(.belld, .exit(status)), now: 0)
        #expect(actions.contains(.terminate(.bellcert)) && actions.contains(.terminate(.mocklab)))
        _ = machine.handle(.ended(.bellcert, .exit(0)), now: 0)
        #expect(machine.handle(.ended(.mocklab, .exit(0)), now: 0) == [.finish(code)])
    }

    @Test("a stop while belld waits to be started again takes down the others at once")
    func stopDuringBackoff() {
        var machine = up()
        _ = machine.handle(.ended(.belld, .signal(9)), now: 0)
        #expect(machine.handle(.stop, now: 0) == [.terminate(.bellcert), .terminate(.mocklab)])
        #expect(!machine.handle(.tick, now: second).contains(.spawn(.belld)))
    }

    @Test("back-off doubles to 30 s and begins anew after a minute of life")
    func backoff() {
        var backoff = Backoff()
        let delays = (0..<8).map { _ in backoff.delay(lifetime: 0) / 100_000_000 }
        #expect(delays == [5, 10, 20, 40, 80, 160, 300, 300])
        #expect(backoff.delay(lifetime: Backoff.healthy) == Backoff.first)
    }

    @Test("readiness names what is missing")
    func readiness() {
        #expect(Readiness.missing(in: Samples.status) == ["bob: disconnected (silent for 3 s)"])
        #expect(Readiness.missing(in: [:]).count == 2)
        let boards: JSON = [
            ["node": "alice", "driver": "board", "state": "ready"],
            ["node": "bob", "driver": "board", "state": "ready"],
        ]
        #expect(Readiness.missing(in: ["devices": boards]) == [])
        #expect(
            Readiness.missing(in: ["devices": boards, "certifier": ["connected": false]])
                == ["bellcert: not connected to belld"])
    }

    @Test("mocklab is started first, and only when there is a profile")
    func processes() {
        var options = LabProcess.Options(state: "/s", lab: "/l.yaml", profile: "/p.yaml")
        options.seed = "7"
        options.pace = "max"
        options.faults = ["bob:silent@10s"]
        #expect(
            LabProcess.all(options) == [
                LabProcess(
                    role: .mocklab,
                    arguments: [
                        "--state", "/s", "--profile", "/p.yaml", "--seed", "7", "--pace", "max", "--fault",
                        "bob:silent@10s",
                    ]),
                LabProcess(role: .bellcert, arguments: ["--state", "/s"]),
                LabProcess(role: .belld, arguments: ["--state", "/s", "--lab", "/l.yaml"]),
            ])
        options.profile = nil
        #expect(LabProcess.all(options).map(\.role) == [.bellcert, .belld])
    }
}
