import BellModel
import BellSequence

extension MaintenancePolicy {
    /// A value that a gate watches, with the items whose checks measure it.
    public struct Watched: Equatable, Sendable {
        public let path: CalibrationPath
        /// In the graph's order; never empty.
        private let items: [CalibrationItem]

        /// - Throws: `calibration.no-item` for a value that no check measures, and for limits in another unit than its own.
        init(_ text: String, unit: String, graph: CalibrationGraph) throws(BellError) {
            guard let path = CalibrationPath(text), let quantity = try? path.known() else {
                throw Self.refusal("There is no value \"\(text.prefix(80))\" to measure.", text, graph)
            }
            self.path = path
            items = try graph.items(named: [text]).filter { item in
                graph.entries[item.routine]?.watched.contains(path.quantity) == true
            }
            guard !items.isEmpty else {
                throw Self.refusal("No routine's check measures \(text).", text, graph)
            }
            guard unit == quantity.unit else {
                throw BellError(
                    .calibrationNoItem, "\(text) is in \(quantity.unit), and the gate's limits are in \(unit).",
                    at: "gates", state: "nothing was sealed", fix: "write unit: \(quantity.unit), and limits in it")
            }
        }

        /// The one routine that measured what is in force, or the last one that can.
        public func item(inForce routine: String?) -> CalibrationItem? {
            items.last { $0.routine == routine } ?? items.last
        }

        private static func refusal(_ what: String, _ text: String, _ graph: CalibrationGraph) -> BellError {
            let names = Set(
                graph.order.flatMap { item in
                    (graph.entries[item.routine]?.watched ?? []).map { "\(item.site.name).\($0)" }
                }
            ).sorted()
            let near = nearestWord(to: text, among: names).map { "did you mean \($0)? " } ?? ""
            return BellError(
                .calibrationNoItem, what, at: "gates", state: "nothing was sealed",
                fix: "\(near)a gate can measure \(names.prefix(60).joined(separator: ", "))")
        }
    }
}
