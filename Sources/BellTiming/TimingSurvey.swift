public import BellModel

extension BellError.Code {
    /// A surveyed length, delay or uncertainty that nothing on Earth can have.
    public static let timingSurvey = BellError.Code("timing.survey", exit: .usage)
}

/// What was measured once, outside of any trial: geometry, delays and uncertainties that turn ticks into margins.
///
/// The compiler builds it from `Calibration/<lab>/`; the audit uses it; the journal keeps it in every block.
public struct TimingSurvey: Equatable, Sendable {
    /// A straight line from where a bit is born at one node to where the outcome is fixed at the other.
    public struct Path: Equatable, Sendable {
        /// Length in metres, 0 … 10^6; not the length of the link.
        public var metres: Double
        /// Bound on the error of ``metres``, in metres; ≥ 0.
        public var uncertainty: Double

        public init(metres: Double, uncertainty: Double) {
            self.metres = metres
            self.uncertainty = uncertainty
        }
    }

    /// The measured delays between a node's digital ticks and the physical events.
    public struct Station: Equatable, Sendable {
        /// Added to the start tick's time to give r, where the physical process that fixes the bit starts; often < 0.
        public var startOffset: Picoseconds
        /// Added to the stop tick's time to give e, the last moment that can influence the outcome.
        public var stopOffset: Picoseconds
        /// Time that the shared pulse needs from its source to this board: the static clock offset.
        ///
        /// Nil when it was never surveyed; margins are then unknown and nothing may claim locality.
        public var pulseDelay: Picoseconds?

        public init(startOffset: Picoseconds, stopOffset: Picoseconds, pulseDelay: Picoseconds?) {
            self.startOffset = startOffset
            self.stopOffset = stopOffset
            self.pulseDelay = pulseDelay
        }
    }

    /// One contribution to the uncertainty of a margin.
    public struct Term: Equatable, Sendable {
        /// How terms of this kind combine.
        public enum Kind: String, CaseIterable, Sendable {
            /// A standard deviation; adds in quadrature.
            case random
            /// A bound on a systematic error; adds linearly.
            case bound
        }

        /// For people, for example `trigger jitter`.
        public var name: String
        /// Picoseconds; ≥ 0.
        public var picoseconds: Double
        public var kind: Kind
        /// The node that it belongs to, or nil for both; every term enters every margin, as both nodes do.
        public var node: Node?

        public init(name: String, picoseconds: Double, kind: Kind, node: Node? = nil) {
            self.name = name
            self.picoseconds = picoseconds
            self.kind = kind
            self.node = node
        }
    }

    /// d_AB: from where bob's bit is born to where alice's outcome is fixed, as m_AB uses it.
    public var pathAB: Path
    /// d_BA: from where alice's bit is born to where bob's outcome is fixed, as m_BA uses it.
    public var pathBA: Path
    public var stations: PerNode<Station>
    /// All terms but the lengths', which ``pathAB`` and ``pathBA`` carry themselves.
    public var terms: [Term]

    public init(pathAB: Path, pathBA: Path, stations: PerNode<Station>, terms: [Term]) {
        self.pathAB = pathAB
        self.pathBA = pathBA
        self.stations = stations
        self.terms = terms
    }

    /// Whether both static clock offsets are known, so that margins are.
    public var hasClockOffset: Bool { stations.alice.pulseDelay != nil && stations.bob.pulseDelay != nil }

    /// u in picoseconds: √(Σ random²) + Σ bound + the larger length uncertainty / c.
    ///
    /// The length is a bound: it is the same in every trial, so it adds linearly.
    /// Terms are added in their order, so that equal surveys give equal bits.
    public var u: Double {
        var squares = 0.0
        var bounds = 0.0
        for term in terms {
            switch term.kind {
            case .random: squares += term.picoseconds * term.picoseconds
            case .bound: bounds += term.picoseconds
            }
        }
        return squares.squareRoot() + bounds + lengthUncertainty
    }

    /// The larger of the two length uncertainties as a time, in picoseconds.
    public var lengthUncertainty: Double {
        max(pathAB.uncertainty, pathBA.uncertainty) * SpeedOfLight.picosecondsPerMetre
    }

    /// d_AB/c, rounded down.
    ///
    /// - Throws: `timing.survey` when the length is not 0 … 10^6 m.
    public func lightTimeAB() throws(BellError) -> Picoseconds { try TimingSurvey.lightTime(pathAB, "d_ab_m") }

    /// d_BA/c, rounded down.
    ///
    /// - Throws: `timing.survey` when the length is not 0 … 10^6 m.
    public func lightTimeBA() throws(BellError) -> Picoseconds { try TimingSurvey.lightTime(pathBA, "d_ba_m") }

    private static func lightTime(_ path: Path, _ key: String) throws(BellError) -> Picoseconds {
        guard let time = SpeedOfLight.travelTime(metres: path.metres) else {
            throw BellError(
                .timingSurvey, "A surveyed length of \(path.metres) m cannot be used.", at: "survey.\(key)",
                fix: "give a length in metres from 0 to 1e6")
        }
        return time
    }
}
