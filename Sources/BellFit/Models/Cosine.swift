import Glibc

/// y = offset + amplitude · cos(2π · frequency · x + phase); frequency in periods per unit of x, phase in rad.
///
/// Start: the best frequency of a ``Periodogram``. Normal form: amplitude ≥ 0, frequency ≥ 0, −π < phase ≤ π.
public struct Cosine: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "frequency", "phase"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * cos(2 * .pi * p[2] * x + p[3]) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        _ = evaluate(x, p, into: &gradient)
        return true
    }

    public func evaluate(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Double {
        let angle = 2 * .pi * p[2] * x + p[3]
        let (sine, cosine) = (sin(angle), cos(angle))
        let slope = -p[1] * sine
        gradient[0] = 1
        gradient[1] = cosine
        gradient[2] = slope * 2 * .pi * x
        gradient[3] = slope
        return p[0] + p[1] * cosine
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        Periodogram(x: x, y: y).map { [$0.mean, $0.amplitude, $0.frequency, $0.phase] }
    }

    public func normal(_ p: [Double]) -> [Double] { Cosine.normalOscillation(p) }

    /// Amplitude, frequency and phase at places 1, 2, 3 in their normal form.
    static func normalOscillation(_ p: [Double]) -> [Double] {
        var p = p
        if p[2] < 0 { (p[2], p[3]) = (-p[2], -p[3]) }
        if p[1] < 0 { (p[1], p[3]) = (-p[1], p[3] + .pi) }
        p[3] = remainder(p[3], 2 * .pi)
        if p[3] <= -.pi { p[3] = .pi }
        return p
    }
}
