public import BellModel

/// Which routine needs the values of which other one, at which place.
///
/// - SeeAlso: J. Kelly et al., "Physical qubit calibration on a directed acyclic graph", arXiv:1803.03226.
public struct CalibrationGraph: Sendable {
    /// What the graph has to know of a routine.
    public struct Entry: Equatable, Sendable {
        public var name: String
        public var scope: RoutineScope
        /// Names of routines; of the same node, or of both nodes for one of the link.
        public var dependencies: [String]
        /// Names of the quantities that it proposes.
        public var proposes: [String]
        /// Names of the quantities that its check measures, too.
        public var watched: [String]
        /// How long a result counts, in seconds.
        public var validity: Double
        /// Routines that later improve what this one measures: a bring-up does it once more when they are all done.
        public var repeatAfter: [String]

        public init(
            name: String, scope: RoutineScope, dependencies: [String] = [], proposes: [String] = [],
            watched: [String] = [], validity: Double = 86_400, repeatAfter: [String] = []
        ) {
            self.name = name
            self.scope = scope
            self.dependencies = dependencies
            self.proposes = proposes
            self.watched = watched
            self.validity = validity
            self.repeatAfter = repeatAfter
        }

        /// - Parameter repeatAfter: See ``repeatAfter``; the routine itself does not know who comes later.
        public init(_ routine: any CalibrationRoutine, repeatAfter: [String] = []) {
            self.init(
                name: routine.name, scope: routine.scope, dependencies: routine.dependencies,
                proposes: routine.proposes, watched: routine.watched, validity: routine.validity,
                repeatAfter: repeatAfter)
        }
    }

    /// The routines by name.
    public let entries: [String: Entry]
    /// All items: each after everything that it needs; equal tables give equal orders.
    public let order: [CalibrationItem]
    private let places: [CalibrationItem: Int]

    /// Checks and orders a table.
    ///
    /// - Parameter table: The order of independent routines is theirs in the table.
    /// - Throws: `calibration.graph` for a name that stands twice, an unknown dependency, a routine of a node that needs
    ///   one of the link, or a circle; all of them at once.
    public init(_ table: [Entry]) throws(BellError) {
        let names = try GraphOrder(table).sorted()
        var entries: [String: Entry] = [:]
        for entry in table { entries[entry.name] = entry }
        self.entries = entries
        var order: [CalibrationItem] = []
        for name in names {
            guard let entry = entries[name] else { continue }
            for site in CalibrationGraph.sites(entry.scope) { order.append(CalibrationItem(site, name)) }
        }
        self.order = order
        places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
    }

    /// Whether there is such an item.
    public func contains(_ item: CalibrationItem) -> Bool { places[item] != nil }

    /// What an item needs directly, in the graph's order.
    public func dependencies(of item: CalibrationItem) -> [CalibrationItem] {
        sorted((entries[item.routine]?.dependencies ?? []).flatMap { items(of: $0, for: item.site) })
    }

    /// These items with everything that they need, directly or not, in the graph's order.
    public func closure(of items: [CalibrationItem]) -> [CalibrationItem] {
        var seen: Set<CalibrationItem> = []
        var waiting = items.filter(contains)
        while let item = waiting.popLast() {
            if seen.insert(item).inserted { waiting += dependencies(of: item) }
        }
        return sorted(Array(seen))
    }

    /// The item's routine's entry.
    func entry(of item: CalibrationItem) -> Entry? { entries[item.routine] }

    /// What `repeatAfter` means at an item's place, in the graph's order.
    func improvers(of item: CalibrationItem) -> [CalibrationItem] {
        sorted((entries[item.routine]?.repeatAfter ?? []).flatMap { items(of: $0, for: item.site) })
    }

    func sorted(_ items: [CalibrationItem]) -> [CalibrationItem] {
        Set(items).sorted { places[$0] ?? .max < places[$1] ?? .max }
    }

    /// The items of a routine that one at `site` means.
    private func items(of routine: String, for site: CalibrationItem.Site) -> [CalibrationItem] {
        guard let entry = entries[routine] else { return [] }
        if entry.scope == .node, case .node = site { return [CalibrationItem(site, routine)] }
        return CalibrationGraph.sites(entry.scope).map { CalibrationItem($0, routine) }
    }

    private static func sites(_ scope: RoutineScope) -> [CalibrationItem.Site] {
        scope == .link ? [.link] : Node.allCases.map { .node($0) }
    }
}

extension BellError.Code {
    /// The table of routines contradicts itself.
    public static let calibrationGraph = BellError.Code("calibration.graph", exit: .internal)
    /// No routine, place or quantity has that name.
    public static let calibrationNoItem = BellError.Code("calibration.no-item", exit: .usage)
}
