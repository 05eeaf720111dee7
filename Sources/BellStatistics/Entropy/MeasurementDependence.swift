public import BellModel
import Glibc

/// The measurement-dependent-local inequality: a violation that no local model with settings this predictable shows.
///
/// For l ≤ P(xy|λ) ≤ h, and joint probabilities P(ab, xy) with the pattern −E11,
/// ```
/// l P(00, 00) − h [P(01, 01) + P(10, 10) + P(00, 11)] ≤ 0
/// ```
/// A diagnostic beside the bounds of amplification: its value says nothing about statistical error.
/// - SeeAlso: Pütz, Rosset, Barnea, Liang and Gisin, Phys. Rev. Lett. 113, 190402 (2014).
public struct MeasurementDependence: Equatable, Sendable {
    /// l, the least probability of a setting pair given the hidden variable.
    public let least: Double
    /// h, the greatest.
    public let greatest: Double

    /// Makes the inequality; nil unless 0 < l ≤ ¼ ≤ h < 1.
    public init?(least: Double, greatest: Double) {
        guard least > 0, least <= 0.25, greatest >= 0.25, greatest < 1 else { return nil }
        self.least = least
        self.greatest = greatest
    }

    /// The inequality for two bits of bias μ: l = (½ − μ)², h = (½ + μ)².
    public init(_ model: LocalModel) {
        least = model.leastPair
        greatest = (0.5 + model.settingBias) * (0.5 + model.settingBias)
    }

    /// The left side from the counts' frequencies among all trials; a loss counts −h.
    ///
    /// Setting pairs are renamed so that the pattern's minus sign is at (1, 1).
    /// - Returns: −h...l; nil without trials or with more than 2^48.
    public func value(_ tally: TrialTally, pattern: CHSHPattern) -> Double? {
        let n = tally.trials
        guard n > 0, n <= WinCount.mostTrials else { return nil }
        let (flipX, flipY) = (pattern.hasMinus(x: 1) ? 0 : 1, pattern.hasMinus(y: 1) ? 0 : 1)
        func count(_ a: Int, _ b: Int, _ x: Int, _ y: Int) -> Double {
            Double(tally.count(x: x ^ flipX, y: y ^ flipY, a: a, b: b))
        }
        let against = count(0, 1, 0, 1) + count(1, 0, 1, 0) + count(0, 0, 1, 1) + Double(tally.losses)
        return (least * count(0, 0, 0, 0) - greatest * against) / Double(n)
    }

    /// The mean of the left side over the eight relabellings that keep the game: (l k − 3h (n − k))/(8n).
    ///
    /// Of the eight winning cells each stands in one image's first term, of the losing ones each in three images'
    /// bracket; a loss counts as a lost cell. Positive exactly if l w > 3h (1 − w).
    /// - Returns: Nil without trials or with more than 2^48.
    public func symmetricValue(_ count: WinCount) -> Double? {
        guard count.trials > 0, count.trials <= WinCount.mostTrials else { return nil }
        return (least * count.probability - 3 * greatest * (1 - count.probability)) / 8
    }

    /// The bias μ at which ``symmetricValue(_:)`` reaches 0: ½ (1 − r)/(1 + r), r = √(3(1 − w)/w).
    ///
    /// - Returns: 0 for w ≤ ¾; nil unless 0 ≤ w ≤ 1.
    public static func greatestBias(winProbability w: Double) -> Double? {
        guard w >= 0, w <= 1 else { return nil }
        guard w > 0.75 else { return 0 }
        let r = (3 * (1 - w) / w).squareRoot()
        return 0.5 * (1 - r) / (1 + r)
    }
}

extension CHSHPattern {
    /// Whether the pair with the minus sign has this x, or this y.
    fileprivate func hasMinus(x: Int) -> Bool { sign(x: x, y: 0) < 0 || sign(x: x, y: 1) < 0 }
    fileprivate func hasMinus(y: Int) -> Bool { sign(x: 0, y: y) < 0 || sign(x: 1, y: y) < 0 }
}
