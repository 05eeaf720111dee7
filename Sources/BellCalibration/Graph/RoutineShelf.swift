public import BellModel

/// All routines of a laboratory, with the graph that they make.
public struct RoutineShelf: Sendable {
    public let graph: CalibrationGraph
    private let routines: [String: any CalibrationRoutine]

    /// - Parameters:
    ///   - routines: In the order in which independent ones are done.
    ///   - repeatAfter: For a routine's name the names of those that later improve what it measures.
    /// - Throws: `calibration.graph`.
    public init(_ routines: [any CalibrationRoutine], repeatAfter: [String: [String]] = [:]) throws(BellError) {
        graph = try CalibrationGraph(routines.map { .init($0, repeatAfter: repeatAfter[$0.name] ?? []) })
        self.routines = Dictionary(routines.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The routine of an item; nil for an item that the graph does not have.
    public subscript(item: CalibrationItem) -> (any CalibrationRoutine)? { routines[item.routine] }

    /// All routines in the graph's order.
    public var all: [any CalibrationRoutine] {
        var seen: Set<String> = []
        return graph.order.compactMap { seen.insert($0.routine).inserted ? routines[$0.routine] : nil }
    }
}
