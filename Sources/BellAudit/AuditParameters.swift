public import BellModel
public import BellTiming

extension BellError.Code {
    /// Parameters that no audit can use.
    public static let auditParameters = BellError.Code("audit.parameters", exit: .usage)
}

/// What the audit of a block needs besides the evidence; fixed in the block before its first trial.
public struct AuditParameters: Equatable, Sendable {
    public let survey: TimingSurvey
    /// A margin must exceed k·u; from the plan, > 0.
    public let k: Double
    public let tickRates: PerNode<TickRate>
    /// Ticks from one trigger pulse to the next; the same time at both nodes.
    public let trialPeriod: PerNode<UInt64>
    /// Where setting bits come from. With host bits margins are not computed: the bit existed long before.
    public let inputBits: InputBitSource
    /// The largest believable rate error of a clock, in parts per million.
    public let driftLimit: UInt32
    /// Whether the campaign runs on a simulation. If not, a record with the simulated flag is a loss: `unhealthy`.
    public let simulated: Bool

    /// Constants of each clock.
    let scales: PerNode<ClockScale>
    /// ⌊k·u⌋ in picoseconds; a whole margin exceeds k·u exactly when it exceeds this.
    public let required: Picoseconds
    /// d_AB/c and d_BA/c, rounded down.
    let lightTimeAB: Picoseconds
    let lightTimeBA: Picoseconds

    /// Checks and prepares the parameters.
    ///
    /// - Parameter driftLimit: 1 … 10 000 ppm.
    /// - Throws: `audit.parameters` when k·u is not a time below 1 s, or the two trial periods differ by more than 1 ps
    ///   or 10^-9 of their length; `timing.survey`, `timing.rate`, `timing.period` for what those name.
    public init(
        survey: TimingSurvey, k: Double, tickRates: PerNode<TickRate>, trialPeriod: PerNode<UInt64>,
        inputBits: InputBitSource = .board, driftLimit: UInt32 = 100, simulated: Bool = true
    ) throws(BellError) {
        try survey.validate()
        let threshold = k * survey.u
        guard k > 0, threshold < 1e12 else {
            throw BellError(
                .auditParameters, "k = \(k) with u = \(survey.u) ps gives no usable margin.", at: "audit.k",
                fix: "give k > 0 with k·u below 1 s")
        }
        var periods: [Int64] = []
        for node in Node.allCases {
            let converter = try TickConverter(tickRates[node])
            periods.append(converter.picoseconds(trialPeriod[node])?.count ?? .max)
        }
        scales = try PerNode { (node) throws(BellError) in
            try ClockScale(rate: tickRates[node], period: trialPeriod[node], driftLimit: driftLimit)
        }
        // The scales accepted both periods, so the difference cannot overflow.
        guard (periods[0] - periods[1]).magnitude <= max(1, UInt64(periods[0]) / 1_000_000_000) else {
            throw BellError(
                .auditParameters,
                "The trial periods differ: alice \(periods[0]) ps, bob \(periods[1]) ps.", at: "audit.trial_period",
                fix: "one pulse starts both nodes' trials, so give the same period in each node's own ticks")
        }
        self.survey = survey
        self.k = k
        self.tickRates = tickRates
        self.trialPeriod = trialPeriod
        self.inputBits = inputBits
        self.driftLimit = driftLimit
        self.simulated = simulated
        required = Picoseconds(Int64(threshold.rounded(.down)))
        lightTimeAB = try survey.lightTimeAB()
        lightTimeBA = try survey.lightTimeBA()
    }

    /// Whether the audit can give space-like margins at all.
    public var knowsMargins: Bool { survey.hasClockOffset && inputBits == .board }
}

extension AuditParameters {
    /// The object that the journal keeps in the block.
    public var json: JSON {
        var object: [String: JSON] = [
            "version": 1, "survey": survey.json, "k": .double(k),
            "input_bits": inputBits == .board ? "board" : "host", "drift_limit_ppm": .int(Int64(driftLimit)),
            "simulated": .bool(simulated),
        ]
        for node in Node.allCases {
            object[node.name] = [
                "tick_rate_numerator": JSON(count: tickRates[node].numerator),
                "tick_rate_denominator": JSON(count: tickRates[node].denominator),
                "trial_period_ticks": JSON(count: trialPeriod[node]),
            ]
        }
        return .object(object)
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: `json.shape` for a missing, unknown or impossible member, and what the other initialiser throws.
    public init(json: JSON, path: String = "audit") throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func wrong(_ key: String) -> BellError {
            BellError(.jsonShape, "No audit can have this value: \(json[key]?.text ?? "null").", at: "\(path).\(key)")
        }
        guard try reader.int("version") == 1 else { throw wrong("version") }
        let survey = try TimingSurvey(json: try reader.value("survey"), path: "\(path).survey")
        let k = try reader.double("k")
        let bits: InputBitSource
        switch try reader.string("input_bits") {
        case "board": bits = .board
        case "host": bits = .host
        default: throw wrong("input_bits")
        }
        guard let driftLimit = UInt32(exactly: try reader.int("drift_limit_ppm")) else {
            throw wrong("drift_limit_ppm")
        }
        let simulated = try reader.bool("simulated")
        var clocks: [(TickRate, UInt64)] = []
        for node in Node.allCases {
            var clock = try JSONReader(try reader.value(node.name), path: "\(path).\(node.name)")
            guard
                let rate = TickRate(
                    numerator: try clock.count("tick_rate_numerator"),
                    denominator: try clock.count("tick_rate_denominator"))
            else { throw wrong(node.name) }
            clocks.append((rate, try clock.count("trial_period_ticks")))
            try clock.finish()
        }
        try reader.finish()
        try self.init(
            survey: survey, k: k, tickRates: PerNode(alice: clocks[0].0, bob: clocks[1].0),
            trialPeriod: PerNode(alice: clocks[0].1, bob: clocks[1].1), inputBits: bits, driftLimit: driftLimit,
            simulated: simulated)
    }
}
