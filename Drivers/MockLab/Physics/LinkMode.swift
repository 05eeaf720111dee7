import BellModel
import Glibc

/// How well a photon fits the pulse that absorbs it.
///
/// The photon's amplitude follows the emission's waveform, widened by the Gaussian response of the transfer resonators
/// (standard deviation ``LinkTruth/modeWidth``); the absorption takes the mode that its own waveform has. The part that
/// it takes is |∫ψ* φ dt|²/(∫|ψ|² ∫|φ|²).
/// - SeeAlso: Cirac, Zoller, Kimble and Mabuchi, PRL 78, 3221 (1997), whose symmetric photon makes it 1.
struct LinkMode {
    /// Seconds after the trigger pulse left its source, steps without their event's phase.
    let start: Double
    let steps: [DriveStep]

    init(event: ProgramEvent, program: NodeProgram, origin: Double) {
        let tick = 1 / program.tickRate.hertz
        let sample = tick * Double(program.ticksPerSample)
        steps = Envelope(event: event, program: program, sample: sample, tick: tick).steps
        start = origin + Double(event.tick) * tick
    }

    private var length: Double { steps.reduce(0) { $0 + $1.length } }

    /// 0…1.
    static func overlap(emission: LinkMode, absorption: LinkMode, delay: Double, spread: Double) -> Double {
        let margin = spread.isFinite ? 5 * spread : 0
        let begin = min(emission.start + delay - margin, absorption.start)
        let end = max(emission.start + delay + emission.length + margin, absorption.start + absorption.length)
        // Smooth shapes of some 100 ns in intervals of some nanoseconds: errors are far below those of the model.
        let count = 192
        let step = (end - begin) / Double(count)
        guard step > 0 else { return 0 }
        let sent = emission.sampled(from: begin - delay, step: step, count: count)
        let taken = absorption.sampled(from: begin, step: step, count: count)
        let photon = widened(sent, by: spread.isFinite ? spread / step : 0)
        var (product, own, other) = (Complex(0), 0.0, 0.0)
        for (a, b) in zip(photon, taken) {
            product += a.conjugate * b
            own += a.squared
            other += b.squared
        }
        return own > 0 && other > 0 ? min(1, product.squared / (own * other)) : 0
    }

    /// Means over `count` intervals of `step` seconds.
    private func sampled(from begin: Double, step: Double, count: Int) -> [Complex] {
        var result = [Complex](repeating: Complex(0), count: count)
        var at = start
        for piece in steps {
            let end = at + piece.length
            let first = max(0, Int((at - begin) / step))
            let last = min(count - 1, Int((end - begin) / step))
            if first <= last {
                for k in first...last {
                    let low = max(at, begin + Double(k) * step)
                    let high = min(end, begin + Double(k + 1) * step)
                    if high > low { result[k] += ((high - low) / step) * piece.amplitude }
                }
            }
            at = end
        }
        return result
    }

    /// Folds with a Gaussian; `width` in intervals.
    private static func widened(_ values: [Complex], by width: Double) -> [Complex] {
        guard width > 0.1 else { return values }
        let reach = min(Int((5 * width).rounded(.up)), values.count)
        let kernel = (0...reach).map { exp(-0.5 * Double($0 * $0) / (width * width)) }
        return values.indices.map { center in
            var sum = Complex(0)
            for k in max(0, center - reach)...min(values.count - 1, center + reach) {
                sum += kernel[abs(k - center)] * values[k]
            }
            return sum
        }
    }
}
