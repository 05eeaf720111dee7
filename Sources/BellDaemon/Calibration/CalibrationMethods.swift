import BellCalibration
import BellModel
import BellSequence

/// The control protocol's `calibrate.…` methods; docs/control-protocol.md describes each.
struct CalibrationMethods: Sendable {
    let desk: CalibrationDesk

    static let names = [
        "calibrate.run", "calibrate.check", "calibrate.status", "calibrate.accept", "calibrate.refuse",
        "calibrate.history", "calibrate.show", "calibrate.cancel", "calibrate.routines",
    ]

    /// Answers a method of ``names``; nil for another one.
    func answer(_ method: String, _ reader: inout JSONReader) async throws(BellError) -> JSON? {
        switch method {
        case "calibrate.run", "calibrate.check":
            let request = try CalibrationRequest(&reader, isCheck: method == "calibrate.check")
            try reader.finish()
            return try await desk.run(request)
        case "calibrate.status":
            try reader.finish()
            return try await status()
        case "calibrate.accept", "calibrate.refuse":
            let what = try reader.string("what")
            let person = try CalibrationRequest.name(&reader, "by") ?? "somebody"
            try reader.finish()
            try await desk.refuseIfBusy()
            guard method == "calibrate.accept" else { return try desk.book.refuse(what, by: person) }
            return try desk.book.accept(what, by: person, allowsSimulated: await desk.allowsSimulated)
        case "calibrate.history":
            let path = try reader.string("path")
            let since = reader.optional("since")?.doubleValue
            try reader.finish()
            try refuseItem(path)
            return try desk.book.history(path, since: since)
        case "calibrate.show":
            let run = try reader.string("run")
            try reader.finish()
            return try desk.book.show(run)
        case "calibrate.cancel":
            try reader.finish()
            return try await desk.cancel()
        case "calibrate.routines":
            try reader.finish()
            return ["routines": .array(desk.shelf.all.map(row))]
        default: return nil
        }
    }

    /// A routine has no history of its own; what it measures has.
    private func refuseItem(_ path: String) throws(BellError) {
        guard let item = CalibrationItem(path), desk.shelf.graph.contains(item) else { return }
        let values = try desk.book.values()
        let paths = CalibrationMethods.values(of: item, desk.shelf.graph, values).compactMap { $0["path"]?.stringValue }
        throw BellError(
            .calibrationUnknown, "\(item) is a routine, not a value.", at: "calibrate.history",
            fix: paths.isEmpty
                ? "name one of its metrics; `bellctl calibrate show RUN` lists them"
                : "name what it measures: \(paths.joined(separator: ", "))")
    }

    /// Every item with its values, their age, and what is known of it.
    private func status() async throws(BellError) -> JSON {
        let graph = desk.shelf.graph
        let (values, states) = (try desk.book.values(), try desk.book.states(of: graph))
        let latest = try desk.book.latest(of: graph)
        let now = desk.now
        let items = graph.order.map { item -> JSON in
            let state = states[item]
            let stale = graph.staleness(of: item, states, now: now)
            let validity = state?.validFor ?? graph.entries[item.routine]?.validity
            return [
                "item": .string(item.description), "routine": .string(item.routine), "site": .string(item.site.name),
                "needs": .array(graph.dependencies(of: item).map { .string($0.description) }),
                "verified": JSON(state?.verified), "calibrated": JSON(state?.calibrated), "valid_for_s": JSON(validity),
                "age_s": JSON(state?.verified.map { now - $0 }), "passes": .bool(stale == nil),
                "stale": JSON(stale?.text), "last": latest.runs[item] ?? .null,
                "values": .array(CalibrationMethods.values(of: item, graph, values)),
            ]
        }
        return [
            "laboratory": .string(values.laboratory), "now": .double(now), "items": .array(items),
            "pending": .array(latest.pending), "running": await desk.progress ?? .null,
        ]
    }

    /// The values in force of what an item proposes; those that no file has yet without a number.
    private static func values(
        of item: CalibrationItem, _ graph: CalibrationGraph, _ set: CalibrationSet
    ) -> [JSON] {
        (graph.entries[item.routine]?.proposes ?? []).flatMap { name in
            set.entries(named: name, at: item.site).map { path, value in
                var row = value?.json.objectValue ?? ["value": .null]
                row["path"] = .string(path.description)
                return .object(row)
            }
        }
    }

    private func row(_ routine: any CalibrationRoutine) -> JSON {
        [
            "name": .string(routine.name), "summary": .string(routine.summary),
            "scope": routine.scope == .link ? "link" : "node",
            "needs": .array(routine.dependencies.map { .string($0) }),
            "proposes": .array(routine.proposes.map { .string($0) }), "valid_for_s": .double(routine.validity),
        ]
    }
}

extension CalibrationSet {
    /// The places that a quantity of this name has for an item, with what is in force there.
    func entries(
        named name: String, at site: CalibrationItem.Site
    ) -> [(path: CalibrationPath, value: CalibratedValue?)] {
        var found: [(CalibrationPath, CalibratedValue?)] = []
        if let quantity = Quantity.ofLink.first(where: { $0.name == name }), site == .link {
            found.append((CalibrationPath(.link, name), link[quantity]))
        }
        for node in site.nodes {
            if let quantity = Quantity.ofNode.first(where: { $0.name == name }) {
                found.append((CalibrationPath(.node(node), name), nodes[node].values[quantity]))
            }
            if let quantity = Quantity.ofTiming.first(where: { $0.name == name }) {
                found.append((CalibrationPath(.timing(node), name), timing[node][quantity]))
            }
        }
        return found
    }
}
