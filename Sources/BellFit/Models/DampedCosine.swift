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

    public func tabulate(
        _ x: UnsafeBufferPointer<Double>, _ p: [Double], into values: UnsafeMutableBufferPointer<Double>,
        _ columns: UnsafeMutableBufferPointer<Double>
    ) {
        let (offset, amplitude, rate, phase, decay) = (p[0], p[1], 2 * .pi * p[2], p[3], 1 / p[4])
        let isExponential = envelope == .exponential
        let column = { k in UnsafeMutableBufferPointer(rebasing: columns[k * x.count..<(k + 1) * x.count]) }
        let (ones, waves, frequencies, phases, taus) = (column(0), column(1), column(2), column(3), column(4))
        ones.update(repeating: 1)
        Lanes.forEach(x) { first, x in
            let (sine, cosine) = Lanes.sineCosine(rate * x + phase)
            let ratio = x * decay
            let height = height(ratio)
            let wave = height * cosine
            let slope = -amplitude * height * sine
            Lanes.store(offset + amplitude * wave, first, into: values)
            Lanes.store(wave, first, into: waves)
            Lanes.store(slope * (2 * Double.pi) * x, first, into: frequencies)
            Lanes.store(slope, first, into: phases)
            let bend = isExponential ? ratio : 2 * ratio * ratio
            Lanes.store(amplitude * wave * bend * decay, first, into: taus)
        }
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), let found = Periodogram(x: x, y: y) else { return nil }
        var best: [Double]?
        var least = Double.infinity
        let extent = max(sweep.span, sweep.upper.magnitude)
        let decays = [0.06, 0.12, 0.25, 0.5, 1, 2, 8].map { $0 * extent }
        let heights = decays.map { tau in Lanes.map(x) { self.height($0 * (1 / tau)) } }
        for shift in -2...2 {
            let frequency = found.frequency + Double(shift) * found.step
            guard frequency > 0 else { continue }
            let rate = 2 * .pi * frequency
            let cosines = Lanes.map(x) { Lanes.sineCosine(rate * $0).cosine }
            let sines = Lanes.map(x) { Lanes.sineCosine(rate * $0).sine }
            for (tau, heights) in zip(decays, heights) {
                // Offset and both quadratures, and what they leave.
                var sums = NormalEquations3()
                for i in x.indices { sums.add(1, heights[i] * cosines[i], heights[i] * sines[i], y[i]) }
                guard let solution = sums.solution, solution.rest < least else { continue }
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

    private func height(_ ratio: Lanes.Vector) -> Lanes.Vector {
        Lanes.exponential(envelope == .exponential ? -ratio : -ratio * ratio)
    }
}
