import Glibc

/// y = offset + amplitude · baseˣ: survival over x gates in randomized benchmarking (A pᵐ + B), 0 < base ≤ 1.
///
/// Start: the best of forty decays. Where long sequences are not measured hold the offset by ``Held``.
/// - SeeAlso: Magesan et al., PRL 106, 180504 (2011), equation 5.
public struct PowerDecay: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "base"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * pow(max(p[2], 0), x) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let base = max(p[2], 1e-300)
        let height = pow(base, x)
        gradient[0] = 1
        gradient[1] = height
        gradient[2] = x == 0 ? 0 : p[1] * x * pow(base, x - 1)
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        for tau in Sweep.ratios(0.3 * sweep.spacing, 10 * sweep.span, 40) {
            search.consider([tau]) { exp(-($0 - sweep.lower) / tau) }
        }
        return search.best.map { best in
            let atZero = exp(min(sweep.lower / best.candidate[0], 300))
            return [best.offset, best.amplitude * atZero, exp(-1 / best.candidate[0])]
        }
    }
}
