import BellModel

/// What a node's readout answers for |g⟩ and for |e⟩, measured beside what is to be corrected.
///
/// With the same wait between preparation and readout as the experiment has after the link, decay is corrected together
/// with the readout's errors, and no T1 has to be known.
struct ReadoutScale: Equatable, Sendable {
    /// P(1) after |g⟩ was prepared.
    let ground: CountedShare
    /// P(1) after |e⟩ was prepared.
    let excited: CountedShare

    /// The two points to play: |g⟩, then |e⟩; `wait` in nanoseconds, a multiple of a sample.
    static func points(_ node: Node, wait: Double = 0, count: Int) -> [ExperimentPoint] {
        [0, 1].map { ExperimentPoint(.shots(node), "relaxation", ["wait_ns": wait, "excite": $0], count: count) }
    }

    init(ground: CountedShare, excited: CountedShare) { (self.ground, self.excited) = (ground, excited) }

    /// From what came back of ``points(_:wait:count:)``.
    init?(_ measurements: ArraySlice<Measurement>, _ node: Node) {
        let shares = measurements.compactMap { CountedShare($0, of: node) }
        guard shares.count == 2, measurements.count == 2 else { return nil }
        self.init(ground: shares[0], excited: shares[1])
    }

    var contrast: Double { excited.value - ground.value }

    /// Below this a readout tells nothing: saturated, at the wrong angle, or the π pulse is wrong.
    static let leastContrast = 0.4

    /// Nil when the readout is good enough to correct anything by it.
    func flaw(_ node: Node) -> String? {
        contrast >= Self.leastContrast
            ? nil
            : "\(node.name)'s readout answers 1 for \(ReportText.digits(ground.value)) of |g⟩ and "
                + "\(ReportText.digits(excited.value)) of |e⟩; a difference of \(Self.leastContrast) is needed"
    }

    /// The excited population that a share of outcomes 1 means; not limited to 0…1.
    func population(_ share: CountedShare) -> Uncertain {
        let value = (share.value - ground.value) / contrast
        let squares = [share.sigma, (1 - value) * ground.sigma, value * excited.sigma].map { $0 * $0 }
        return Uncertain(value, squares.reduce(0, +).squareRoot() / contrast.magnitude)
    }
}
