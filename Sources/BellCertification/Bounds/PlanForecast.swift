public import BellModel
import BellStatistics

/// What a plan would certify if the data came out as expected, and whether it can certify anything at all.
public struct PlanForecast: Equatable, Sendable {
    /// S that is expected.
    public let s: Double
    /// The claims at the sealed n, the headline first.
    let claims: [ClaimFinding]
    /// The headline over S and n, by rows of S.
    let table: [[ClaimFinding]]
    /// S of the rows.
    let tableS: [Double]
    /// n of the columns; the sealed one is in the middle.
    let tableTrials: [UInt64]
    /// About where the stop rule ends the campaign; nil without one, or when it is not met within the sealed n.
    public let stop: ExpectedStop?
    /// What a person should know before sealing.
    public let warnings: [String]
    /// What to write instead; nil when nothing has to be changed.
    public let advice: String?

    /// Whether the headline is met with data as expected.
    public var isMet: Bool { claims.first?.holds ?? false }

    /// Looks at a plan.
    ///
    /// - Parameter s: S that is expected of valid trials, with uniform settings and no losses.
    /// - Throws: `analysis.option` for an S that quantum theory does not allow, or a plan of more than 2^48 trials.
    public init(_ plan: Plan, expected s: Double) throws(BellError) {
        let data = try ExpectedData(trials: plan.trials, s: s, settingBias: plan.settingBias)
        self.s = s
        claims = ([plan.headline] + plan.claims).enumerated().map {
            PlanForecast.finding($1, isHeadline: $0 == 0, plan, data)
        }
        stop = plan.stop == nil ? nil : try ExpectedStop(plan, data)
        tableS = Set([2.02, 2.05, 2.1, 2.2, 2.3, 2.4, 2.6, s]).sorted()
        tableTrials = [-4, -2, 0, 2, 4].map { (shift: Int) in
            shift < 0 ? max(1, plan.trials >> UInt64(-shift)) : min(WinCount.mostTrials, plan.trials << UInt64(shift))
        }
        var rows: [[ClaimFinding]] = []
        for s in tableS {
            var row: [ClaimFinding] = []
            for n in tableTrials {
                let data = try ExpectedData(trials: n, s: s, settingBias: plan.settingBias)
                row.append(PlanForecast.finding(plan.headline, isHeadline: true, plan, data))
            }
            rows.append(row)
        }
        table = rows
        let best = try ExpectedData(trials: plan.trials, s: 2 * 2.0.squareRoot(), settingBias: plan.settingBias)
        var warnings: [String] = []
        for (i, claim) in claims.enumerated() {
            let which = i == 0 ? "the headline" : "claim \(i)"
            if !PlanForecast.finding(claim.claim, isHeadline: i == 0, plan, best).holds {
                warnings.append(
                    "\(which) (\(claim.claim.name)) cannot be certified with \(NumberText.count(plan.trials)) trials, "
                        + "whatever S is: at S = 2√2 \(PlanForecast.finding(claim.claim, isHeadline: i == 0, plan, best).words)"
                )
            } else if !claim.holds {
                warnings.append("\(which) is not met at S = \(NumberText.plain(s)): \(claim.words)")
            } else if let chance = PlanForecast.chance(claim), chance < 0.9 {
                warnings.append(
                    "\(which) is met by about \(Int(chance * 100)) of 100 campaigns at S = \(NumberText.plain(s)): "
                        + "its threshold is close to what is expected")
            }
        }
        self.warnings = warnings
        advice = warnings.isEmpty ? nil : PlanForecast.advice(data)
    }

    static func finding(
        _ claim: Plan.Claim, isHeadline: Bool, _ plan: Plan, _ data: ExpectedData
    ) -> ClaimFinding {
        let tally = data.tally(plan.pattern)
        let statistics = LiveStatistics(tally, pattern: plan.pattern, model: data.model)
        var process = EProcess(data.model)
        process.add(tally, pattern: plan.pattern)
        return ClaimFinding(
            claim, isHeadline: isHeadline, numbers: statistics, eProcess: EProcessResult(process),
            predictionRatio: EProcessResult(process), training: Training(plan, expected: data), model: data.model,
            security: plan.security)
    }

    /// About how likely the claim's event is, if trials are independent; nil where the claim has no such event.
    private static func chance(_ claim: ClaimFinding) -> Double? {
        guard let event = claim.event else { return nil }
        let count = claim.counted
        guard count.standardError > 0 else { return nil }
        return normalProbability((count.probability - event.probability) / count.standardError)
    }

    /// Probability estimation for the same trials, which gives bits first.
    private static func advice(_ data: ExpectedData) -> String? {
        guard
            let forecast = ProbabilityEstimation.best(
                trials: data.trials, winProbability: data.count.probability, model: data.model, epsilon: 1e-6),
            forecast.onePercentQuantile >= 1
        else { return nil }
        return
            "at S = \(NumberText.plain(data.s)) and ε = 1e-6 this could be certified: {claim: "
            + "min-entropy-probability-estimation, bits: \(NumberText.lowerBound(forecast.onePercentQuantile, 0)), power: "
            + "\(NumberText.plain(forecast.factor.power)), epsilon: 1.0e-6}, met by 99 of 100 campaigns"
    }
}

extension PlanForecast {
    /// The forecast for programs.
    public var json: JSON {
        [
            "expected_s": .double(s), "headline_met": .bool(isMet),
            "claims": .array(
                claims.map { claim in
                    [
                        "claim": .string(claim.claim.name), "met": .bool(claim.holds), "value": JSON(claim.value),
                        "words": .string(claim.words), "error_budget": claim.budget?.json ?? .null,
                        "side_information": JSON(claim.sideInformation?.rawValue),
                    ]
                }),
            "headline_over_s_and_n": [
                "s": .array(tableS.map { .double($0) }), "n": .array(tableTrials.map { JSON(count: $0) }),
                "value": .array(table.map { .array($0.map { $0.holds ? JSON($0.value) : .null }) }),
            ],
            "stop": stop?.json ?? .null, "warnings": .array(warnings.map { .string($0) }), "advice": JSON(advice),
        ]
    }

    /// The forecast as a page for people.
    public var text: String {
        var page = TextPage()
        page.heading("If S came out as \(NumberText.plain(s)), without losses")
        for (i, claim) in claims.enumerated() {
            page.row(i == 0 ? "headline" : "claim \(i)", claim.words)
            if let budget = claim.budget {
                page.row("", "error \(NumberText.plain(budget.total)) = \(budget.words)")
            }
            if let side = claim.sideInformation { page.row("", "against \(side.rawValue) side information") }
        }
        if let stop { page.row("stop rule", stop.words) }
        page.heading("The headline over S and n: \(claims.first?.method.givesBits == true ? "bits" : "p")")
        var rows = [["S"] + tableTrials.map { "n = \(NumberText.count($0))" }]
        for (s, findings) in zip(tableS, table) {
            rows.append([NumberText.plain(s)] + findings.map(PlanForecast.cell))
        }
        page.table(rows)
        for warning in warnings { page.row("WARNING", warning) }
        if let advice { page.row("advice", advice) }
        return page.text
    }

    private static func cell(_ finding: ClaimFinding) -> String {
        guard finding.holds, let value = finding.value else { return "—" }
        return finding.method.givesBits ? NumberText.lowerBound(value, 0) : NumberText.probability(log10: value)
    }
}
