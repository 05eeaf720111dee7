import BellFit
import Glibc

/// y = offset + amplitude · exp(−u²/2 − (flatness · u²)²), u = (x − centre)/width: a symmetric peak, flatter or steeper.
///
/// The overlap of a photon with the pulse that absorbs it is symmetric in the delay, and only nearly Gaussian.
/// Start: that of ``GaussianPeak``.
struct ArrivalPeak: FitModel {
    var parameterNames: [String] { ["offset", "amplitude", "centre", "width", "flatness"] }

    func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * shape(x, p).height }

    func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let (height, u) = shape(x, p)
        let square = u * u
        // d(exponent)/du of −u²/2 − f² u⁴.
        let slope = p[1] * height * (-u - 4 * p[4] * p[4] * square * u)
        gradient[0] = 1
        gradient[1] = height
        gradient[2] = -slope / p[3]
        gradient[3] = -slope * u / p[3]
        gradient[4] = p[1] * height * -2 * p[4] * square * square
        return true
    }

    func start(x: [Double], y: [Double]) -> [Double]? {
        GaussianPeak().start(x: x, y: y).map { $0 + [0.3] }
    }

    func normal(_ p: [Double]) -> [Double] { [p[0], p[1], p[2], p[3].magnitude, p[4].magnitude] }

    private func shape(_ x: Double, _ p: [Double]) -> (height: Double, u: Double) {
        let u = (x - p[2]) / p[3]
        let flat = p[4] * u * u
        return (exp(-u * u / 2 - flat * flat), u)
    }
}
