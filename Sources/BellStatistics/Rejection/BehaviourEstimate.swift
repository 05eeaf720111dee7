import BellModel

/// What past trials let one expect of the next: a law of the 16 cells that is never 0 and never signals.
///
/// It only steers the bet. Whatever it says, the test stays valid; a bad guess makes it weak.
enum BehaviourEstimate {
    /// Trials that each cell is given beforehand (Krichevsky and Trofimov's ½).
    static let prior = 0.5

    /// f(abxy) by cell; Σ f = 1.
    ///
    /// P(ab|xy) comes from the eight moments ⟨A_x⟩, ⟨B_y⟩, ⟨A_x B_y⟩ with marginals pooled over the other side's
    /// setting: differences that would be signalling are noise under every hypothesis, and betting on them costs.
    /// P(xy) is the product of the observed marginals, each moved into ½ ± μ: a bias beyond μ must not look like a
    /// violation.
    static func law(_ tally: TrialTally, pattern: CHSHPattern, model: LocalModel) -> [Double] {
        let n = countsWithLosses(tally, pattern)
        // Sums over the four outcomes of each setting pair; a sign is +1 for outcome 0.
        let total = sums(n, [1, 1, 1, 1])
        let a = sums(n, [1, 1, -1, -1])
        let b = sums(n, [1, -1, 1, -1])
        let both = sums(n, [1, -1, -1, 1])
        let all = total.reduce(0, +)
        let zeroX = min(0.5 + model.settingBias, max(0.5 - model.settingBias, (total[0] + total[1]) / all))
        let zeroY = min(0.5 + model.settingBias, max(0.5 - model.settingBias, (total[0] + total[2]) / all))
        var law: [Double] = []
        for i in 0..<4 {
            let (x, y) = (i >> 1, i & 1)
            let meanA: Double = (a[2 * x] + a[2 * x + 1]) / (total[2 * x] + total[2 * x + 1])
            let meanB: Double = (b[y] + b[2 + y]) / (total[y] + total[2 + y])
            let product: Double = both[i] / total[i]
            let cells: [Double] = [
                1 + meanA + meanB + product, 1 + meanA - meanB - product,
                1 - meanA + meanB - product, 1 - meanA - meanB + product,
            ]
            // Pooled moments may leave a cell nothing; then it keeps what a cell without trials has.
            let kept = cells.map { max(4 * prior / total[i], $0) }
            let settings = (x == 0 ? zeroX : 1 - zeroX) * (y == 0 ? zeroY : 1 - zeroY)
            let scale = settings / kept.reduce(0, +)
            law += kept.map { $0 * scale }
        }
        return law
    }

    /// The law of equal correlators of size S/4, uniform marginals and uniform settings.
    static func symmetric(s: Double, pattern: CHSHPattern) -> [Double] {
        (0..<16).map { cell in
            let wins = pattern.wins(x: cell >> 3, y: cell >> 2 & 1, a: cell >> 1 & 1, b: cell & 1)
            return (wins ? 4 + s : 4 - s) / 64
        }
    }

    private static func sums(_ n: [Double], _ signs: [Double]) -> [Double] {
        (0..<4).map { pair in
            var sum = 0.0
            for cell in 0..<4 { sum += signs[cell] * n[4 * pair + cell] }
            return sum
        }
    }

    /// Counts with the prior; losses, which take the least factor, are spread over the cells that do not win.
    ///
    /// No more than a pair's surplus of wins, because more would look like a violation of the opposite sign.
    private static func countsWithLosses(_ tally: TrialTally, _ pattern: CHSHPattern) -> [Double] {
        var n = tally.counts.map { Double($0) + prior }
        let share = Double(tally.losses) / 4
        for i in 0..<4 {
            let equalWins = pattern.sign(x: i >> 1, y: i & 1) > 0
            let excess = n[4 * i] - n[4 * i + 1] - n[4 * i + 2] + n[4 * i + 3]
            let lost = min(share, max(0, equalWins ? excess : -excess)) / 2
            n[4 * i + (equalWins ? 1 : 0)] += lost
            n[4 * i + (equalWins ? 2 : 3)] += lost
        }
        return n
    }
}
