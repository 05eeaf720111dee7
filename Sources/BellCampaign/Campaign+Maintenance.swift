import BellModel
import DriverKit

extension Campaign {
    /// Looks at gates and calibrations; a request ends it, and what was not accepted yet never is.
    func maintain(beforeBlock number: UInt64, _ order: MaintenanceOrder) async -> CampaignMachine.Event {
        guard let maintain = services.maintain else { return .done }
        let rate = compiled?.programs.alice
        let moment = MaintenanceMoment(
            campaign: id, block: number, order: order, started: machine.nextIndex,
            left: sealed.plan.trials - min(sealed.plan.trials, machine.nextIndex),
            trialPeriod: rate.map { Double($0.trialPeriod) * $0.tickRate.nanosecondsPerTick * 1e-9 })
        maintained = nil
        let (keeper, time) = (keeper, services.time)
        let task = Task { [weak self] in
            let verdict = await maintain(moment) { detail in
                await keeper.addEvent("maintenance", time: time(), detail: detail)
            }
            await self?.takeMaintenance(verdict)
        }
        var isCut = false
        while maintained == nil {
            if !isCut, !machine.requests.isQuiet {
                isCut = true
                task.cancel()
            }
            await pause()
        }
        switch maintained {
        case .ready, nil: return .done
        // What failed because it was ended is no failure.
        case .failed where isCut, .held where isCut, .needsPerson where isCut: return .cut
        case .failed(let error): return .failed(error)
        case .held(let error): return .held(error)
        case .needsPerson(let error): return .needsPerson(error)
        }
    }

    private func takeMaintenance(_ verdict: MaintenanceVerdict) {
        maintained = verdict
        wake()
    }

    /// Tells a person once: in the journal, in the telemetry, and by the laboratory's own means.
    func callPerson(_ error: BellError) async {
        var detail: [String: JSON] = ["message": .string(error.what), "error": error.json, "needs_person": true]
        if let block = machine.block { detail["block"] = JSON(count: block) }
        await keeper.addEvent("maintenance", time: services.time(), detail: .object(detail))
        report(force: true)
        await services.callPerson(error)
    }
}
