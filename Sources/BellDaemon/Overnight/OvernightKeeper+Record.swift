import BellCalibration
import BellCampaign
import BellModel
import BellSequence

/// What decisions are based on, and how they are told.
extension OvernightKeeper {
    func knowledge(_ watch: Watch, _ moment: MaintenanceMoment) throws(BellError) -> MaintenanceKnowledge {
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

    func markSeen(_ due: MaintenancePolicy.Due, _ moment: MaintenanceMoment) {
        guard let clock = watch?.clock else { return }
        watch?.followed[due.place] = services.clock()
        // Its own age goes on: perhaps only some of its items were looked at.
        if due.isFollowing { return }
        watch?.seen[due.place] = .init(block: moment.block, time: clock.time(at: services.clock()))
    }

    /// Into the journal, then to whoever watches.
    func say(
        _ level: String, _ message: String, _ detail: [String: JSON], _ moment: MaintenanceMoment, _ record: Record
    ) async {
        var detail = detail
        detail["message"] = .string(message)
        detail["block"] = JSON(count: moment.block)
        await record(.object(detail))
        services.telemetry("event", ["level": .string(level), "message": .string(message)])
    }

    /// Who accepts for a plan; fits the file's `accepted_by`.
    static func name(_ plan: SealedPlan) -> String { "policy:campaign-\(plan.number)" }
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
