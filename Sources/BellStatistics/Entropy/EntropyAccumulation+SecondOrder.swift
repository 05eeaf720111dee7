import Glibc

/// The von Neumann entropy of Alice's outcome given her setting and quantum side information, as a curve of w.
///
/// - SeeAlso: Acín et al., Phys. Rev. Lett. 98, 230501 (2007); Pironio et al., New J. Phys. 11, 045021 (2009).
enum EntropyCurve {
    /// (2 + √2)/4, Tsirelson's win probability.
    static let largestWin = (2 + 2.0.squareRoot()) / 4

    /// h(w) = 1 − h₂(½ + ½√(16w(w − 1) + 3)) bits; 0 up to w = ¾, and constant beyond Tsirelson's bound.
    static func bits(at w: Double) -> Double {
        guard w > 0.75 else { return 0 }
        let s = root(min(w, largestWin))
        // 1 − h₂(½ + s/2) without cancellation at small s; the second term vanishes at s = 1.
        let rest = s < 1 ? (1 - s) * log1p(-s) : 0
        return ((1 + s) * log1p(s) + rest) / (2 * ln2)
    }

    /// h′(w), bits, for ¾ < w < (2 + √2)/4.
    static func slope(at w: Double) -> Double {
        let s = root(w)
        return 2 * atanh(s) / ln2 * 4 * (2 * w - 1) / s
    }

    /// √(16w(w − 1) + 3) = √(S²/4 − 1), at most 1.
    private static func root(_ w: Double) -> Double { min(1, max(0, (4 * w - 1) * (4 * w - 3)).squareRoot()) }
}

/// The bound of entropy accumulation at one tangent and one order; every choice of the two is valid.
struct SecondOrder {
    private let trials: Double
    private let win: Double
    private let scale: Double
    private let range: Double
    private let constant: Double
    private let eventBits: Double
    private let form: EntropyAccumulation.Form
    private let dimension: Double

    /// `win` is the threshold as a win probability of uniform settings.
    init(
        trials: Double, win: Double, epsilonSmooth: Double, epsilonEvent: Double, model: LocalModel,
        everyTrialPlayed: Bool, form: EntropyAccumulation.Form, dimension: Double
    ) {
        self.trials = trials
        self.win = win
        scale = 1 / (4 * model.leastPair)
        // A played trial loses with probability at most (½ + μ)² Σ L(xy) ≤ (½ + μ)² (2 + √2) (Tsirelson); a trial
        // that is lost unplayed has w = 0.
        let most = 0.5 + model.settingBias
        range = everyTrialPlayed ? min(1, most * most * (2 + 2.0.squareRoot())) : 1
        // g = −log2(1 − √(1 − ε²)), without cancellation.
        constant = log2(1 + (1 - epsilonSmooth * epsilonSmooth).squareRoot()) - 2 * log2(epsilonSmooth)
        eventBits = -log2(epsilonEvent)
        self.form = form
        self.dimension = dimension
    }

    /// The best tangent at an order. For a fixed order the bound is concave in the tangent's slope: one maximum.
    func bestTangent(alphaExcess: Double) -> (argument: Double, value: Double) {
        greatest(
            of: { bits(tangent: $0, alphaExcess: alphaExcess) }, in: 0.75001, EntropyCurve.largestWin - 1e-6, steps: 40)
    }

    /// n f(w_thr) − n k (ln 2/2) V² − (g + α log2(1/p_Ω))/(α − 1) − n k² K(α) bits, with
    /// ```
    /// V = log2(2d² + 1) + √(2 + f′²/4),   e = log2 d² + Max f − Min f,   L = ln(2^e + e²)
    /// k = α − 1,            K = 2^(k e) L³ / (6 (2 − α)³ ln 2)                 (Dupuis and Fawzi)
    /// k = (α − 1)/(2 − α),  K = 2^(k e) L³ (2 − α)³ / (6 (3 − 2α)³ ln 2)       (generalised)
    /// ```
    /// (the e in L's e² is Euler's number.)
    func bits(tangent: Double, alphaExcess x: Double) -> Double {
        let slope = EntropyCurve.slope(at: tangent)
        let rate = EntropyCurve.bits(at: tangent) + slope * (win - tangent)
        let observed = slope * scale
        let v = log2(2 * dimension + 1) + (2 + observed * observed / 4).squareRoot()
        let e = log2(dimension) + observed * range
        let l = e * ln2 + log1p(exp(2 - e * ln2))
        let k: Double
        let cubes: Double
        switch form {
        case .dupuisFawzi:
            k = x
            cubes = 1 / cube(1 - x)
        case .generalized:
            k = x / (1 - x)
            cubes = cube((1 - x) / (1 - 2 * x))
        }
        let third = exp2(k * e) * cube(l) * cubes / (6 * ln2)
        return trials * (rate - k * ln2 / 2 * v * v - k * k * third) - (constant + (1 + x) * eventBits) / x
    }

    private func cube(_ x: Double) -> Double { x * x * x }
}
