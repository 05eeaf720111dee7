import ExternalDriver
import Testing
import TestSupport

@Suite("The supervisor of a driver process, as a value")
struct DriverSupervisorTests {
    private let second: UInt64 = 1_000_000_000

    @Test("the back-off is 1 s times 1.5 up to 60 s, exactly as documented")
    func backoff() {
        var backoff = DriverBackoff()
        let seconds = (0..<13).map { _ in backoff.delay(health: 0) }
        #expect(
            seconds == [
                1_000_000_000, 1_500_000_000, 2_250_000_000, 3_375_000_000, 5_062_500_000, 7_593_750_000,
                11_390_625_000,
                17_085_937_500, 25_628_906_250, 38_443_359_375, 57_665_039_062, 60_000_000_000, 60_000_000_000,
            ])
        #expect(backoff.delay(health: DriverBackoff.healthy - 1) == 60 * second)
        #expect(backoff.delay(health: DriverBackoff.healthy) == second)
        #expect(backoff.delay(health: 0) == 3 * second / 2)
    }

    @Test("a started process is asked at once and every 5 s until its first answer, then 30 s after each")
    func asking() {
        var machine = DriverSupervisor()
        #expect(machine.begin(now: 0) == [.start, .ping])
        #expect(machine.begin(now: 0).isEmpty)
        #expect(machine.handle(.tick, now: 5 * second - 1).isEmpty)
        #expect(machine.handle(.tick, now: 5 * second) == [.ping])
        #expect(machine.handle(.answered, now: 6 * second) == [.report(.ready)])
        #expect(machine.deadline == 36 * second)
        #expect(machine.handle(.tick, now: 36 * second - 1).isEmpty)
        #expect(machine.handle(.tick, now: 36 * second) == [.ping])
        #expect(machine.handle(.answered, now: 37 * second).isEmpty)
        #expect(machine.deadline == 67 * second)
    }

    /// A machine whose process answered at 0.
    private func alive() -> DriverSupervisor {
        var machine = DriverSupervisor()
        _ = machine.begin(now: 0)
        _ = machine.handle(.answered, now: 0)
        return machine
    }

    @Test("two silences are survived; the third ends the process, by SIGTERM and 5 s later by SIGKILL")
    func silence() {
        var machine = alive()
        #expect(machine.handle(.tick, now: 30 * second) == [.ping])
        #expect(machine.handle(.tick, now: 35 * second) == [.ping])
        #expect(machine.handle(.tick, now: 40 * second) == [.ping])
        var survivor = machine
        #expect(survivor.handle(.answered, now: 44 * second).isEmpty && survivor.phase == .alive)
        #expect(machine.handle(.tick, now: 45 * second) == [.report(.silent(count: 3)), .terminate])
        #expect(machine.handle(.answered, now: 46 * second).isEmpty && machine.phase == .ending)
        #expect(machine.handle(.tick, now: 50 * second - 1).isEmpty)
        #expect(machine.handle(.tick, now: 50 * second) == [.kill])
        #expect(
            machine.handle(.ended(how: "by signal 9"), now: 51 * second)
                == [.report(.restarting(how: "by signal 9", delay: second))])
        #expect(machine.silences == 1 && machine.exits == 0)
        #expect(machine.handle(.tick, now: 52 * second - 1).isEmpty)
        #expect(machine.handle(.tick, now: 52 * second) == [.start, .ping])
    }

    @Test("a start without a sign of life ends after 120 s")
    func silentStart() {
        var machine = DriverSupervisor()
        _ = machine.begin(now: 0)
        var now: UInt64 = 0
        var pings = 1
        while true {
            now += 5 * second
            let actions = machine.handle(.tick, now: now)
            if actions == [.ping] {
                pings += 1
            } else {
                #expect(actions == [.report(.silent(count: pings)), .terminate])
                break
            }
        }
        #expect(now == 120 * second && pings == 24)
    }

    @Test("exits are counted and slow the next start down; five healthy minutes forgive them")
    func exits() {
        var machine = DriverSupervisor()
        _ = machine.begin(now: 0)
        var now: UInt64 = 0
        var delays: [UInt64] = []
        func die() {
            guard
                case .report(.restarting(_, let delay))? = machine.handle(.ended(how: "with status 1"), now: now).first
            else {
                Issue.record("no restart")
                return
            }
            delays.append(delay)
            now += delay
            #expect(machine.handle(.tick, now: now) == [.start, .ping])
        }
        for _ in 0..<3 { die() }
        // Ten answers, 30 s apart: 270 s of health are not enough.
        for _ in 0..<10 {
            _ = machine.handle(.answered, now: now)
            now += 30 * second
        }
        die()
        for _ in 0..<11 {
            _ = machine.handle(.answered, now: now)
            now += 30 * second
        }
        die()
        #expect(delays == [second, 3 * second / 2, 9 * second / 4, 27 * second / 8, second])
        #expect(machine.exits == 5)
    }

    @Test("stop ends the process once for all, from every phase")
    func stop() {
        var machine = alive()
        #expect(machine.handle(.stop, now: second) == [.terminate])
        #expect(machine.handle(.stop, now: second).isEmpty)
        #expect(machine.handle(.tick, now: 6 * second) == [.kill])
        #expect(machine.handle(.ended(how: "by signal 9"), now: 7 * second) == [.report(.finished)])
        #expect(machine.handle(.tick, now: 1000 * second).isEmpty && machine.phase == .finished)

        var waiting = alive()
        _ = waiting.handle(.ended(how: "with status 0"), now: 0)
        #expect(waiting.handle(.stop, now: 0) == [.report(.finished)])
        #expect(waiting.handle(.tick, now: 1000 * second).isEmpty)

        var ending = alive()
        for at in [30, 35, 40, 45] as [UInt64] { _ = ending.handle(.tick, now: at * second) }
        #expect(ending.handle(.stop, now: 46 * second).isEmpty)
        #expect(ending.handle(.tick, now: 50 * second) == [.kill])
        #expect(ending.handle(.ended(how: ""), now: 50 * second) == [.report(.finished)])
    }

    @Test("whatever happens, at most one process runs, and it is never started after a stop", arguments: 0..<30)
    func property(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var machine = DriverSupervisor()
        var running = 0
        var now: UInt64 = 0
        var isStopped = false
        func note(_ actions: [DriverSupervisor.Action]) {
            for action in actions where action == .start {
                running += 1
                #expect(!isStopped && running == 1, "seed \(seed)")
            }
        }
        note(machine.begin(now: 0))
        for _ in 0..<2000 {
            now += random.next() % (10 * second)
            switch random.next() % 12 {
            case 0 where running > 0:
                running = 0
                note(machine.handle(.ended(how: "x"), now: now))
            case 1...4: note(machine.handle(.answered, now: now))
            case 5 where random.next() % 40 == 0:
                isStopped = true
                note(machine.handle(.stop, now: now))
            default: note(machine.handle(.tick, now: now))
            }
        }
        #expect(isStopped || machine.deadline != nil)
    }

    @Test("reports are lines for people")
    func text() {
        let report = DriverSupervisor.Report.restarting(how: "with status 4", delay: 2_250_000_000)
        #expect(report.text(of: "alice/lo") == "the driver of alice/lo ended with status 4; starting it again in 2.2 s")
    }
}
