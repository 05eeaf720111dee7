/// y = extremum + curvature · (x − vertex)²: the best setting of something that was swept around it.
///
/// The same curves as a polynomial of second order, in the parameters that are asked for, so that their uncertainties
/// come along. Start: the polynomial's direct solution, which is the minimum already; nil for a straight line.
public struct Parabola: FitModel {
    public init() {}

    public var parameterNames: [String] { ["extremum", "vertex", "curvature"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[2] * (x - p[1]) * (x - p[1]) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let distance = x - p[1]
        gradient[0] = 1
        gradient[1] = -2 * p[2] * distance
        gradient[2] = distance * distance
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), x.count == y.count else { return nil }
        let (middle, half) = ((sweep.lower + sweep.upper) / 2, sweep.span / 2)
        var sums = NormalEquations3()
        for (x, y) in zip(x, y) {
            let t = (x - middle) / half
            sums.add(1, t, t * t, y)
        }
        guard let p = sums.solution?.parameters, p[2].magnitude > 1e-12 * max(p[0].magnitude, p[1].magnitude) else {
            return nil
        }
        let t = -p[1] / (2 * p[2])
        return [p[0] - p[2] * t * t, middle + half * t, p[2] / (half * half)]
    }
}
