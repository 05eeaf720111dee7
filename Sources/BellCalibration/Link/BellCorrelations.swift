import BellModel

/// Correlations of joint trials by setting pair, and S.
struct BellCorrelations: Equatable, Sendable {
    /// E(x, y) = mean of (−1)^(a + b), index 2x + y.
    let values: [Uncertain]

    /// Nil when a setting pair has no trial.
    init?(_ set: JointSet) {
        var counts = [Int](repeating: 0, count: 4)
        var sums = [Int](repeating: 0, count: 4)
        let size =
            [
                set.settings.alice.count, set.settings.bob.count, set.outcomes.alice.count, set.outcomes.bob.count,
            ].min() ?? 0
        for trial in 0..<size {
            let at = (set.settings.alice[trial] != 0 ? 2 : 0) + (set.settings.bob[trial] != 0 ? 1 : 0)
            counts[at] += 1
            sums[at] += (set.outcomes.alice[trial] != 0) == (set.outcomes.bob[trial] != 0) ? 1 : -1
        }
        guard counts.allSatisfy({ $0 > 0 }) else { return nil }
        values = zip(sums, counts).map { sum, count in
            let mean = Double(sum) / Double(count)
            // As with a share: never quite 0.
            let shrunk = Double(sum) / (Double(count) + 2)
            return Uncertain(mean, ((1 - shrunk * shrunk) / Double(count)).squareRoot())
        }
    }

    init(values: [Uncertain]) { self.values = values }

    /// The sign of each setting pair in S = E00 + E01 + E10 − E11.
    static let signs = [1.0, 1, 1, -1]

    /// S with its standard uncertainty.
    var s: Uncertain {
        Uncertain(
            zip(values, Self.signs).reduce(0) { $0 + $1.0.value * $1.1 },
            values.reduce(0) { $0 + $1.sigma * $1.sigma }.squareRoot())
    }
}
