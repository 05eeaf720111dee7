import BellHost
import BellModel
import BellZeroMQ

/// Everything: mocklab's physics, belld and bellcert as they ship, as fast as they go together.
struct LaboratoryBench {
    private static let goal = 500e3
    /// The shipped plan's arms.
    private static let shortArm: UInt64 = 1024

    private let bench: Bench
    private let trials: UInt64
    private let armTrials: UInt64

    init(_ bench: Bench, trials: UInt64, armTrials: UInt64) {
        self.bench = bench
        self.trials = trials
        self.armTrials = armTrials
    }

    /// What came of one campaign.
    private struct Result {
        var trials: UInt64
        var armTrials: UInt64
        /// Until the status says that all trials are recorded, and until the certificate is written.
        var recordedSeconds: Double
        var certifiedSeconds: Double
        /// Seconds of CPU by program.
        var cpu: [(name: String, seconds: Double)]
        var s: String
        var valid: String

        var rate: Double { Double(trials) / recordedSeconds }
        var cpuSeconds: Double { cpu.reduce(0) { $0 + $1.seconds } }

        var notes: [String] {
            let each = cpu.map { "\($0.name) \(Unit.digits($0.seconds / Double(trials) * 1e9))" }
            return [
                "\(trials) trials in arms of \(armTrials), from `campaign.start` until the status says all are recorded; "
                    + "\(Unit.trialsPerSecond.text(Double(trials) / certifiedSeconds)) until the certificate is written",
                "CPU, ns a trial: \(each.joined(separator: ", ")); S = \(s), \(valid) valid",
            ]
        }
    }

    func run() throws(BellError) -> [BenchRow] {
        let numpy = try bench.ask("/usr/bin/python3", ["\(bench.folders.peers)/numpy_sample.py"])
        let long = try campaign("lab", trials: trials, armTrials: armTrials)
        let short = try campaign("lab-short", trials: max(10_000, trials / 5), armTrials: LaboratoryBench.shortArm)
        let cores = Double(Machine.cores)
        return [
            BenchRow(
                id: "lab", what: "everything: mocklab + belld + bellcert, pace max", value: long.rate,
                unit: .trialsPerSecond,
                beside: [
                    .init(
                        name: "limit: these programs' CPU time on \(Machine.cores) busy cores",
                        value: Double(trials) / long.cpuSeconds * cores),
                    .init(
                        name: "numpy: such records drawn alone, one core",
                        value: numpy["trials_per_s"]?.doubleValue ?? 0),
                ],
                goal: "≥ 500 k/s", isMet: long.rate >= LaboratoryBench.goal, notes: long.notes),
            BenchRow(
                id: "lab-short", what: "the same in arms of \(LaboratoryBench.shortArm), as the shipped plan",
                value: short.rate, unit: .trialsPerSecond,
                beside: [
                    .init(
                        name: "limit: these programs' CPU time on \(Machine.cores) busy cores",
                        value: Double(short.trials) / short.cpuSeconds * cores),
                    try MachineLimits(bench, armTrials: Int(LaboratoryBench.shortArm)).durable(),
                ], notes: short.notes),
        ]
    }

    private func campaign(_ name: String, trials: UInt64, armTrials: UInt64) throws(BellError) -> Result {
        let (state, run) = try bench.state(name)
        let context = try ZeroMQContext()
        let profile = "\(parent(of: bench.folders.laboratory))/profile.yaml"
        let mocklab = try bench.start(
            "mocklab", ["--profile", profile, "--state", state.path, "--pace", "max", "--seed", "1"])
        defer { bench.stop(mocklab) }
        let daemon = try RemoteDaemon(bench, state: state, run: run, context: context)
        defer { bench.stop(daemon.process) }
        let certifier = try bench.start("bellcert", ["--state", state.path, "--log-level", "warn"])
        defer { bench.stop(certifier) }
        let programs = [("belld", daemon.process), ("mocklab", mocklab), ("bellcert", certifier)]
        try daemon.awaitBoards(of: [mocklab, certifier])
        let before = programs.map { ProcessFacts($0.1.processID).cpuSeconds }
        let start = monotonicNanoseconds()
        try daemon.start(BenchPlan(trials: trials, armTrials: armTrials))
        var recorded: UInt64?
        var last = JSON.null
        try bench.wait(
            for: "the certificate", seconds: 3600, of: programs.map(\.1), every: 20
        ) { () throws(BellError) in
            let now = try daemon.campaign()
            if now != .null { last = now }
            if recorded == nil, last["done"]?.countValue == trials { recorded = monotonicNanoseconds() }
            return last["state"]?.stringValue == "completed"
        }
        let certified = monotonicNanoseconds()
        return Result(
            trials: trials, armTrials: armTrials, recordedSeconds: Double((recorded ?? certified) - start) / 1e9,
            certifiedSeconds: Double(certified - start) / 1e9,
            cpu: zip(programs, before).map { program, before in
                (program.0, ProcessFacts(program.1.processID).cpuSeconds - before)
            }, s: last["s"]?.doubleValue.map(Unit.digits) ?? "?", valid: last["valid"]?.text ?? "?")
    }
}
