import Glibc

/// y = offset + amplitude · exp(−x/tau): T1, echo.
///
/// Start: the best of forty decays from a fraction of the spacing to ten spans, offset and amplitude solved for each.
/// A logarithm of the data would need the offset first and would fail where noise makes them negative.
public struct Exponential: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "tau"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * exp(-x / p[2]) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let height = exp(-x / p[2])
        gradient[0] = 1
        gradient[1] = height
        gradient[2] = p[1] * height * x / (p[2] * p[2])
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        for tau in Sweep.ratios(0.3 * sweep.spacing, 10 * sweep.span, 40) {
            // From the first place on, so that a sweep far from 0 does not vanish.
            search.consider([tau]) { exp(-($0 - sweep.lower) / tau) }
        }
        return search.best.map { best in
            let atZero = exp(min(sweep.lower / best.candidate[0], 300))
            return [best.offset, best.amplitude * atZero, best.candidate[0]]
        }
    }
}
