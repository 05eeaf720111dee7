import BellHost
import BellModel
import BellZeroMQ

/// belld alone: frames pumped in at its boards' sockets, durable journal and acknowledged stream out.
struct DaemonBench {
    private static let goal = 2e6
    /// Trials in a TRIALS frame: 128 KiB.
    private static let chunk = 4096

    private let bench: Bench
    private let trials: UInt64
    private let armTrials: UInt64

    init(_ bench: Bench, trials: UInt64, armTrials: UInt64) {
        self.bench = bench
        self.trials = trials
        self.armTrials = armTrials
    }

    func run() throws(BellError) -> [BenchRow] {
        let limits = try MachineLimits(bench, armTrials: Int(armTrials)).measure()
        let (state, run) = try bench.state("belld")
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "pump")
        defer { reactor.shutdown() }
        let pump = try FramePump(
            reactor: reactor, endpoints: PerNode { run.endpoint($0.name) }, armTrials: Int(armTrials),
            chunk: DaemonBench.chunk)
        let daemon = try RemoteDaemon(bench, state: state, run: run, context: context)
        defer { bench.stop(daemon.process) }
        try daemon.awaitBoards(of: [])
        let progress = CountingSink.Progress()
        defer { progress.stop() }
        try CountingSink.run(progress, context: context, endpoint: run.endpoint("outcomes"))
        let before = ProcessFacts(daemon.process.processID)
        try daemon.start(BenchPlan(trials: trials, armTrials: armTrials))
        var memory: (early: ProcessFacts?, late: ProcessFacts?)
        var marks: [UInt64] = []
        var last = (index: UInt64(0), time: monotonicNanoseconds())
        try bench.wait(for: "the campaign's end", seconds: 7200, of: [daemon.process], every: 2) {
            () throws(BellError) in
            let now = progress.now
            if let failure = now.failure { throw failure }
            while UInt64(marks.count) < 10, now.nextIndex >= trials / 10 * UInt64(marks.count + 1) {
                marks.append(monotonicNanoseconds())
                if marks.count == 1 { memory.early = ProcessFacts(daemon.process.processID) }
                if marks.count == 10 { memory.late = ProcessFacts(daemon.process.processID) }
            }
            try watch(now.nextIndex, &last, daemon)
            return now.finishedAt != nil
        }
        let result = progress.now
        guard let start = pump.firstStart, let end = result.finishedAt, let early = memory.early,
            let late = memory.late,
            result.nextIndex == trials
        else {
            throw BellError(
                .benchProgram, "The stream ended at trial \(result.nextIndex) of \(trials).", at: state.path)
        }
        try bench.wait(for: "belld to complete the campaign", seconds: 10, of: [daemon.process]) {
            () throws(BellError) in
            try daemon.campaign()["state"]?.stringValue == "completed"
        }
        bench.stop(daemon.process)
        let seconds = Double(end - start) / 1e9
        let rate = Double(trials) / seconds
        return [
            BenchRow(
                id: "belld", what: "belld alone, to durable journal and acknowledged stream", value: rate,
                unit: .trialsPerSecond, beside: limits, goal: "≥ 2 M/s", isMet: rate >= DaemonBench.goal,
                notes: notes(
                    seconds: seconds, marks: [start] + marks, cpu: late.cpuSeconds - before.cpuSeconds,
                    pump: pump.busySeconds, valid: result.valid)),
            BenchRow(
                id: "belld-memory", what: "belld's resident memory at the end", value: late.residentMiB,
                unit: .mebibytes, beside: [.init(name: "at 10 % of the trials", value: early.residentMiB)],
                goal: "flat: ≤ 1.25 × or + 16 MiB",
                isMet: late.residentMiB <= max(1.25 * early.residentMiB, early.residentMiB + 16),
                notes: ["peak \(Unit.mebibytes.text(late.peakMiB))"]),
            BenchRow(
                id: "belld-disk", what: "on disk, a trial",
                value: Double(Self.diskBytes(state.campaigns)) / Double(trials),
                unit: .bytes, beside: [.init(name: "raw: two records of 32 bytes", value: 64)], goal: "about 10"),
        ] + (try VerifyBench(bench, trials: trials, armTrials: armTrials).run(state, hash: limits[0]))
    }

    /// Ends a wait in which nothing has come for long.
    private func watch(
        _ index: UInt64, _ last: inout (index: UInt64, time: UInt64), _ daemon: RemoteDaemon
    ) throws(BellError) {
        let now = monotonicNanoseconds()
        if index > last.index { last = (index, now) }
        guard now - last.time > 30_000_000_000 else { return }
        let campaign = try daemon.campaign()
        throw BellError(
            .benchProgram, "No outcome came for 30 s, at trial \(index) of \(trials).", at: bench.folder,
            cause: "\(campaign["state"]?.text ?? "no campaign"): \(campaign["reason"]?.text ?? "")")
    }

    private func notes(seconds: Double, marks: [UInt64], cpu: Double, pump: Double, valid: UInt64) -> [String] {
        let tenths = zip(marks, marks.dropFirst()).map { Double(trials) / 10 / (Double($1 &- $0) / 1e9) }
        let share = trials == 0 ? 0 : 100 * Double(valid) / Double(trials)
        return [
            "\(trials) trials in arms of \(armTrials), TRIALS frames of \(DaemonBench.chunk), \(Unit.digits(seconds)) s "
                + "from the first START to the acknowledged end; \(Unit.digits(share)) % valid",
            "slowest tenth \(Unit.trialsPerSecond.text(tenths.min() ?? 0)), "
                + "fastest \(Unit.trialsPerSecond.text(tenths.max() ?? 0))",
            "belld used \(Unit.digits(cpu)) s of CPU = \(Unit.digits(cpu / Double(trials) * 1e9)) ns a trial; "
                + "the pump's thread \(Unit.digits(pump)) s",
        ]
    }

    /// The size of everything in a folder.
    static func diskBytes(_ path: String) -> Int {
        guard isFolder(path) else { return fileBytes(path) }
        return ((try? folderContents(path)) ?? []).reduce(0) { $0 + diskBytes("\(path)/\($1)") }
    }
}
