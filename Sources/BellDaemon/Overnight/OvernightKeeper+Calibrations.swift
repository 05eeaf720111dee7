import BellCalibration
import BellCampaign
import BellModel
import BellSequence

/// What the policy finds due, and the fallbacks when it fails.
extension OvernightKeeper {
    /// What builds on something may become due by it: so many times round at the most.
    private static let mostRounds = 8

    func seeToDue(
        _ moment: MaintenanceMoment, _ plan: SealedPlan, _ maintenance: MaintenancePlan, _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        for _ in 0..<Self.mostRounds {
            guard let watch else { return .ready }
            let due = watch.policy.due(try knowledge(watch, moment))
            if due.isEmpty { return .ready }
            let verdict = try await see(to: due, moment, plan, maintenance, record)
            guard case .ready = verdict else { return verdict }
        }
        return .ready
    }

    func see(
        to due: [MaintenancePolicy.Due], _ moment: MaintenanceMoment, _ plan: SealedPlan,
        _ maintenance: MaintenancePlan, _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        let calibrated = Set(due.filter { $0.action == .calibrate }.flatMap(\.items))
        let all = Set(due.flatMap(\.items))
        let words = all.map(\.description).sorted()
        await say(
            "info", "due before block \(moment.block): \(due.map(\.reason).joined(separator: "; "))",
            ["decision": "calibrate", "due": .array(due.map(\.json))], moment, record)
        let request = CalibrationRequest(
            mode: .tend, words: words, calibrates: calibrated,
            acceptedBy: maintenance.acceptance == .automatic ? Self.name(plan) : nil, person: Self.name(plan))
        let verdict = try await perform(request, moment, record)
        if case .ready = verdict { for entry in due { markSeen(entry, moment) } }
        return verdict
    }

    /// A gate found a value changed: it is calibrated before the block, and counts from there.
    func follow(
        _ findings: [GateFinding], _ moment: MaintenanceMoment, _ plan: SealedPlan, _ maintenance: MaintenancePlan,
        _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        let places = findings.compactMap(\.place)
        let items = Set(places.compactMap { watch?.gates.measured(at: $0)?.last.item })
        let request = CalibrationRequest(
            mode: .tend, words: items.map(\.description).sorted(), calibrates: items,
            acceptedBy: maintenance.acceptance == .automatic ? Self.name(plan) : nil, person: Self.name(plan))
        let verdict = try await perform(request, moment, record)
        if case .ready = verdict { for place in places { watch?.gates.settle(place) } }
        return verdict
    }

    /// A fallback: the block begins with the values in force.
    func forgo(
        _ moment: MaintenanceMoment, _ plan: SealedPlan, _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        guard let watch else { return .ready }
        let due = watch.policy.due(try knowledge(watch, moment))
        for entry in due { markSeen(entry, moment) }
        for place in watch.gates.gates.indices { self.watch?.gates.settle(place) }
        await say(
            "warn", "campaign \(plan.number) goes on with the values in force, although what is due has failed",
            ["decision": "use-last-good", "due": .array(due.map(\.json))], moment, record)
        return .ready
    }

    /// A fallback: these from nothing, then all that is due once more at the next look.
    func rerun(
        _ what: String, _ moment: MaintenanceMoment, _ plan: SealedPlan, _ maintenance: MaintenancePlan,
        _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        let words = what == MaintenancePolicy.everything ? [] : [what]
        await say(
            "warn", "fallback: \(what) from nothing", ["decision": "rerun", "what": .string(what)], moment, record)
        let request = CalibrationRequest(
            mode: .bringUp, words: words,
            acceptedBy: maintenance.acceptance == .automatic ? Self.name(plan) : nil, person: Self.name(plan))
        let verdict = try await perform(request, moment, record)
        guard case .ready = verdict else { return verdict }
        for place in maintenance.gates.indices { watch?.gates.settle(place) }
        return try await seeToDue(moment, plan, maintenance, record)
    }

    func perform(
        _ request: CalibrationRequest, _ moment: MaintenanceMoment, _ record: Record
    ) async throws(BellError) -> MaintenanceVerdict {
        let before = try services.desk.book.values()
        let answer = try await services.desk.run(request, between: moment.campaign)
        var changes: [JSON] = []
        for accepted in answer["accepted"]?.arrayValue ?? [] {
            for value in accepted["values"]?.arrayValue ?? [] {
                guard let path = value["path"]?.stringValue else { continue }
                let old = CalibrationPath(path).flatMap { before[$0]?.value }
                changes.append([
                    "path": .string(path), "old": JSON(old), "new": value["value"] ?? .null,
                    "run": accepted["run"] ?? .null,
                ])
            }
        }
        let isGood = answer["good"]?.boolValue ?? false
        let failed = (answer["items"]?.arrayValue ?? []).filter { row in
            ["failed", "blocked", "not-reached"].contains(row["outcome"]?.stringValue)
        }
        let names = failed.prefix(3).compactMap { $0["item"]?.stringValue }.joined(separator: ", ")
        let values = changes.isEmpty ? "no value changed" : "\(changes.count) values changed"
        await say(
            isGood ? "info" : "warn",
            isGood ? "calibrated before block \(moment.block): \(values)" : "calibration failed: \(names)",
            [
                "decision": "done", "good": .bool(isGood), "items": answer["items"] ?? [],
                "runs": .array((answer["runs"]?.arrayValue ?? []).compactMap { $0["run"] }),
                "values": .array(changes), "pending": answer["pending"] ?? [], "seconds": answer["seconds"] ?? .null,
            ], moment, record)
        if isGood { return .ready }
        if let error = failure(of: answer) { return .failed(error) }
        let why = failed.lazy.compactMap { $0["reason"]?.stringValue }.first
        return .failed(
            BellError(
                .maintenanceFailed, "The calibration between two blocks failed: \(names).",
                at: failed.first?["item"]?.stringValue,
                cause: why, state: "no block is begun; \(BellError.oldValuesStay)",
                fix: "`bellctl calibrate status` shows the runs; then `bellctl campaign resume`"))
    }

    /// What ended a calibration before its time: a request, a device, a file; nil when nothing did.
    func failure(of answer: JSON) -> BellError? {
        if answer["cancelled"]?.boolValue == true { return .calibrationWasCancelled }
        guard let json = answer["error"], json != .null, let what = json["what"]?.stringValue else { return nil }
        // What kind of failure decides how often it is tried again.
        let exit = answer["exit"]?.intValue.flatMap { Int32(exactly: $0) }.flatMap { ExitCode(rawValue: $0) }
        return BellError(
            BellError.Code("calibration.device", exit: exit ?? .hardware), what, at: json["where"]?.stringValue,
            cause: json["cause"]?.stringValue, state: BellError.oldValuesStay, fix: json["fix"]?.stringValue)
    }
}
