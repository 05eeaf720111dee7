import Glibc

/// y = offset + cosine · cos(2πx/period) + sine · sin(2πx/period); solved directly: S over the Bell state's phase.
public struct CosineKnownPeriod: LinearModel {
    public var period: Double

    public init(period: Double) { self.period = period }

    public var parameterNames: [String] { ["offset", "cosine", "sine"] }

    public func basis(_ x: Double, into basis: inout [Double]) {
        let angle = 2 * .pi * x / period
        (basis[0], basis[1], basis[2]) = (1, cos(angle), sin(angle))
    }

    /// Amplitude ≥ 0 and the x in −period/2...period/2 where the fitted curve is highest, with standard uncertainties.
    public func peak(_ fit: Fit) -> (
        amplitude: Double, amplitudeUncertainty: Double, x: Double, xUncertainty: Double
    ) {
        guard fit.parameters.count == 3, fit.covariance.count == 9 else { return (.nan, .nan, .nan, .nan) }
        let (a, b) = (fit.parameters[1], fit.parameters[2])
        let amplitude = (a * a + b * b).squareRoot()
        let (aa, ab, bb) = (fit.covariance[4], fit.covariance[5], fit.covariance[8])
        let along = (a * a * aa + 2 * a * b * ab + b * b * bb).squareRoot() / amplitude
        let across = (b * b * aa - 2 * a * b * ab + a * a * bb).squareRoot() / (amplitude * amplitude)
        return (amplitude, along, period * atan2(b, a) / (2 * .pi), period * across / (2 * .pi))
    }
}
