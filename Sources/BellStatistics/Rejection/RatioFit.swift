/// The best bet against local realism on one trial, if trials follow a given law f of the 16 cells.
///
/// R(abxy) ≥ 0 multiplies the evidence. Σ p(xy) P(ab|xy) R ≤ 1 for each deterministic strategy and each extreme
/// settings law makes it a test; the fastest growth Σ f log R is that of R = f / m, where m is the local law nearest to
/// f in KL divergence. The problem is convex and is solved together with its dual, so that the distance from the optimum
/// is known; and R is divided by its largest expectation in any case, so that a poor solution is weak, never wrong.
/// - SeeAlso: Zhang, Glancy and Knill, Phys. Rev. A 84, 062118 (2011), eqs. (8)–(12).
public struct RatioFit: Equatable, Sendable {
    /// The least factor of a bet, so that no trial ends all evidence: R is mixed with this much of the bet R = 1.
    ///
    /// Costs nothing to first order, since Σ f/R = Σ m = 1.
    public static let leastFactor = 0x1p-10
    /// Bits a trial below which no bet is made.
    public static let leastRate = 1e-9
    /// The gap that is allowed, relative to the rate but not below 1e-12 bits.
    public static let relativeGap = 1e-9

    /// R by cell 8x + 4y + 2a + b.
    public let factors: [Double]
    /// The factor of a loss, the least of R: a local strategy gains nothing by not answering.
    public let lossFactor: Double
    /// Σ f log2 R, bits a trial: the growth if f is true.
    public let rate: Double
    /// The most by which a better R could raise the rate, bits a trial; from the dual solution, before the mixing.
    public let gap: Double
    /// Newton steps taken.
    public let steps: Int
    /// Whether the gap is within ``relativeGap``.
    public var isOptimal: Bool { gap <= RatioFit.relativeGap * max(rate, 1e-3) }

    /// Finds the bet; about a tenth of a millisecond.
    ///
    /// - Parameter law: f by cell, 16 values; nil unless all are > 0, normal and of sum 1 to within 1e-9.
    public init?(law: [Double], model: LocalModel, settings: SettingDependence = .eitherOrder) {
        self.init(law: law, vertices: LocalVertices(model, settings))
    }

    init?(law f: [Double], vertices: LocalVertices) {
        guard f.count == 16, f.allSatisfy({ $0 >= 1e-30 && $0.isFinite }), abs(f.reduce(0, +) - 1) < 1e-9 else {
            return nil
        }
        var solver = RatioSolver(law: f, vertices: vertices)
        solver.run()
        (gap, steps) = (solver.gap, solver.steps)
        var r = solver.factors
        if solver.rate <= RatioFit.leastRate {
            r = [Double](repeating: 1, count: 16)
        } else {
            for c in 0..<16 { r[c] = (1 - RatioFit.leastFactor) * r[c] + RatioFit.leastFactor }
            // The margin is more than the rounding of the five operations of a sum and of a logarithm.
            let divisor = vertices.largestExpectation(r) * (1 + 0x1p-44)
            for c in 0..<16 { r[c] /= divisor }
        }
        factors = r
        lossFactor = r.reduce(1, min)
        rate = zip(f, r).reduce(0) { $0 + $1.0 * portableLog2($1.1) }
    }
}
