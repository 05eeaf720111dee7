import BellHost
import BellModel
import BellZeroMQ

/// Everything: mocklab's physics, belld and bellcert as they ship, as fast as they go together.
struct LaboratoryBench {
    private static let goal = 500e3

    private let bench: Bench
    private let trials: UInt64
    private let armTrials: UInt64

    init(_ bench: Bench, trials: UInt64, armTrials: UInt64) {
        self.bench = bench
        self.trials = trials
        self.armTrials = armTrials
    }

    func run() throws(BellError) -> [BenchRow] {
        let (state, run) = try bench.state("lab")
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
        try daemon.start(BenchPlan(trials: trials, armTrials: armTrials))
        let start = monotonicNanoseconds()
        var recorded: UInt64?
        var campaign = JSON.null
        try bench.wait(
            for: "the certificate", seconds: 3600, of: programs.map(\.1), every: 20
        ) { () throws(BellError) in
            let now = try daemon.campaign()
            if now != .null { campaign = now }
            if recorded == nil, campaign["done"]?.countValue == trials { recorded = monotonicNanoseconds() }
            return campaign["state"]?.stringValue == "completed"
        }
        let certified = monotonicNanoseconds()
        let used = zip(programs, before).map { program, before in
            (program.0, ProcessFacts(program.1.processID).cpuSeconds - before)
        }
        let rate = Double(trials) / (Double((recorded ?? certified) - start) / 1e9)
        let all = Double(trials) / (Double(certified - start) / 1e9)
        let perTrial = used.map { "\($0.0) \(Unit.digits($0.1 / Double(trials) * 1e9))" }.joined(separator: ", ")
        return [
            BenchRow(
                id: "lab", what: "everything: mocklab + belld + bellcert, pace max", value: rate,
                unit: .trialsPerSecond, goal: "≥ 500 k/s", isMet: rate >= LaboratoryBench.goal,
                notes: [
                    "\(trials) trials in arms of \(armTrials), from `campaign.start` until the status says all are recorded; "
                        + "\(Unit.trialsPerSecond.text(all)) until the certificate is written",
                    "CPU, ns a trial: \(perTrial)",
                    "S = \(campaign["s"]?.text ?? "?"), \(campaign["valid"]?.text ?? "?") valid",
                ])
        ]
    }
}
