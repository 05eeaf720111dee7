import Glibc

/// y = offset + amplitude · (1 − exp(−(x − origin)/tau)) from the origin on, the offset before: a transient that settles.
///
/// The origin is known, usually 0; an unknown edge is ``ErrorFunctionStep``'s. Start: as ``Exponential``'s.
public struct SaturatingStep: FitModel {
    public var origin: Double

    public init(origin: Double = 0) { self.origin = origin }

    public var parameterNames: [String] { ["offset", "amplitude", "tau"] }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        x <= origin ? p[0] : p[0] - p[1] * expm1(-(x - origin) / p[2])
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        gradient[0] = 1
        let since = x - origin
        guard since > 0 else {
            (gradient[1], gradient[2]) = (0, 0)
            return true
        }
        gradient[1] = -expm1(-since / p[2])
        gradient[2] = -p[1] * exp(-since / p[2]) * since / (p[2] * p[2])
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        for tau in Sweep.ratios(0.3 * sweep.spacing, 10 * sweep.span, 40) {
            search.consider([tau]) { $0 <= origin ? 0 : -expm1(-($0 - origin) / tau) }
        }
        return search.best.map { [$0.offset, $0.amplitude, $0.candidate[0]] }
    }
}
