public import BellModel
import Glibc

/// A plan's stop rule at work: whether the headline is met by the arms so far.
///
/// belld, bellcert and `campaign verify` feed it the same arms in the same order, and so find the same end. It is asked
/// at the end of each block, which makes that end a stopping time: only claims that hold at any of those are in it.
///
/// The tests of local realism hold whenever one stops (Ville). Of probability estimation a trial that is not run is one
/// with F = 1 and a constant outcome, which meets E[F · P(ab|xy)^β] ≤ 1, and a factor may depend on the past; its bits
/// are those of all n outcomes, the constant ones included.
/// - SeeAlso: Ville (1939); Zhang, Knill and Bierhorst, Phys. Rev. A 98, 040304 (2018).
public struct StopRule: Equatable, Sendable {
    private enum Test: Equatable, Sendable {
        case winCount(log10Limit: Double)
        case predictionRatio(log10Limit: Double)
        case bits(Double, Plan.Power, epsilon: Double, kappa: Double?)
    }

    private let test: Test
    private let pattern: CHSHPattern
    private let model: LocalModel
    private var training: Training
    private var process: EProcess
    private var ratio: PredictionRatio?
    /// Trials at the end of the first block with which the headline was met; nil before that.
    public private(set) var metAt: UInt64?

    /// Begins before the first arm; nil for a plan without a stop rule, or with a headline that none may rest on.
    ///
    /// - Parameter training: What the plan's training blocks have come to, for a rule that is asked without the arms.
    public init?(_ plan: Plan, training: Training? = nil) {
        guard plan.stop != nil, let model = LocalModel(settingBias: plan.settingBias) else { return nil }
        switch plan.headline {
        case .localRealism(let significance, .winCount, _) where significance > 0 && significance < 1:
            test = .winCount(log10Limit: log10(significance))
        case .localRealism(let significance, .predictionRatio, _) where significance > 0 && significance < 1:
            test = .predictionRatio(log10Limit: log10(significance))
            ratio = PredictionRatio(plan)
        case .probabilityEstimation(let bits, let power, let epsilon, let kappa) where bits > 0:
            if case .fixed(let power) = power, ProbabilityEstimation(model: model, power: power) == nil { return nil }
            test = .bits(bits, power, epsilon: epsilon, kappa: kappa)
        default: return nil
        }
        pattern = plan.pattern
        self.model = model
        self.training = training ?? Training(plan)
        process = EProcess(model)
    }

    /// Takes the next arm in.
    public mutating func add(_ arm: TrialTally) {
        process.add(arm, pattern: pattern)
        training.add(arm, pattern: pattern)
        ratio?.add(arm)
    }

    /// Asks the rule at a block's end.
    public mutating func endBlock() {
        if metAt == nil, isMet { metAt = process.trials }
    }

    /// Whether the headline is met by the arms so far.
    public var isMet: Bool {
        guard let count = WinCount(trials: process.trials, wins: process.wins) else { return false }
        return isMet(count, log10WinCount: process.log10PValue, log10Ratio: ratio?.log10PValue ?? 0)
    }

    /// Whether the headline is met by these numbers.
    ///
    /// - Parameters:
    ///   - count: Of the trials so far.
    ///   - log10WinCount: log10 of the anytime-valid p-value of the win count, as is `log10Ratio` of the prediction ratio.
    public func isMet(_ count: WinCount, log10WinCount: Double, log10Ratio: Double) -> Bool {
        switch test {
        case .winCount(let limit): log10WinCount <= limit
        case .predictionRatio(let limit): log10Ratio <= limit
        case .bits(let bits, let power, let epsilon, let kappa):
            (training.estimation(power, count, model, epsilon: epsilon, kappa: kappa).bits(
                epsilon: epsilon, kappa: kappa)
                ?? 0) >= bits
        }
    }
}
