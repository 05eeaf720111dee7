import BellHost
import BellModel

/// `bellctl campaign verify` of the campaign that belld has just recorded: from columns on the disk to the recomputed verdict.
///
/// Decompression, both BLAKE2b, every signature, the audit and both e-processes; each on as many cores as it takes.
struct VerifyBench {
    private static let goal = 8e6

    private let bench: Bench
    private let trials: UInt64
    private let armTrials: UInt64

    init(_ bench: Bench, trials: UInt64, armTrials: UInt64) {
        self.bench = bench
        self.trials = trials
        self.armTrials = armTrials
    }

    /// - Parameters:
    ///   - state: belld's state directory, which holds one campaign.
    ///   - hash: What one core can hash of both halves, in trials a second.
    func run(_ state: StateDirectory, hash: BenchRow.Comparison) throws(BellError) -> [BenchRow] {
        bench.say("verifying \(trials) trials")
        let start = monotonicNanoseconds()
        let child = try bench.start("bellctl", ["campaign", "verify", "--json", "--state", state.path])
        var memory: [Double] = []
        var last = ProcessFacts(child.processID)
        try bench.wait(for: "the verification", seconds: 3600, every: 20) {
            let isOver = !child.isRunning
            let now = ProcessFacts(child.processID)
            // Of a process that has ended there is nothing to know.
            if now.residentMiB > 0 {
                last = now
                memory.append(now.residentMiB)
            }
            return isOver
        }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        let ending = try bench.wait(for: child)
        let text = try readText("\(bench.folder)/bellctl.log")
        let answer = text.firstIndex(of: "{").flatMap { try? JSON(parsing: String(text[$0...]), source: "bellctl") }
        guard ending == .exited(0), answer?["trials"]?.countValue == trials,
            answer?["difference_count"]?.countValue == 0
        else {
            throw BellError(
                .benchDisagreement, "`campaign verify` does not find what belld recorded.", at: state.path,
                cause: "\(ending): \(text.suffix(500))")
        }
        let rate = Double(trials) / seconds
        let early = memory.isEmpty ? 0 : memory[memory.count / 10]
        return [
            BenchRow(
                id: "verify", what: "campaign verify, signatures included", value: rate, unit: .trialsPerSecond,
                beside: [hash], goal: "≥ 8 M/s, or BLAKE2b's", isMet: rate >= min(VerifyBench.goal, hash.value),
                notes: [
                    "\(trials) trials in arms of \(armTrials), \(Unit.digits(seconds)) s; "
                        + "\(Unit.digits(last.cpuSeconds)) s of CPU = "
                        + "\(Unit.digits(last.cpuSeconds / Double(trials) * 1e9)) ns a trial; load \(Machine.load)"
                ]),
            BenchRow(
                id: "verify-memory", what: "its resident memory, the most", value: last.peakMiB, unit: .mebibytes,
                beside: [.init(name: "after a tenth of the time", value: early)], goal: "flat: ≤ 1.25 × or + 16 MiB",
                isMet: last.peakMiB <= max(1.25 * early, early + 16)),
        ]
    }
}
