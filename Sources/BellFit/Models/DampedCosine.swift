import Glibc

/// y = offset + amplitude · e(x) · cos(2π · frequency · x + phase), damped from x = 0 on: Ramsey, Rabi by duration.
///
/// The envelope e is exp(−x/tau), or exp(−(x/tau)²) for noise that stands still during a shot and differs from one to
/// the next. Start: the best frequency of a ``Periodogram``, then the best of a few frequencies and decays around it.
public struct DampedCosine: FitModel {
    /// How the oscillation dies away.
    public enum Envelope: Equatable, Sendable {
        case exponential
        /// Quasi-static noise.
        case gaussian
    }

    public var envelope: Envelope

    public init(_ envelope: Envelope = .exponential) { self.envelope = envelope }

    public var parameterNames: [String] { ["offset", "amplitude", "frequency", "phase", "tau"] }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        p[0] + p[1] * height(x / p[4]) * cos(2 * .pi * p[2] * x + p[3])
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        _ = evaluate(x, p, into: &gradient)
        return true
    }

    public func evaluate(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Double {
        let angle = 2 * .pi * p[2] * x + p[3]
        let (sine, cosine) = (sin(angle), cos(angle))
        let ratio = x / p[4]
        let height = height(ratio)
        let wave = height * cosine
        let slope = -p[1] * height * sine
        gradient[0] = 1
        gradient[1] = wave
        gradient[2] = slope * 2 * .pi * x
        gradient[3] = slope
        gradient[4] = p[1] * wave * (envelope == .exponential ? ratio : 2 * ratio * ratio) / p[4]
        return p[0] + p[1] * wave
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), let found = Periodogram(x: x, y: y) else { return nil }
        var best: [Double]?
        var least = Double.infinity
        let extent = max(sweep.span, sweep.upper.magnitude)
        for decay in [0.06, 0.12, 0.25, 0.5, 1, 2, 8] {
            for shift in -2...2 {
                let frequency = found.frequency + Double(shift) * found.step
                let tau = decay * extent
                let solution = solve(x, y, frequency, tau)
                guard let solution, solution.rest < least else { continue }
                least = solution.rest
                let p = solution.parameters
                let amplitude = (p[1] * p[1] + p[2] * p[2]).squareRoot()
                best = [p[0], amplitude, frequency, atan2(-p[2], p[1]), tau]
            }
        }
        return best
    }

    public func normal(_ p: [Double]) -> [Double] {
        var p = Cosine.normalOscillation(p)
        if envelope == .gaussian { p[4] = p[4].magnitude }
        return p
    }

    private func height(_ ratio: Double) -> Double {
        exp(envelope == .exponential ? -ratio : -ratio * ratio)
    }

    /// Offset and both quadratures of given frequency and decay, and what they leave.
    private func solve(_ x: [Double], _ y: [Double], _ frequency: Double, _ tau: Double) -> (
        parameters: [Double], rest: Double
    )? {
        guard frequency > 0 else { return nil }
        var sums = NormalEquations3()
        for (x, y) in zip(x, y) {
            let height = height(x / tau)
            let angle = 2 * .pi * frequency * x
            let (sine, cosine) = (sin(angle), cos(angle))
            sums.add(1, height * cosine, height * sine, y)
        }
        return sums.solution
    }
}
