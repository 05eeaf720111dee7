import BellModel

/// What follows gates that are closed and calibrations that failed, between two blocks.
extension CampaignMachine {
    /// What follows a calibration that failed: the same again, the plan's fallbacks, a person.
    mutating func maintenanceFailed(_ error: BellError) -> Action {
        state = .suspended
        if let end = givingUp(on: .connect) { return end }
        order = .due
        switch recovery?.failed(error.code.exit) {
        case .retry(let milliseconds): return lookAgain(after: milliseconds)
        case .rerun(let what):
            order = .rerun(what)
            return lookAgain(after: 0)
        case .call:
            needsPerson = true
            return .callPerson(error)
        case .goOn, nil: return .maintain(beforeBlock: nextBlock, .forgo)
        }
    }

    /// What follows a gate that is closed.
    mutating func held(_ error: BellError, calls: Bool) -> Action {
        state = .suspended
        reason = error
        if let end = givingUp(on: .connect) { return end }
        order = .due
        if calls {
            needsPerson = true
            if recovery?.call() == true { return .callPerson(error) }
        }
        attempts += 1
        return lookAgain(after: CampaignMachine.backoff(attempt: attempts))
    }

    /// The same once more, or else through the boards' links, which may have been the reason.
    mutating func lookAgain(after milliseconds: Int = MaintenanceRecovery.hold) -> Action {
        retry = retry ?? .connect
        return .wait(milliseconds: milliseconds)
    }

    mutating func settle() {
        maintained = nextBlock
        recovery?.settled()
        order = .due
        needsPerson = false
        reason = nil
    }
}
