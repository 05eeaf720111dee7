import BellModel
public import BellStatistics

/// All bounds of one set of data side by side, so that a reader can choose.
///
/// Pure: the same counts and plan give the same numbers. Only registered claims are certified; the rest is analysis,
/// whose thresholds are the data themselves.
public struct BoundsReport: Equatable, Sendable {
    /// One bound of these data.
    public struct Row: Equatable, Sendable {
        public let method: BoundMethod
        /// Whether a claim of the sealed plan has it.
        public let isRegistered: Bool
        /// Bits or log10 p at the declared bias; nil where nothing can be said, for a claim also when it is not met.
        public let value: Double?
        /// Whether the value says anything.
        public let succeeds: Bool
        /// μ_max: the greatest bias at which it would.
        public let greatestBias: Double?
        /// The value at each of the report's biases; nil where nothing can be said.
        public let sweep: [Double?]
    }

    public let count: WinCount
    /// The same with every trial of the sealed n that was not run as a loss: what bounds of a fixed n are of.
    public let sealed: WinCount
    public let model: LocalModel
    /// All errors of the rows that no claim registered.
    public let epsilon: Double
    /// The biases of the sweeps, increasing; the declared one is among them.
    public let biases: [Double]
    /// Registered ones first, in the plan's order.
    public let rows: [Row]
    /// ½ − √(1 − w): the bias at which no number of trials would show anything.
    public var greatestBias: Double { LocalModel.greatestBias(winProbability: count.probability) ?? 0 }

    /// The biases that every sweep has.
    static let commonBiases = [0, 1e-5, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1]

    /// Computes all of it, in some tens of milliseconds.
    ///
    /// - Parameters:
    ///   - count: Of the trials that were run.
    ///   - sealed: Of the sealed n, when a stop rule ended the campaign before it.
    ///   - claims: What was registered; empty without a plan. The sweep is that of the claim's `count`, which for an entropy
    ///     claim is the fewest wins that meet it, of the trials that it counts; `value` is nil for one that is not met.
    ///   - predictionRatio: log10 of its p-value, where arms were recorded.
    ///   - epsilon: 0..<1, for bounds that no claim registered.
    public init(
        _ count: WinCount, sealed: WinCount? = nil, model: LocalModel,
        claims: [(method: BoundMethod, count: WinCount, value: Double?)] = [],
        predictionRatio: Double? = nil, epsilon: Double = 1e-6
    ) {
        self.count = count
        let sealed = sealed ?? count
        self.sealed = sealed
        self.model = model
        self.epsilon = epsilon
        let biases = Set(BoundsReport.commonBiases + [model.settingBias]).sorted()
        self.biases = biases
        let registered = claims.map { BoundsReport.row($0, $1, $2, biases, isRegistered: true) }
        let names = Set(registered.map(\.method.name))
        var rest = BoundMethod.all(epsilon: epsilon).map { method in
            (method, method.value(method.holdsWheneverOneStops ? count : sealed, model))
        }
        if let predictionRatio { rest.insert((.predictionRatio(significance: epsilon), predictionRatio), at: 2) }
        rows =
            registered
            + rest.filter { !names.contains($0.0.name) }.map {
                BoundsReport.row(
                    $0, $0.holdsWheneverOneStops ? count : sealed, $1, biases, isRegistered: false)
            }
    }

    private static func row(
        _ method: BoundMethod, _ count: WinCount, _ value: Double?, _ biases: [Double], isRegistered: Bool
    ) -> Row {
        let greatest = method.greatestBias(count)
        let sweep = biases.map { bias -> Double? in
            // Beyond μ_max nothing is left, and no time is spent on it.
            guard let greatest, bias <= greatest, let model = LocalModel(settingBias: bias) else { return nil }
            return method.value(count, model)
        }
        return Row(
            method: method, isRegistered: isRegistered, value: value, succeeds: method.succeeds(value),
            greatestBias: greatest, sweep: sweep)
    }
}

extension Plan.Claim {
    /// w_thr: Î = 4 − 2(1 − w)/l ≥ J exactly if w ≥ 1 − l(4 − J)/2.
    static func winThreshold(_ threshold: Double, _ model: LocalModel) -> Double {
        1 - model.leastPair * (4 - threshold) / 2
    }
}
