import BellCalibration
import BellCampaign
import BellHost
import BellModel
import BellSequence

/// Looks after a campaign between its blocks: gates first, then what its plan's policy finds due.
///
/// It decides nothing itself: ``GateWatch`` and ``MaintenancePolicy`` do, from what it gathers. Each decision is recorded with
/// what it was based on, before anything is played.
actor OvernightKeeper {
    /// What it works with.
    struct Services: Sendable {
        var desk: CalibrationDesk
        var instruments: InstrumentKeeper
        var laboratory: @Sendable () throws(BellError) -> Laboratory
        /// The journal's folder of a campaign.
        var folder: @Sendable (CampaignID) -> String
        var telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
        /// Seconds since 1970.
        var clock: @Sendable () -> Double
    }

    /// What is remembered of the campaign under way; a restarted daemon begins with none of it.
    private struct Watch {
        var campaign: CampaignID
        var policy: MaintenancePolicy
        var gates: GateWatch
        var clock: LaboratoryClock
        var seen: [Int: MaintenanceKnowledge.Seen] = [:]
        var followed: [Int: Double] = [:]
        /// Trials that had been started when the clock was last set.
        var started: UInt64
        /// What was said last of gates, so that each change is said once.
        var findings: [GateFinding] = []
    }

    typealias Record = @Sendable (JSON) async -> Void

    private let services: Services
    private var watch: Watch?

    init(services: Services) { self.services = services }

    /// Looks at everything, and sees to what is due.
    ///
    /// - Parameter plan: The sealed plan of the campaign.
    func maintain(_ moment: MaintenanceMoment, _ plan: SealedPlan, _ record: @escaping Record) async
        -> MaintenanceVerdict
    {
        guard let maintenance = plan.plan.maintenance else { return .ready }
        do throws(BellError) {
            var watch = try prepare(moment, maintenance)
            let wall = services.clock()
            if let period = moment.trialPeriod, moment.started >= watch.started {
                watch.clock.played(Double(moment.started - watch.started) * period, until: wall)
            }
            watch.started = moment.started
            self.watch = watch
            if let verdict = await judgeGates(moment, record) { return verdict }
            switch moment.order {
            case .due: return try await seeToDue(moment, plan, maintenance, record)
            case .rerun(let what): return try await rerun(what, moment, plan, maintenance, record)
            case .forgo:
                let due = try self.watch.map { (watch) throws(BellError) in
                    watch.policy.due(try knowledge(watch, moment))
                }
                for entry in due ?? [] { markSeen(entry, moment) }
                await say(
                    "warn", "campaign \(plan.number) goes on with the values in force, although what is due has failed",
                    ["decision": "use-last-good", "due": .array((due ?? []).map(\.json))], moment, record)
                return .ready
            }
        } catch {
            return .failed(error)
        }
    }

    private func prepare(_ moment: MaintenanceMoment, _ plan: MaintenancePlan) throws(BellError) -> Watch {
        if let watch, watch.campaign == moment.campaign { return watch }
        let laboratory = try services.laboratory()
        return Watch(
            campaign: moment.campaign, policy: try MaintenancePolicy(plan, graph: services.desk.shelf.graph),
            gates: GateWatch(plan.gates),
            clock: LaboratoryClock(factor: laboratory.timeFactor, wall: services.clock()), started: moment.started)
    }

    /// Refuses a plan whose policy names what this laboratory does not have.
    ///
    /// - Throws: `calibration.no-item`, `device.unknown`, all of them at once.
    nonisolated func check(_ plan: MaintenancePlan) throws(BellError) {
        var failures: [BellError] = []
        do throws(BellError) {
            _ = try MaintenancePolicy(plan, graph: services.desk.shelf.graph)
        } catch {
            failures.append(error)
        }
        let names = try services.laboratory().instruments.map(\.name)
        for gate in plan.gates where !names.contains(gate.device) {
            let near = nearestWord(to: gate.device, among: names)
            failures.append(
                BellError(
                    .deviceUnknown, "The gate of \(gate.device).\(gate.reading) has no such instrument.",
                    at: "gates", state: "nothing was sealed",
                    fix: near.map { "did you mean \"\($0)\"?" } ?? "instruments: \(names.joined(separator: ", "))"))
        }
        if let error = BellError.all(failures) { throw error }
    }

    // MARK: Gates

    /// What stands against the block; nil when nothing does.
    private func judgeGates(_ moment: MaintenanceMoment, _ record: Record) async -> MaintenanceVerdict? {
        guard var gates = watch?.gates else { return nil }
        let readings = await services.instruments.readings(refreshing: gates.devices)
        // Of the wall clock, also in a simulated laboratory, whose own stands still while nothing is played.
        var findings = gates.judge(readings, now: services.clock())
        watch?.gates = gates
        let folder = services.folder(moment.campaign)
        if let free = try? freeBytes(at: folder) {
            let stored = journalBytes(folder)
            // Below that the tables themselves weigh more than the trials.
            let each = moment.started >= 1 << 16 ? Double(stored) / Double(moment.started) : nil
            if let disk = GateWatch.disk(free: free, left: moment.left, bytesPerTrial: each) { findings.append(disk) }
        }
        let closed = findings.filter { $0.action != .warn }
        // A number that moves a little is no news.
        let known = watch?.findings ?? []
        if findings.map(\.key) != known.map(\.key) {
            for finding in findings where !known.contains(where: { $0.key == finding.key }) {
                await say(
                    "warn", finding.reason,
                    [
                        "decision": finding.action == .warn ? "warn" : "hold", "gate": .string(finding.gate),
                        "action": .string(finding.action.rawValue),
                    ], moment, record)
            }
            if closed.isEmpty, known.contains(where: { $0.action != .warn }) {
                await say("info", "all gates are open again", ["decision": "go-on"], moment, record)
            }
            watch?.findings = findings
        }
        guard let first = closed.first else { return nil }
        let error = BellError(
            .maintenanceGate, "\(first.reason.prefix(1).uppercased())\(first.reason.dropFirst()).", at: first.gate,
            cause: closed.count > 1 ? closed.dropFirst().map(\.reason).joined(separator: "; ") : nil,
            state: "no block is begun; all trials so far are stored",
            fix: "mend it; the campaign looks again by itself, or at once with `bellctl campaign resume`")
        return closed.contains { $0.action == .suspend } ? .needsPerson(error) : .held(error)
    }

    // MARK: Calibrations

    /// What builds on something may become due by it: so many times round at the most.
    private static let mostRounds = 8

    private func seeToDue(
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

    private func see(
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

    /// A fallback: these from nothing, then all that is due once more at the next look.
    private func rerun(
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
        return try await seeToDue(moment, plan, maintenance, record)
    }

    private func perform(
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
        if answer["cancelled"]?.boolValue == true { return .failed(.calibrationWasCancelled) }
        if let json = answer["error"], json != .null, let what = json["what"]?.stringValue {
            // A device or a file; what kind of failure decides how often it is tried again.
            let exit = answer["exit"]?.intValue.flatMap { Int32(exactly: $0) }.flatMap { ExitCode(rawValue: $0) }
            return .failed(
                BellError(
                    BellError.Code("calibration.device", exit: exit ?? .hardware), what, at: json["where"]?.stringValue,
                    cause: json["cause"]?.stringValue, state: BellError.oldValuesStay, fix: json["fix"]?.stringValue))
        }
        let why = failed.lazy.compactMap { $0["reason"]?.stringValue }.first
        return .failed(
            BellError(
                .maintenanceFailed, "The calibration between two blocks failed: \(names).",
                at: failed.first?["item"]?.stringValue,
                cause: why, state: "no block is begun; \(BellError.oldValuesStay)",
                fix: "`bellctl calibrate status` shows the runs; then `bellctl campaign resume`"))
    }

    // MARK: Knowledge

    private func knowledge(_ watch: Watch, _ moment: MaintenanceMoment) throws(BellError) -> MaintenanceKnowledge {
        let book = services.desk.book
        let inForce = try book.values()
        var values: [CalibrationPath: MaintenanceKnowledge.Value] = [:]
        for path in watch.policy.watchedPaths {
            let history = try book.samples(of: path)
            let samples = history.filter { $0.state != .refused }.map { value in
                DriftEstimate.Sample(
                    time: watch.clock.time(at: value.time.seconds), value: value.value, uncertainty: value.uncertainty)
            }
            // A phase goes round.
            let period = inForce[path]?.quantity.unit == "rad" ? 2 * Double.pi : nil
            let entry = inForce[path]
            values[path] = MaintenanceKnowledge.Value(
                measured: entry.flatMap { UTCTime($0.time)?.seconds }.map { watch.clock.time(at: $0) },
                routine: entry?.routine, drift: DriftEstimate(samples, period: period))
        }
        return MaintenanceKnowledge(
            states: try book.states(of: services.desk.shelf.graph), clock: watch.clock, wall: services.clock(),
            block: moment.block, values: values, seen: watch.seen, followed: watch.followed)
    }

    private func markSeen(_ due: MaintenancePolicy.Due, _ moment: MaintenanceMoment) {
        guard let clock = watch?.clock else { return }
        watch?.followed[due.place] = services.clock()
        // Its own age goes on: perhaps only some of its items were looked at.
        if due.isFollowing { return }
        watch?.seen[due.place] = .init(block: moment.block, time: clock.time(at: services.clock()))
    }

    // MARK: Saying

    /// Into the journal, then to whoever watches.
    private func say(
        _ level: String, _ message: String, _ detail: [String: JSON], _ moment: MaintenanceMoment, _ record: Record
    ) async {
        var detail = detail
        detail["message"] = .string(message)
        detail["block"] = JSON(count: moment.block)
        await record(.object(detail))
        services.telemetry("event", ["level": .string(level), "message": .string(message)])
    }

    /// Who accepts for a plan; fits the file's `accepted_by`.
    private static func name(_ plan: SealedPlan) -> String { "policy:campaign-\(plan.number)" }
}

extension GateFinding {
    fileprivate var key: String { "\(gate) \(action.rawValue)" }
}

extension MaintenancePolicy.Due {
    /// The decision as it is recorded.
    var json: JSON {
        [
            "check": .int(Int64(place)), "items": .array(items.map { .string($0.description) }),
            "action": .string(action.rawValue), "reason": .string(reason), "basis": basis,
        ]
    }
}

extension BellError.Code {
    /// What is watched between blocks is outside its limits.
    static let maintenanceGate = BellError.Code("campaign.gate", exit: .experiment)
    /// A calibration between two blocks failed.
    static let maintenanceFailed = BellError.Code("campaign.calibration-failed", exit: .experiment)
}
