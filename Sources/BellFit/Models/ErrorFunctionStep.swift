import Glibc

/// y = offset + amplitude · ½(1 + erf((x − edge)/(√2 width))): where something begins to act, and how blurred its edge is.
///
/// `width` is the standard deviation of the blur, positive; amplitude < 0 steps down. For switching and trigger delays.
public struct ErrorFunctionStep: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "edge", "width"] }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        p[0] + p[1] * ErrorFunctionStep.shape((x - p[2]) / p[3])
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let ratio = (x - p[2]) / p[3]
        gradient[0] = 1
        gradient[1] = ErrorFunctionStep.shape(ratio)
        gradient[2] = -p[1] * exp(-ratio * ratio / 2) / (2 * .pi).squareRoot() / p[3]
        gradient[3] = gradient[2] * ratio
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        // Edges between the places: a sharp step is seen only there.
        let places = Sweep.places(x, 150)
        let edges = zip(places, places.dropFirst()).map { ($0 + $1) / 2 }
        for width in Sweep.ratios(0.4 * sweep.spacing, sweep.span / 2, 8) {
            for edge in edges { search.consider([edge, width]) { ErrorFunctionStep.shape(($0 - edge) / width) } }
        }
        return search.best.map { [$0.offset, $0.amplitude, $0.candidate[0], $0.candidate[1]] }
    }

    /// A negative width mirrors the step: the same as one of the other sign from the other level.
    public func normal(_ p: [Double]) -> [Double] {
        p[3] < 0 ? [p[0] + p[1], -p[1], p[2], -p[3]] : p
    }

    private static func shape(_ ratio: Double) -> Double { 0.5 * erfc(-ratio / 2.0.squareRoot()) }
}
