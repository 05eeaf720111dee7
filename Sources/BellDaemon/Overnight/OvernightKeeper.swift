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
    struct Watch {
        var campaign: CampaignID
        var policy: MaintenancePolicy
        var gates: GateWatch
        var clock: LaboratoryClock
        var seen: [Int: MaintenanceKnowledge.Seen] = [:]
        var followed: [Int: Double] = [:]
        /// Trials that had been started when the clock was last set.
        var started: UInt64
        /// At the last look something stood against the block.
        var isWaiting = false
        /// What was said last of gates, so that each change is said once.
        var findings: [GateFinding] = []
    }

    typealias Record = @Sendable (JSON) async -> Void

    let services: Services
    var watch: Watch?

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
            if watch.isWaiting, moment.started == watch.started {
                watch.clock.waited(until: wall)
            } else if let period = moment.trialPeriod, moment.started >= watch.started {
                watch.clock.played(Double(moment.started - watch.started) * period, until: wall)
            }
            watch.started = moment.started
            self.watch = watch
            let verdict = try await look(moment, plan, maintenance, record)
            if case .ready = verdict { self.watch?.isWaiting = false } else { self.watch?.isWaiting = true }
            return verdict
        } catch {
            self.watch?.isWaiting = true
            return .failed(error)
        }
    }

    private func look(
        _ moment: MaintenanceMoment, _ plan: SealedPlan, _ maintenance: MaintenancePlan, _ record: @escaping Record
    ) async throws(BellError) -> MaintenanceVerdict {
        let gates = try await judgeGates(moment, plan, record)
        if case .closed(let verdict) = gates { return verdict }
        switch moment.order {
        case .due:
            if case .moved(let findings) = gates {
                let verdict = try await follow(findings, moment, plan, maintenance, record)
                guard case .ready = verdict else { return verdict }
            }
            return try await seeToDue(moment, plan, maintenance, record)
        case .rerun(let what): return try await rerun(what, moment, plan, maintenance, record)
        case .forgo: return try await forgo(moment, plan, record)
        }
    }

    func prepare(_ moment: MaintenanceMoment, _ plan: MaintenancePlan) throws(BellError) -> Watch {
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
        for gate in plan.gates {
            guard let device = gate.device, !names.contains(device) else { continue }
            let near = nearestWord(to: device, among: names)
            failures.append(
                BellError(
                    .deviceUnknown, "The gate of \(gate.name) has no such instrument.",
                    at: "gates", state: "nothing was sealed",
                    fix: near.map { "did you mean \"\($0)\"?" } ?? "instruments: \(names.joined(separator: ", "))"))
        }
        if let error = BellError.all(failures) { throw error }
    }
}

extension BellError.Code {
    /// What is watched between blocks is outside its limits.
    static let maintenanceGate = BellError.Code("campaign.gate", exit: .experiment)
    /// A calibration between two blocks failed.
    static let maintenanceFailed = BellError.Code("campaign.calibration-failed", exit: .experiment)
}
