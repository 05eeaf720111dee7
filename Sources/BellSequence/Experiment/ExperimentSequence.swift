public import BellModel

/// An experiment file of `Sequences/calibration/`: what a node, or both, do in every shot, with numbers left open.
///
/// ``compile(_:parameters:calibration:limits:inputBits:)`` fills the numbers in; ``PreparedExperiment`` does it again and
/// again. Locality is not checked: calibration makes no claim about it.
/// - SeeAlso: docs/sequences.md has the language.
public struct ExperimentSequence: Equatable, Sendable {
    /// A number that is chosen when the experiment is played.
    public struct Parameter: Equatable, Sendable {
        public var name: String
        /// `1`, `ns`, `Hz` or `deg`.
        public var unit: String
        /// What counts when nothing is given; nil when something must be.
        public var standard: Double?
        /// For people.
        public var meaning: String
        public var place: SourcePlace
    }

    /// Who plays.
    public enum Players: Equatable, Sendable {
        /// One node on its own trigger. Of a file for both nodes, this node's list alone.
        case one(Node)
        /// Both nodes on the shared trigger. Of a file for one node, the same list at both.
        case both
    }

    public var name: String
    /// The path of the file.
    public var source: String
    /// From one trigger pulse to the next.
    public var trialPeriod: Picoseconds
    /// A clock record is made at every n-th trial of an arm.
    public var clockEvery: UInt32
    /// In the order of the file.
    public var parameters: [Parameter]
    /// Whether the file has lists for both nodes instead of one for any.
    public var isForBoth: Bool
    /// Where the trial period is written.
    public var place: SourcePlace

    /// Equal for both nodes unless ``isForBoth``.
    var steps: PerNode<[ExperimentStep]>
    /// The outermost steps so that each comes after those that it refers to.
    var order: PerNode<[ExperimentOrder.Item]>
    /// Every place where a parameter stands, for the checks of ranges.
    var uses: [ExperimentNumber]

    /// Fills the parameters in and makes the programs.
    ///
    /// Pure and deterministic. For many values of the parameters use a ``PreparedExperiment``: it is this function's
    /// own way, and many times faster the second time.
    /// - Parameters:
    ///   - parameters: By name; what is left out has the file's default.
    ///   - inputBits: Where the boards take their input bits from.
    /// - Returns: A program for each node that plays.
    /// - Throws: All failures at once, each with file, line, parameter and limit: `experiment.parameter`,
    ///   `sequence.grid`, `.limits`, `.amplitude`, `.order`, `.reference`; `calibration.missing`.
    public func compile(
        _ players: Players, parameters: [String: Double] = [:], calibration: CalibrationSet,
        limits: PerNode<BoardLimits>, inputBits: InputBitSource = .board
    ) throws(BellError) -> PerNode<NodeProgram?> {
        var prepared = try PreparedExperiment(
            self, players, calibration: calibration, limits: limits, inputBits: inputBits)
        return try prepared.compile(parameters)
    }
}

extension BellError.Code {
    /// An experiment's parameter is unknown, missing or outside what its place allows.
    public static let experimentParameter = BellError.Code("experiment.parameter", exit: .usage)
}
