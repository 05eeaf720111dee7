import BellModel

/// Which direction of the Bloch sphere a node's readout tells.
enum Basis: Int, CaseIterable, Sendable {
    case x, y, z

    /// The rotation before the readout that brings +this to +z, |g⟩: −90° about y, 90° about x, or nothing.
    var rotation: (angle: Double, axis: Double) {
        switch self {
        case .x: (90, 270)
        case .y: (90, 0)
        case .z: (0, 0)
        }
    }

    /// The projector on the state that is read as |g⟩; row-major.
    var projector: [(re: Double, im: Double)] {
        switch self {
        case .x: [(0.5, 0), (0.5, 0), (0.5, 0), (0.5, 0)]
        case .y: [(0.5, 0), (0, -0.5), (0, 0.5), (0.5, 0)]
        case .z: [(1, 0), (0, 0), (0, 0), (0, 0)]
        }
    }
}

/// A readout's errors.
struct AssignmentErrors: Equatable, Sendable {
    /// P(1|g).
    var ground: Double
    /// P(0|e).
    var excited: Double

    /// What outcome `bit` measures in a basis, errors included: a positive 2×2 matrix.
    func element(_ bit: Int, _ basis: Basis) -> [(re: Double, im: Double)] {
        // P(bit|g) Π + P(bit|e) (1 − Π).
        let (g, e) = bit == 0 ? (1 - ground, excited) : (ground, 1 - excited)
        return basis.projector.enumerated().map { place, entry in
            let one = place == 0 || place == 3 ? 1.0 : 0.0
            return (re: g * entry.re + e * (one - entry.re), im: (g - e) * entry.im)
        }
    }
}

/// Counts of the four outcomes in the nine pairs of bases.
struct TomographyCounts: Equatable, Sendable {
    /// Index 4 · (3 · alice's basis + bob's basis) + 2a + b.
    var counts: [Int]

    /// In the order of the counts.
    static let pairs = Basis.allCases.flatMap { alice in Basis.allCases.map { (alice: alice, bob: $0) } }

    init(counts: [Int]) { self.counts = counts }

    /// Nil when a pair has no trial.
    init?(_ sets: [JointSet]) {
        guard sets.count == Self.pairs.count else { return nil }
        counts = [Int](repeating: 0, count: 36)
        for (place, set) in sets.enumerated() {
            for (a, b) in zip(set.outcomes.alice, set.outcomes.bob) {
                counts[4 * place + (a != 0 ? 2 : 0) + (b != 0 ? 1 : 0)] += 1
            }
            guard set.outcomes.alice.count > 0, set.outcomes.bob.count > 0 else { return nil }
        }
    }

    /// The measurement operators in the order of the counts; those of a pair sum to 1.
    static func operators(_ errors: PerNode<AssignmentErrors>) -> [Matrix4] {
        pairs.flatMap { pair in
            (0..<4).map {
                Matrix4(alice: errors.alice.element($0 >> 1, pair.alice), bob: errors.bob.element($0 & 1, pair.bob))
            }
        }
    }
}
