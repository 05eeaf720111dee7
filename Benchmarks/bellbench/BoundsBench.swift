import BellCertification
import BellModel

/// Every bound of a report for one campaign, with its sweep over the bias and μ_max.
struct BoundsBench {
    private static let goal = 0.1
    private static let passes = 9

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> BenchRow {
        var samples = Samples()
        // Storz's trials, Kulikov's setup, and a violation that keeps every sweep long.
        let campaigns: [(trials: UInt64, s: Double)] = [(1 << 20, 2.0747), (17_000_000, 2.236), (10_000_000, 2.6)]
        var slowest = 0.0
        for campaign in campaigns {
            let data = try ExpectedData(trials: campaign.trials, s: campaign.s, settingBias: 0.001)
            var own = Samples()
            for _ in 0..<BoundsBench.passes {
                try bench.interruption.check()
                var rows = 0
                let time = try seconds(of: { () throws(BellError) in
                    rows = try BoundsReport(data, epsilon: 1e-6).rows.count
                })
                guard rows == 6 else { throw BellError(.benchDisagreement, "A report has \(rows) bounds.") }
                samples.add(time)
                own.add(time)
            }
            slowest = max(slowest, own.median)
        }
        return BenchRow(
            id: "bounds", what: "all bounds of one campaign's report, with sweeps", value: slowest, unit: .seconds,
            goal: "< 0.1 s", isMet: slowest < BoundsBench.goal,
            notes: [
                "the slowest of \(campaigns.count) campaigns, median of \(BoundsBench.passes); worst pass "
                    + "\(Unit.seconds.text(samples.quantile(1)))"
            ])
    }
}
