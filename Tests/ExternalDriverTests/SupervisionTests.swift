import BellHost
import BellModel
import BellZeroMQ
import ExternalDriver
import Testing

/// What `bellctl lab up` does with a driver: performs the machine's actions, and tells it what happens.
private struct Performer {
    var machine: DriverSupervisor
    let probe: DriverProbe
    let process: PythonProcess
    private let origin = ContinuousClock.now
    private var isRunning = false
    private(set) var reports: [DriverSupervisor.Report] = []
    private(set) var starts = 0

    init(policy: SupervisionPolicy, process: PythonProcess, dialect: DriverProbe.Dialect) throws {
        machine = DriverSupervisor(policy: policy)
        self.process = process
        probe = DriverProbe(context: try ZeroMQContext(), endpoint: process.endpoint, dialect: dialect)
    }

    private var now: UInt64 {
        let elapsed = origin.duration(to: .now).components
        return UInt64(elapsed.seconds) * 1_000_000_000 + UInt64(elapsed.attoseconds / 1_000_000_000)
    }

    mutating func begin() throws { try perform(machine.begin(now: now)) }
    mutating func stop() throws { try perform(machine.handle(.stop, now: now)) }

    /// Goes on until a report comes, at most a minute.
    mutating func run(until wanted: (DriverSupervisor.Report) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        let seen = reports.count
        while !reports.dropFirst(seen).contains(where: wanted) {
            guard ContinuousClock.now < end else {
                Issue.record("in vain; reports: \(reports)")
                return
            }
            if isRunning, let ending = process.ending(withinMilliseconds: 0) {
                isRunning = false
                try perform(machine.handle(.ended(how: "\(ending)"), now: now))
            }
            if probe.takeAnswer() { try perform(machine.handle(.answered, now: now)) }
            try perform(machine.handle(.tick, now: now))
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private mutating func perform(_ actions: [DriverSupervisor.Action]) throws {
        for action in actions {
            switch action {
            case .start:
                try process.restart()
                isRunning = true
                starts += 1
            case .ping: try probe.ask()
            case .terminate: process.terminate()
            case .kill: process.signalKill()
            case .report(let report): reports.append(report)
            }
        }
    }
}

@Suite("Driver processes under supervision", .serialized)
struct SupervisionTests {
    /// Fast enough for a test; the 60 s of a start are for a busy machine.
    private let policy = SupervisionPolicy(
        interval: 100_000_000, patience: 500_000_000, silences: 3, startPatience: 60_000_000_000, grace: 300_000_000)

    @Test(
        "a killed process is started again, a frozen one is killed first, and stop ends it in order",
        arguments: [("example_instrument", DriverProbe.Dialect.instrument), ("example_board", .board)])
    func whole(_ module: String, _ dialect: DriverProbe.Dialect) async throws {
        let options = module == "example_board" ? ["--node", "bob"] : []
        let process = try PythonProcess(module, options)
        var performer = try Performer(policy: policy, process: process, dialect: dialect)
        try performer.begin()
        try await performer.run { $0 == .ready }

        process.signalKill()
        try await performer.run { if case .restarting = $0 { true } else { false } }
        #expect(performer.machine.exits == 1 && performer.machine.silences == 0)
        try await performer.run { $0 == .ready }

        process.freeze()
        try await performer.run { $0 == .silent(count: 3) }
        try await performer.run { if case .restarting = $0 { true } else { false } }
        #expect(performer.machine.exits == 1 && performer.machine.silences == 1)
        try await performer.run { $0 == .ready }
        #expect(performer.starts == 3)

        try performer.stop()
        try await performer.run { $0 == .finished }
        #expect(process.ending(withinMilliseconds: 0) == .exited(0))
    }
}
