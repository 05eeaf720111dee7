import Glibc

/// y = offset + amplitude · exp(−(x − centre)²/(2 width²)): a peak or (amplitude < 0) a dip of standard deviation `width`.
public struct GaussianPeak: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "centre", "width"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * GaussianPeak.shape((x - p[2]) / p[3]) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let ratio = (x - p[2]) / p[3]
        let shape = GaussianPeak.shape(ratio)
        gradient[0] = 1
        gradient[1] = shape
        gradient[2] = p[1] * shape * ratio / p[3]
        gradient[3] = gradient[2] * ratio
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        for width in Sweep.ratios(min(0.7 * sweep.spacing, sweep.span), sweep.span / 2, 10) {
            for centre in Sweep.places(x, 150) {
                search.consider([centre, width]) { GaussianPeak.shape(($0 - centre) / width) }
            }
        }
        return search.best.map { [$0.offset, $0.amplitude, $0.candidate[0], $0.candidate[1]] }
    }

    public func normal(_ p: [Double]) -> [Double] { [p[0], p[1], p[2], p[3].magnitude] }

    private static func shape(_ ratio: Double) -> Double { exp(-ratio * ratio / 2) }
}
