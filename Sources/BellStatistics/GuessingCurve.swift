import Glibc

/// Bounds on how well outcomes can be guessed at a CHSH value I: f(I) = −log2 max P(ab|xy), bits a trial.
///
/// Every curve is convex, 0 at I ≤ 2, and holds for each setting pair; I beyond a curve's end counts as its end.
public enum GuessingCurve: String, CaseIterable, Sendable {
    /// The exact quantum curve: two qubits suffice (Jordan's lemma), and its value is a 3×3 eigenproblem.
    case exact
    /// The analytic quantum bound f ≥ 1 − log2(1 + √(2 − I²/4)).
    case analytic
    /// No-signalling alone: f = −log2(3/2 − I/4).
    case noSignalling = "no-signalling"

    /// The largest CHSH value of the curve's theory: 2√2, or 4 from no-signalling.
    public var largestValue: Double { self == .noSignalling ? 4 : 2 * 2.0.squareRoot() }

    /// f(I) in bits a trial, ≥ 0.
    ///
    /// It is rounded down by less than 1e-7.
    /// - SeeAlso: Pironio et al., Nature 464, 1021 (2010), eq. (3), figure 2 (curves a, b) and supplementary A.
    public func bits(at value: Double) -> Double {
        guard value > 2 else { return 0 }
        let i = min(value, largestValue)
        switch self {
        case .exact: return max(0, -log2(GuessingCurve.exactProbability(i)))
        case .analytic: return max(0, 1 - log2(1 + max(0, 2 - i * i / 4).squareRoot()))
        case .noSignalling: return max(0, -log2(1.5 - i / 4))
        }
    }
}

extension GuessingCurve {
    /// Added to every line's constant: more than the rounding of the eigenvalue and the grid's remaining error.
    static let slack = 1e-9

    /// G(I) = min over μ ≥ ¼ of s(μ) − μI, for 2 < I ≤ 2√2, plus the slack.
    ///
    /// Every μ gives a valid upper bound on the guessing probability, so a search that stops short of the best μ is
    /// loose, never wrong. At 2√2 the behaviour is unique (Tsirelson) and G = (2 + √2)/8.
    static func exactProbability(_ i: Double) -> Double {
        if i >= 2 * 2.0.squareRoot() - 1e-12 { return (2 + 2.0.squareRoot()) / 8 + slack }
        let line = { (u: Double) in
            let mu = exp(u)
            return mu * i - constant(slope: mu)
        }
        return min(1, slack - greatest(of: line, in: log(0.25), 10, steps: 34).value)
    }

    /// s(μ), the largest eigenvalue of M(μ, θ) over θ: the line G(I) ≤ s(μ) − μI for every quantum behaviour.
    ///
    /// By Jordan's lemma the extremal behaviours are those of two real qubits; with equal angles θ between each
    /// side's two measurements and in the swap-symmetric subspace, P(00|00) + μ·CHSH is, with c = cos θ, s = sin θ,
    /// p = 1 + 2c − c², k = √2 s(1 − c), r = s²,
    /// ```
    /// M = μ [[p, k, −r], [k, −p−r, −k], [−r, −k, p]] + diag(1, 0, 0)
    /// ```
    /// It was compared with the search over both angles in four dimensions (6e-14) and with the third level of the
    /// Navascués–Pironio–Acín hierarchy (1e-6).
    /// - SeeAlso: Masanes, Phys. Rev. Lett. 97, 050503 (2006), for the reduction to qubits.
    static func constant(slope mu: Double) -> Double {
        // The grid only finds the cell, so that the closed form is good enough for it.
        var best = (value: -Double.infinity, step: 0)
        for (step, direction) in directions.enumerated() {
            let v = matrix(slope: mu, cosine: direction.cosine, sine: direction.sine).largestRoot
            if v > best.value { best = (v, step) }
        }
        let cell = Double.pi / Double(gridSteps)
        let centre = Double(best.step) * cell
        let value = { (theta: Double) in
            var matrix = matrix(slope: mu, cosine: cos(theta), sine: sin(theta))
            return matrix.largestEigenvalue()
        }
        return greatest(of: value, in: max(0, centre - cell), min(.pi, centre + cell), steps: 32).value
    }

    private static let gridSteps = 128
    /// cos θ and sin θ for θ from 0 to π.
    private static let directions = (0...gridSteps).map { step in
        let theta = Double.pi * Double(step) / Double(gridSteps)
        return (cosine: cos(theta), sine: sin(theta))
    }

    private static func matrix(slope mu: Double, cosine c: Double, sine s: Double) -> SymmetricMatrix3 {
        let p = 1 + 2 * c - c * c
        let k = 2.0.squareRoot() * s * (1 - c)
        let r = s * s
        return SymmetricMatrix3(
            xx: mu * p + 1, yy: -mu * (p + r), zz: mu * p, xy: mu * k, xz: -mu * r, yz: -mu * k)
    }
}
