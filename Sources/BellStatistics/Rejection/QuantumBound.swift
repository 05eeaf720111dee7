import Glibc

extension LocalModel {
    /// The least probability to lose a trial of the CHSH game, however the devices are entangled and the settings biased.
    ///
    /// Given the settings' law P(xy), the devices' correlators are scalar products of vectors in the unit ball, so that the
    /// advantage Σ ±P(xy) E(xy) is at most max over c of √(A + Bc) + √(C + Dc), c being the product of one node's two vectors.
    /// That is concave in c, and convex in the law: its maximum lies at one of the laws' vertices. For μ = 0 it is 1/√2,
    /// Tsirelson's bound, and the loss (2 − √2)/4; to first order a bias does not change that. Never less than l (2 − √2),
    /// which follows from Σ L(xy) = (4 − S)/2 and P(xy) ≥ l alone, nor more than l, as local devices are quantum ones.
    /// - SeeAlso: Tsirelson, Lett. Math. Phys. 4, 93 (1980); Lawson, Linden and Popescu, arXiv:1011.6245.
    public var leastQuantumLoss: Double {
        let most = CHSHPolytope.settingsLaws(self).map(LocalModel.greatestAdvantage).max() ?? 1
        // Rounding must not make the bound smaller than it is.
        return max(0, (1 - most) / 2 - 1e-15)
    }

    /// 1 − ``leastQuantumLoss``: the most that quantum theory lets a trial be won with; (2 + √2)/4 without a bias.
    public var quantumWinBound: Double { 1 - leastQuantumLoss }

    /// The greatest of Σ ±P(xy) E(xy) over all quantum correlators, the sign being − at xy = 11.
    ///
    /// The other patterns are relabellings, under which the set of laws does not change.
    private static func greatestAdvantage(_ law: [Double]) -> Double {
        let (a, b) = (law[0] * law[0] + law[2] * law[2], 2 * law[0] * law[2])
        let (c, d) = (law[1] * law[1] + law[3] * law[3], -2 * law[1] * law[3])
        let value = { (x: Double) in max(0, a + b * x).squareRoot() + max(0, c + d * x).squareRoot() }
        // Where the derivative vanishes: b²(c + dx) = d²(a + bx); nowhere if a pair never comes.
        let middle = (b * b * c - d * d * a) / (b * d * (d - b))
        let inside = middle.isFinite ? min(max(middle, -1), 1) : 1
        return max(value(-1), value(1), value(inside))
    }
}

extension WinCount {
    /// log10 of P[Bin(n, 1 − loss) ≥ k] with the least loss that quantum theory allows: small when S is above 2√2 beyond
    /// statistics.
    ///
    /// Wins of all started trials: lost ones are not won, so that losing trials can only raise the p-value. Holds for any
    /// memory of the devices. A consistency test: devices that obey quantum theory pass, and passing proves nothing.
    public func log10QuantumPValue(_ model: LocalModel) -> Double {
        let loss = model.leastQuantumLoss
        return Binomial.logUpperTail(successes: wins, trials: trials, p: 1 - loss, q: loss) * log10OfE
    }
}
