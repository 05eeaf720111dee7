public import BellModel
import Glibc

/// An anytime-valid test of local realism: evidence M that may be looked at after every arm.
///
/// M is the likelihood ratio of win probabilities q > β, mixed with a Beta(½, ½) density cut off at β, against β; the
/// cut makes it a supermartingale under every local model of win probability ≤ β with any memory, so
/// P(sup M ≥ 1/α) ≤ α (Ville). Hence p = min(1, 1/max M) holds whenever one stops.
/// ```
/// ln M = ln[B(k+½, n−k+½) (1 − I_β(k+½, n−k+½))] − ln[B(½, ½) (1 − I_β(½, ½))] − k ln β − (n−k) ln(1−β)
/// ```
/// - SeeAlso: Ville (1939); Zhang, Glancy and Knill, Phys. Rev. A 84, 062118 (2011); Robbins, Ann. Math. Stat. 41,
///   1397 (1970) for mixtures.
public struct EProcess: Equatable, Sendable {
    /// The null hypothesis.
    public let model: LocalModel
    /// Trials so far, losses included.
    public private(set) var trials: UInt64 = 0
    /// Wins so far.
    public private(set) var wins: UInt64 = 0
    /// The largest ln M at any evaluation; 0 at the start, where M = 1.
    public private(set) var logMax = 0.0
    /// Trials at which the largest M was reached.
    public private(set) var trialsAtMax: UInt64 = 0
    /// Wins among them.
    public private(set) var winsAtMax: UInt64 = 0

    /// Begins with M = 1.
    public init(_ model: LocalModel) { self.model = model }

    /// Takes an arm's trials and evaluates M at its end.
    ///
    /// O(1) while M cannot exceed its maximum; else a few steps of a continued fraction, microseconds.
    /// - Parameters:
    ///   - count: Trials of the arm, losses included.
    ///   - won: Wins among them; more than `count` are taken as `count`.
    public mutating func add(trials count: UInt64, wins won: UInt64) {
        let (sum, overflow) = trials.addingReportingOverflow(count)
        guard !overflow else { return }
        trials = sum
        wins += min(won, count)
        // 1 − I ≤ 1 bounds M from above, and the maximum only ever grows: most evaluations can be left out.
        guard EProcess.logUpperBound(trials: trials, wins: wins, model) > logMax else { return }
        let value = EProcess.logValue(trials: trials, wins: wins, model)
        if value > logMax {
            logMax = value
            (trialsAtMax, winsAtMax) = (trials, wins)
        }
    }

    /// Takes one arm's tally.
    public mutating func add(_ tally: TrialTally, pattern: CHSHPattern) {
        add(trials: tally.trials, wins: tally.wins(pattern))
    }

    /// log10 M now.
    public var log10Current: Double { EProcess.logValue(trials: trials, wins: wins, model) * log10OfE }
    /// log10 max M.
    public var log10Max: Double { logMax * log10OfE }
    /// log10 of the anytime-valid p-value, min(1, 1/max M).
    public var log10PValue: Double { min(0, -log10Max) }
    /// The anytime-valid p-value; 0 where a Double underflows, so reports use ``log10PValue``.
    public var pValue: Double { exp(-logMax) }
}

extension EProcess {
    /// ln M after `wins` wins in `trials` trials, in whatever order; −∞ beyond 2^48 trials, where it is not computed.
    public static func logValue(trials n: UInt64, wins k: UInt64, _ model: LocalModel) -> Double {
        guard k <= n, n <= WinCount.mostTrials else { return -Double.infinity }
        let (a, b) = (Double(k) + 0.5, Double(n - k) + 0.5)
        return logUpperBound(trials: n, wins: k, model)
            + IncompleteBeta(a: a, b: b, x: model.winBound, y: model.leastPair).logUpper
    }

    /// ln M without the factor 1 − I_β ≤ 1.
    ///
    /// With D = β^a (1−β)^b / B(a, b), a = k + ½, b = n − k + ½, the formula above is √(β(1−β)) / D divided by
    /// B(½, ½)(1 − I_β(½, ½)) = 2 asin √(1−β).
    static func logUpperBound(trials n: UInt64, wins k: UInt64, _ model: LocalModel) -> Double {
        guard k <= n else { return -Double.infinity }
        let (x, y) = (model.winBound, model.leastPair)
        return 0.5 * log(x * y) - log(2 * asin(y.squareRoot()))
            - logDensity(Double(k) + 0.5, Double(n - k) + 0.5, x, y)
    }
}
