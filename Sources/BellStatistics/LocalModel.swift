/// Local realism with memory, against settings of bounded bias: what the p-values and the e-process refute.
///
/// Each setting bit has a probability in [½ − μ, ½ + μ] given everything in the past (for the second bit also given
/// the first). A deterministic strategy loses on at least one setting pair, and the cheapest pair comes with
/// probability (½ − μ)², so no local strategy wins a trial with more than β = 1 − (½ − μ)².
/// - SeeAlso: Elkouss and Wehner, npj Quantum Inf. 2, 16026 (2016), arXiv:1510.07233.
public struct LocalModel: Equatable, Sendable {
    /// μ, in 0..<½.
    public let settingBias: Double
    /// l = (½ − μ)²: the least probability of a setting pair, and the least probability to lose a trial.
    public let leastPair: Double
    /// ½ − μ: the least probability of a setting bit, given all before it.
    public var leastBit: Double { 0.5 - settingBias }
    /// β = 1 − l: the most a local strategy can win.
    public var winBound: Double { 1 - leastPair }

    /// Makes the model; nil unless 0 ≤ `settingBias` < ½.
    public init?(settingBias: Double) {
        guard settingBias >= 0, settingBias < 0.5 else { return nil }
        self.init(checked: settingBias)
    }

    private init(checked bias: Double) {
        settingBias = bias
        leastPair = (0.5 - bias) * (0.5 - bias)
    }

    /// μ = 0: settings uniform and independent.
    public static let uniform = LocalModel(checked: 0)
}
