public import BellModel
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
    /// A registered row's sweep is that of the fewest wins that meet the claim, of which the threshold is a rounding.
    ///
    /// - Parameters:
    ///   - count: Of the trials that were run.
    ///   - sealed: Of the sealed n, when a stop rule ended the campaign before it.
    ///   - claims: What was registered, with whether it is met; empty without a plan.
    ///   - predictionRatio: log10 of its p-value, where arms were recorded.
    ///   - epsilon: 0..<1, for bounds that no claim registered.
    public init(
        _ count: WinCount, sealed: WinCount? = nil, model: LocalModel,
        claims: [(claim: Plan.Claim, value: Double?)] = [],
        predictionRatio: Double? = nil, epsilon: Double = 1e-6
    ) {
        self.count = count
        let sealed = sealed ?? count
        self.sealed = sealed
        self.model = model
        self.epsilon = epsilon
        let biases = Set(BoundsReport.commonBiases + [model.settingBias]).sorted()
        self.biases = biases
        let registered = claims.map { claim, value in
            let event = claim.event(trials: count.trials, model: model) ?? count
            return BoundsReport.row(BoundMethod(claim), event, value, biases, isRegistered: true)
        }
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
    /// The fewest wins with which an entropy claim's registered event happened; nil for other claims, and where no
    /// number of wins would do.
    ///
    /// Of several thresholds it is the lowest one's event.
    func event(trials n: UInt64, model: LocalModel) -> WinCount? {
        switch self {
        case .localRealism: return nil
        case .pironio(let thresholds, _, _): return thresholds.first.flatMap { Plan.Claim.wins($0, n, model) }
        case .entropyAccumulation(let threshold, _, _): return Plan.Claim.wins(threshold, n, model)
        case .probabilityEstimation(let bits, let power, let epsilon, let kappa):
            guard let factor = ProbabilityEstimation(model: model, power: power), factor.log2Win > factor.log2Loss
            else { return nil }
            let asked = power * bits - log2(epsilon) - (power + 1) * log2(kappa ?? 1)
            let wins = (asked - Double(n) * factor.log2Loss) / (factor.log2Win - factor.log2Loss)
            return Plan.Claim.count(wins, n)
        }
    }

    /// w_thr: Î = 4 − 2(1 − w)/l ≥ J exactly if w ≥ 1 − l(4 − J)/2.
    static func winThreshold(_ threshold: Double, _ model: LocalModel) -> Double {
        1 - model.leastPair * (4 - threshold) / 2
    }

    private static func wins(_ threshold: Double, _ n: UInt64, _ model: LocalModel) -> WinCount? {
        count(winThreshold(threshold, model) * Double(n), n)
    }

    private static func count(_ wins: Double, _ n: UInt64) -> WinCount? {
        let least = wins.rounded(.up)
        guard least <= Double(n) else { return nil }
        return WinCount(trials: n, wins: UInt64(max(0, least)))
    }
}
