public import BellModel
public import BellSequence

/// One calibration: what is played, how it is judged, which values it proposes.
///
/// A pure value: it is asked what to measure next, given everything measured so far, until it gives a report. Whoever
/// performs it can therefore stop it between two points, show progress, record everything and repeat the analysis.
public protocol CalibrationRoutine: Sendable {
    /// Unique, in words with hyphens: `rabi-amplitude`.
    var name: String { get }
    /// One line for people.
    var summary: String { get }
    var scope: RoutineScope { get }
    /// Names of the routines whose values this one needs; of the same node, or of both for one of the link.
    var dependencies: [String] { get }
    /// Names of the quantities that it proposes.
    var proposes: [String] { get }
    /// Names of the quantities that its check measures, too: its report has a metric of each one's name.
    var watched: [String] { get }
    /// How long a result counts, in seconds, where the file says nothing else.
    var validity: Double { get }

    /// What to do next of a whole calibration.
    ///
    /// - Parameter rounds: The results of every ``RoutineStep/measure(_:note:)`` so far, in the order of its points.
    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep

    /// What to do next of a check by a few shots: whether the values in force are still right.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep
}

extension CalibrationRoutine {
    public var watched: [String] { [] }
}

/// What a routine is about.
public enum RoutineScope: Equatable, Sendable {
    /// Performed at each node alone.
    case node
    /// Needs both nodes and the link.
    case link
}

/// What a routine knows while it runs.
public struct RoutineContext: Sendable {
    /// The node, for a routine of ``RoutineScope/node``.
    public var node: Node
    /// All values in force.
    public var values: CalibrationSet
    public var limits: PerNode<BoardLimits>

    public init(node: Node, values: CalibrationSet, limits: PerNode<BoardLimits>) {
        self.node = node
        self.values = values
        self.limits = limits
    }
}

/// What a routine wants.
public enum RoutineStep: Sendable {
    /// Play these points; `note` says in a few words what for.
    case measure([ExperimentPoint], note: String)
    case finish(RoutineReport)
}
