import BellModel

/// How often something came of so many shots.
struct CountedShare: Equatable, Sendable {
    let ones: Int
    /// > 0.
    let count: Int

    init?(ones: Int, count: Int) {
        guard count > 0, (0...count).contains(ones) else { return nil }
        (self.ones, self.count) = (ones, count)
    }

    /// The share of outcomes 1 that a node's program counted; nil for an empty point and for one of the other node.
    init?(_ measurement: Measurement, of node: Node) {
        switch measurement {
        case .shots(let set): self.init(ones: set.ones, count: set.count)
        case .joint(let set):
            self.init(ones: set.outcomes[node].count { $0 != 0 }, count: set.outcomes[node].count)
        }
    }

    var value: Double { Double(ones) / Double(count) }

    /// Standard uncertainty; Laplace's rule of succession keeps it from being 0 where all shots agree.
    var sigma: Double {
        let p = (Double(ones) + 1) / (Double(count) + 2)
        return (p * (1 - p) / Double(count)).squareRoot()
    }
}

/// A number with its standard uncertainty.
struct Uncertain: Equatable, Sendable {
    var value: Double
    var sigma: Double

    init(_ value: Double, _ sigma: Double) { (self.value, self.sigma) = (value, sigma) }

    init(_ share: CountedShare) { self.init(share.value, share.sigma) }

    /// How many standard uncertainties it is away from `other`; infinite when neither has one.
    func distance(from other: Double) -> Double {
        let gap = (value - other).magnitude
        return sigma > 0 ? gap / sigma : (gap == 0 ? 0 : .infinity)
    }
}
