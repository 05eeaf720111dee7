import Glibc

/// How the mean IQ point of a window comes about: the tone, the resonator's response to each level, and its ring-up.
///
/// In a frame at the tone, the field follows α' = λ (α∞ − α) with λ = κ/2 + i(ω_level − ω_tone) and α∞ = κ/(2λ), from
/// α = 0 at the window's start; a point is the window's mean of α, scaled and turned so that in the steady state at the
/// best frequency the clouds of |g⟩ and |e⟩ are ± `separation` along `angle` about a common centre.
/// - SeeAlso: Blais, Grimsmo, Girvin and Wallraff, RMP 93, 025005 (2021), section V.
struct ReadoutResonator: Equatable, Sendable {
    /// Where each level's field would settle, in codes.
    private let settled: [Complex]
    /// λ times the window's length; infinite without a resonator.
    private let rates: [Complex]
    private let hasMemory: Bool

    /// - Parameters:
    ///   - strength: Tone amplitude of full scale.
    ///   - tone: Its offset from the readout frame in Hz.
    ///   - window: Seconds.
    init(truth: ReadoutTruth, strength: Double, tone: Double, window: Double) {
        let limited = truth.saturation.isFinite ? truth.saturation * tanh(strength / truth.saturation) : strength
        let size = truth.separation * truth.gain * limited
        hasMemory = truth.linewidth.isFinite && truth.shift != 0
        guard hasMemory else {
            let (i, q) = (size * cos(truth.angle), size * sin(truth.angle))
            settled = [Complex(-i, -q), Complex(i, q), Complex(i, q)]
            rates = []
            return
        }
        // The clouds' half distance is x/(1 + x²) with x = 2χ/κ for a steady state of 1 on resonance.
        let x = 2 * truth.shift / truth.linewidth
        let scale = (size * (1 + x * x) / x) * (Complex(0, 1) * Complex.phase(truth.angle))
        let kappa = 2 * Double.pi * truth.linewidth
        let lambda = [-1.0, 1, 3].map { place in
            Complex(0.5 * kappa, 2 * .pi * (truth.frequency + place * truth.shift - tone))
        }
        settled = lambda.map { scale * (Complex(0.5 * kappa) / $0) }
        rates = lambda.map { window * $0 }
    }

    /// The point of a transmon that is in `path[k].level` until `path[k].until`, a fraction of the window.
    func point(_ path: [(level: Int, until: Double)]) -> (i: Double, q: Double) {
        var (field, sum) = (Complex(0), Complex(0))
        var at = 0.0
        for (level, until) in path {
            let target = settled[level]
            let span = until - at
            if hasMemory {
                let left = Complex.exponential(-span * rates[level])
                let gap = field - target
                sum += span * target + gap * (Complex(1) - left) / rates[level]
                field = target + gap * left
            } else {
                sum += span * target
            }
            at = until
        }
        return (sum.re, sum.im)
    }
}
