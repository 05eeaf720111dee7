import BellCalibration
import BellCampaign
import BellHost
import BellModel
import BellSequence

/// What is watched between two blocks: devices are read, values are measured by their routines' shots.
extension OvernightKeeper {
    /// What the gates let through.
    enum Gates {
        case open
        /// Nothing stands against the block but values that changed, which are to be calibrated.
        case moved([GateFinding])
        case closed(MaintenanceVerdict)
    }

    func judgeGates(
        _ moment: MaintenanceMoment, _ plan: SealedPlan, _ record: Record
    ) async throws(BellError) -> Gates {
        guard var gates = watch?.gates, let now = watch?.clock.time(at: services.clock()) else { return .open }
        let readings = await services.instruments.readings(refreshing: gates.devices)
        var findings = gates.judge(readings, now: now)
        // No shots are played in a laboratory that is not well, nor when the values in force count whatever comes.
        let isWell = !findings.contains { $0.action != .warn && $0.place.map { gates.gates[$0].device != nil } ?? true }
        let due = isWell && moment.order != .forgo ? gates.due(now: now, block: moment.block) : []
        if !due.isEmpty {
            if let error = try await measure(due, &gates, now, moment, plan, record) { return .closed(.failed(error)) }
            findings = gates.judge(readings, now: now)
        }
        watch?.gates = gates
        findings += disk(moment).map { [$0] } ?? []
        services.telemetry(
            "daemon", ["gates": .array(gates.json(readings, findings, now: now, lookedAt: services.clock()))])
        await tell(findings, moment, record)
        let changed = findings.filter { $0.action == .calibrate }
        let closed = findings.filter { $0.action == .wait || $0.action == .suspend }
        guard let first = closed.first else { return changed.isEmpty ? .open : .moved(changed) }
        let error = BellError(
            .maintenanceGate, "\(first.reason.prefix(1).uppercased())\(first.reason.dropFirst()).", at: first.gate,
            cause: closed.count > 1 ? closed.dropFirst().map(\.reason).joined(separator: "; ") : nil,
            state: "no block is begun; all trials so far are stored",
            fix: "mend it; the campaign looks again by itself, or at once with `bellctl campaign resume`")
        return .closed(closed.contains { $0.action == .suspend } ? .needsPerson(error) : .held(error))
    }

    private func disk(_ moment: MaintenanceMoment) -> GateFinding? {
        let folder = services.folder(moment.campaign)
        guard let free = try? freeBytes(at: folder) else { return nil }
        // Below that the tables themselves weigh more than the trials.
        let each = moment.started >= 1 << 16 ? Double(journalBytes(folder)) / Double(moment.started) : nil
        return GateWatch.disk(free: free, left: moment.left, bytesPerTrial: each)
    }

    /// Says what is new among the findings; a number that moves a little is no news.
    private func tell(_ findings: [GateFinding], _ moment: MaintenanceMoment, _ record: Record) async {
        let known = watch?.findings ?? []
        guard findings.map(key) != known.map(key) else { return }
        watch?.findings = findings
        for finding in findings where !known.contains(where: { key($0) == key(finding) }) {
            let decision: JSON =
                switch finding.action {
                case .warn: "warn"
                case .calibrate: "calibrate"
                case .wait, .suspend: "hold"
                }
            await say(
                "warn", finding.reason,
                [
                    "decision": decision, "gate": .string(finding.gate), "action": .string(finding.action.rawValue),
                    "basis": finding.place.flatMap { watch?.gates.basis(at: $0) } ?? .null,
                ], moment, record)
        }
        let stands = { (finding: GateFinding) in finding.action == .wait || finding.action == .suspend }
        if !findings.contains(where: stands), known.contains(where: stands) {
            await say("info", "all gates are open again", ["decision": "go-on"], moment, record)
        }
    }

    /// What tells news from what was said already: of a measured value that holds nothing up each new measurement.
    private func key(_ finding: GateFinding) -> String {
        let isMeasured = finding.place.map { watch?.gates.gates[$0].device == nil } ?? false
        let isNews = isMeasured && (finding.action == .warn || finding.action == .calibrate)
        return "\(finding.gate) \(finding.action.rawValue)" + (isNews ? " \(finding.reason)" : "")
    }

    // MARK: Measured values

    /// Measures what is due by a few shots each; the values in force stay as they are.
    ///
    /// - Returns: What kept it from being measured: a request, a device, a file.
    private func measure(
        _ places: [Int], _ gates: inout GateWatch, _ now: Double, _ moment: MaintenanceMoment, _ plan: SealedPlan,
        _ record: Record
    ) async throws(BellError) -> BellError? {
        guard let watched = watch?.policy.watched else { return nil }
        let inForce = try services.desk.book.values()
        var items: [Int: CalibrationItem] = [:]
        for place in places {
            items[place] = watched[place].flatMap { $0.item(inForce: inForce[$0.path]?.routine) }
        }
        let names = Set(places.map { gates.gates[$0].name }).sorted().joined(separator: ", ")
        await say(
            "info", "measuring before block \(moment.block): \(names)",
            ["decision": "measure", "due": .array(places.compactMap { gates.dueJSON($0, items[$0], now: now) })],
            moment,
            record)
        let request = CalibrationRequest(
            mode: .check, words: Set(items.values.map(\.description)).sorted(), person: Self.name(plan))
        let answer = try await services.desk.run(request, between: moment.campaign)
        if let error = failure(of: answer) { return error }
        let runs = answer["runs"]?.arrayValue ?? []
        for place in places {
            guard let item = items[place], let path = watched[place]?.path else { continue }
            let run = runs.last { $0["item"]?.stringValue == item.description }
            let found = run?["metrics"]?.arrayValue?.last { $0["name"]?.stringValue == path.quantity }
            let measurement = GateMeasurement(
                item: item, value: found?["value"]?.doubleValue, uncertainty: found?["uncertainty"]?.doubleValue,
                unit: found?["unit"]?.stringValue ?? gates.gates[place].unit, run: run?["run"]?.stringValue,
                problem: run?["reason"]?.stringValue, time: now, block: moment.block)
            gates.take(measurement, at: place)
        }
        await say(
            "info", "measured before block \(moment.block): \(names)",
            ["decision": "measured", "values": .array(places.compactMap { gates.basis(at: $0) })], moment, record)
        return nil
    }
}
