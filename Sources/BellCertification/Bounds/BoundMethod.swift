import BellModel
public import BellStatistics

/// A bound with its parameters: what it makes of a win count, for any bias of the settings.
///
/// Bounds of entropy give bits; tests of local realism give log10 of a p-value.
public enum BoundMethod: Equatable, Sendable {
    /// P[Bin(n, β) ≥ k].
    case binomial(significance: Double)
    /// The mixture of bets on the win count, at the end of the data.
    case winCount(significance: Double)
    /// Bets that learn from the arms before: made of arms in their order, so that a win count alone gives no value.
    case predictionRatio(significance: Double)
    /// Pironio's sound form, the count being the threshold.
    case pironio(delta: Double, epsilon: Double, PironioBound.Concentration)
    /// Probability estimation; without a power the one that gives most at the count.
    case probabilityEstimation(power: Double?, epsilon: Double, kappa: Double?)
    /// Entropy accumulation with losses possible, the count being the threshold.
    case entropyAccumulation(smoothing: Double, event: Double)

    /// All bounds with all their errors equal to ε: smoothing ε, unlikely events ε, significance ε.
    public static func all(epsilon: Double) -> [BoundMethod] {
        [
            .binomial(significance: epsilon), .winCount(significance: epsilon),
            .pironio(delta: epsilon * epsilon, epsilon: epsilon, .azuma),
            .pironio(delta: epsilon * epsilon, epsilon: epsilon, .hoeffding),
            .probabilityEstimation(power: nil, epsilon: epsilon, kappa: nil),
            .entropyAccumulation(smoothing: epsilon, event: epsilon),
        ]
    }

    /// A test of local realism.
    init(significance: Double, _ test: Plan.RejectionTest) {
        self =
            switch test {
            case .binomial: .binomial(significance: significance)
            case .winCount: .winCount(significance: significance)
            case .predictionRatio: .predictionRatio(significance: significance)
            }
    }

    /// Bits, or log10 p; nil where the bound says nothing at all.
    public func value(_ count: WinCount, _ model: LocalModel) -> Double? {
        switch self {
        case .binomial: return count.log10PValue(model)
        case .winCount:
            return min(0, -EProcess.logValue(trials: count.trials, wins: count.wins, model) * log10OfE)
        case .predictionRatio: return nil
        case .pironio(let delta, let epsilon, let concentration):
            let bound = PironioBound(count, model: model, delta: delta)
            return bound?.soundBits(threshold: count.estimate(model), epsilonPrime: epsilon, .exact, concentration)
        case .probabilityEstimation(let power, let epsilon, let kappa):
            let tested = epsilon * (kappa ?? 1)
            let factor =
                if let power {
                    ProbabilityEstimation(model: model, power: power)
                } else {
                    ProbabilityEstimation.best(
                        trials: count.trials, winProbability: count.probability, model: model, epsilon: tested)?.factor
                }
            guard let factor else { return nil }
            guard let kappa else { return factor.bits(count, epsilon: epsilon) }
            return factor.bits(count, epsilon: epsilon, kappa: kappa)
        case .entropyAccumulation(let smoothing, let event):
            return EntropyAccumulation(
                trials: count.trials, winThreshold: count.probability, epsilonSmooth: smoothing, epsilonEvent: event,
                model: model, everyTrialPlayed: false)?.bits
        }
    }

    /// Whether a value says anything: bits above 0, or a p-value within the significance.
    public func succeeds(_ value: Double?) -> Bool {
        guard let value else { return false }
        switch self {
        case .binomial(let significance), .winCount(let significance), .predictionRatio(let significance):
            return value <= log10(significance)
        default: return value > 0
        }
    }

    /// μ_max: the greatest bias at which the bound still says something of these data, to 1e-5; nil if none does.
    ///
    /// The bound at a larger bias is never better, so that halving an interval finds it.
    public func greatestBias(_ count: WinCount) -> Double? {
        guard succeeds(value(count, .uniform)),
            var high = LocalModel.greatestBias(winProbability: count.probability)
        else { return nil }
        var low = 0.0
        while high - low > 1e-5 {
            let middle = (low + high) / 2
            if let model = LocalModel(settingBias: middle), succeeds(value(count, model)) {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }

    /// Whether it may rest on a number of trials that the data have chosen.
    public var holdsWheneverOneStops: Bool {
        switch self {
        case .winCount, .predictionRatio, .probabilityEstimation: true
        case .binomial, .pironio, .entropyAccumulation: false
        }
    }

    /// Whether values are bits rather than log10 p.
    public var givesBits: Bool {
        switch self {
        case .binomial, .winCount, .predictionRatio: false
        default: true
        }
    }
}

/// 1 / ln 10.
private let log10OfE = 0.434_294_481_903_251_83
