/// How the two setting bits of a trial may depend on each other, each being biased by at most μ.
public enum SettingDependence: String, CaseIterable, Sendable {
    /// Either bit may have been drawn first, and the other may depend on it: 12 extreme laws.
    case eitherOrder = "either-order"
    /// The bits are independent given the past: 4 extreme laws.
    case independent = "independent"

    /// The extreme points of the allowed laws P(xy), each with four values by 2x + y; one law where μ = 0.
    ///
    /// A law that is a mixture of others cannot give a larger expectation, so these are all that must be checked.
    public func extremeLaws(_ model: LocalModel) -> [[Double]] {
        let (low, high) = (0.5 - model.settingBias, 0.5 + model.settingBias)
        guard low < high else { return [[0.25, 0.25, 0.25, 0.25]] }
        func other(_ p: Double) -> Double { p == low ? high : low }
        var laws: [[Double]] = []
        // `p` is P(first = 0), `q0` and `q1` are P(second = 0) after a first 0 and a first 1.
        for p in [low, high] {
            for q0 in [low, high] {
                for q1 in [low, high] where self == .eitherOrder || q0 == q1 {
                    let (a, b, c, d) = (p * q0, p * other(q0), other(p) * q1, other(p) * other(q1))
                    laws.append([a, b, c, d])
                    // Bob's bit first; where q0 = q1 that is one of the laws that are there already.
                    if q0 != q1 { laws.append([a, c, b, d]) }
                }
            }
        }
        return laws
    }
}
