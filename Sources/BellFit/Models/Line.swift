/// y = offset + slope · x; solved directly.
public struct Line: LinearModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "slope"] }

    public func basis(_ x: Double, into basis: inout [Double]) { (basis[0], basis[1]) = (1, x) }

    /// Where a fitted line reaches `level`, with its standard uncertainty; nan for a line that is level.
    public static func crossing(_ fit: Fit, level: Double = 0) -> (x: Double, uncertainty: Double) {
        guard fit.parameters.count == 2, fit.covariance.count == 4 else { return (.nan, .nan) }
        let (offset, slope) = (fit.parameters[0] - level, fit.parameters[1])
        let x = -offset / slope
        guard x.isFinite else { return (.nan, .nan) }
        // dx = −(d offset + x d slope)/slope.
        let variance = fit.covariance[0] + 2 * x * fit.covariance[1] + x * x * fit.covariance[3]
        return (x, variance.squareRoot() / slope.magnitude)
    }
}
