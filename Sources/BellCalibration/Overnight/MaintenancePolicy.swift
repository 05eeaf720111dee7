public import BellModel

/// Decides what a plan wants seen to before a block; a pure value.
///
/// What it is asked with is all that a decision depends on: ages, predicted drift, block numbers. Outcomes of trials are not
/// among them, so the choice of calibrations cannot select trials.
public struct MaintenancePolicy: Sendable {
    /// One check of the plan that is due.
    public struct Due: Equatable, Sendable {
        public enum Action: String, Equatable, Sendable {
            /// A few shots; what they show out of spec is calibrated.
            case check
            case calibrate
        }

        /// The check's place in the plan.
        public var place: Int
        public var items: [CalibrationItem]
        public var action: Action
        /// Why, for people.
        public var reason: String
        /// The numbers behind it, for the record.
        public var basis: JSON
        /// Not by its own age: something that it builds on has moved since.
        public var isFollowing = false
    }

    /// A check with the items that it means.
    private struct Entry {
        var check: MaintenancePlan.Check
        var items: [CalibrationItem]
        var path: CalibrationPath?
    }

    private let entries: [Entry]
    /// What is measured for gates, by the gate's place in the plan.
    public let watched: [Int: Watched]
    private let graph: CalibrationGraph

    /// How long a value that is watched by its drift counts where the plan says nothing: a day.
    static let usualInterval = 86_400.0
    /// At most so many values are named in one reason.
    private static let mostNamed = 3

    /// - Throws: `calibration.no-item` for everything in the plan that the laboratory's routines do not know, at once.
    public init(_ plan: MaintenancePlan, graph: CalibrationGraph) throws(BellError) {
        var entries: [Entry] = []
        var failures: [BellError] = []
        for check in plan.checks {
            do throws(BellError) {
                let items = try graph.items(named: [check.what], node: check.node)
                entries.append(Entry(check: check, items: items, path: CalibrationPath(check.what)))
            } catch {
                failures.append(error)
            }
        }
        var watched: [Int: Watched] = [:]
        for (place, gate) in plan.gates.enumerated() {
            guard case .measured(let text, _) = gate.source else { continue }
            do throws(BellError) {
                watched[place] = try Watched(text, unit: gate.unit, graph: graph)
            } catch {
                failures.append(error)
            }
        }
        for case .rerun(let what) in plan.fallbacks where what != MaintenancePolicy.everything {
            do throws(BellError) { _ = try graph.items(named: [what]) } catch { failures.append(error) }
        }
        if let error = BellError.all(failures) { throw error }
        self.entries = entries
        self.watched = watched
        self.graph = graph
    }

    /// The word of a fallback that calibrates everything from nothing.
    public static let everything = "bring-up"

    /// The values whose history a decision needs.
    public var watchedPaths: [CalibrationPath] { entries.compactMap { $0.path } }

    /// What is due, in the plan's order.
    public func due(_ known: MaintenanceKnowledge) -> [Due] {
        entries.indices.compactMap { place in
            let entry = entries[place]
            let items = items(of: entry, known)
            var found: (reason: String, basis: [String: JSON])?
            switch entry.check.when {
            case .age, .shots: found = old(place, items, entry.check.every, known)
            case .drift: found = moved(place, entry, items, known)
            }
            guard let found else { return follows(place, items, known) }
            var basis = found.basis
            basis["when"] = .string(entry.check.when.rawValue)
            basis["block"] = JSON(count: known.block)
            basis["laboratory_time"] = .double(known.now)
            return Due(
                place: place, items: items, action: entry.check.when == .shots ? .check : .calibrate,
                reason: found.reason, basis: .object(basis))
        }
    }

    /// Of a value the one routine that measured what is in force, or the last one that could.
    private func items(of entry: Entry, _ known: MaintenanceKnowledge) -> [CalibrationItem] {
        guard let path = entry.path else { return entry.items }
        let own = entry.items.last { $0.routine == known.values[path]?.routine }
        return (own ?? entry.items.last).map { [$0] } ?? []
    }

    /// What builds on a value that has moved since is checked, whatever its own age: a new drive frequency, for example,
    /// turns the phase of the link.
    private func follows(_ place: Int, _ items: [CalibrationItem], _ known: MaintenanceKnowledge) -> Due? {
        var causes: [CalibrationItem: CalibrationItem] = [:]
        for item in items {
            guard let since = [known.confirmed[item], known.followed[place]].compactMap({ $0 }).max() else { continue }
            causes[item] = graph.closure(of: [item]).dropLast().last { known.moved[$0] ?? -.infinity > since }
        }
        let affected = items.filter { causes[$0] != nil }
        guard let first = affected.first, let cause = causes[first] else { return nil }
        return Due(
            place: place, items: affected, action: .check,
            reason: "\(cause) has moved since \(names(affected)) was seen to",
            basis: [
                "when": "follow", "block": JSON(count: known.block), "laboratory_time": .double(known.now),
                "moved": list(Array(Set(causes.values)).sorted { $0.description < $1.description }),
            ], isFollowing: true)
    }

    private typealias Reason = (reason: String, basis: [String: JSON])

    /// By age in time or in blocks, of the oldest item.
    private func old(
        _ place: Int, _ items: [CalibrationItem], _ every: MaintenancePlan.Interval?, _ known: MaintenanceKnowledge
    ) -> Reason? {
        let seen = known.seen[place]
        if seen == nil {
            let failed = items.filter(known.failed.contains)
            if !failed.isEmpty {
                return ("\(names(failed)): the last calibration failed", ["failed": list(failed)])
            }
            let unknown = items.filter { known.verified[$0] == nil }
            if !unknown.isEmpty { return ("\(names(unknown)): never measured", ["never_measured": list(unknown)]) }
        }
        switch every {
        case .blocks(let count):
            guard let seen else {
                return ("not yet seen to in this campaign", ["limit_blocks": JSON(count: count)])
            }
            let blocks = known.block >= seen.block ? known.block - seen.block : 0
            guard blocks >= count else { return nil }
            return ("\(blocks) blocks old", ["age_blocks": JSON(count: blocks), "limit_blocks": JSON(count: count)])
        case .seconds(let limit):
            let times = items.compactMap { item in
                [known.verified[item], seen?.time].compactMap { $0 }.max()
            }
            guard let oldest = times.min() else { return nil }
            return aged(since: oldest, limit: limit, known)
        case nil: return nil
        }
    }

    private func aged(since time: Double, limit: Double, _ known: MaintenanceKnowledge) -> Reason? {
        let age = known.now - time
        guard age >= limit else { return nil }
        return ("\(text(age)) old, at most \(text(limit))", ["age_s": .double(age), "limit_s": .double(limit)])
    }

    /// By the deviation that the value's history predicts; by its age where that says nothing, and at the latest.
    private func moved(
        _ place: Int, _ entry: Entry, _ items: [CalibrationItem], _ known: MaintenanceKnowledge
    ) -> Reason? {
        guard let path = entry.path, let tolerance = entry.check.tolerance else { return nil }
        let value = known.values[path] ?? .init()
        let times = [value.measured, known.seen[place]?.time].compactMap { $0 }
        guard let last = times.max() else { return ("\(path): never measured", [:]) }
        let age = max(0, known.now - last)
        if let drift = value.drift {
            // A measurement too coarse for the tolerance would else be repeated before every block, for nothing.
            let (now, first) = (drift.deviation(after: age), drift.deviation(after: 0))
            if now.expected > max(tolerance, first.expected) {
                return (
                    "\(path) is predicted to have moved by \(number(now.expected)), at most \(number(tolerance))",
                    [
                        "predicted": .double(now.expected), "prediction_error": .double(now.uncertainty),
                        "tolerance": .double(tolerance), "age_s": .double(age), "slope": .double(drift.slope),
                        "scatter": .double(drift.scatter), "rests_on": .int(Int64(drift.count)),
                    ]
                )
            }
        }
        if case .blocks? = entry.check.every { return old(place, items, entry.check.every, known) }
        var limit = Self.usualInterval
        if case .seconds(let seconds)? = entry.check.every { limit = seconds }
        return aged(since: last, limit: limit, known)
    }

    // MARK: Words

    private func names(_ items: [CalibrationItem]) -> String {
        let more = items.count - Self.mostNamed
        return items.prefix(Self.mostNamed).map(\.description).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    private func list(_ items: [CalibrationItem]) -> JSON { .array(items.map { .string($0.description) }) }

    private func text(_ seconds: Double) -> String {
        guard seconds.magnitude < 1e9 else { return "very" }
        return seconds < 120 ? "\(Int(seconds)) s" : "\(Int(seconds / 60)) min"
    }

    /// Four digits are enough for a sentence; all of them stand in the basis.
    private func number(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        var scale = 1.0
        while (value * scale).magnitude < 1000, scale < 1e12 { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }
}
