import BellModel

/// What follows an action: when it succeeded, and when it failed.
extension CampaignMachine {
    mutating func failed(_ error: BellError) -> Action {
        reason = error
        switch action {
        case .run(let arm):
            // The arm's trials count whatever happens; first see what the boards still have of it.
            state = .suspended
            unresolved = arm
            troubles += 1
            return .resolve(arm)
        case .finish:
            // The certifier may have the end already, so nothing leads back from it.
            return givingUp(on: action) ?? again(action)
        case .record(let arm, _):
            // The arm's record must not wait for what the next one lacks.
            state = .suspended
            return givingUp(on: action) ?? again(.record(arm, thenCommit: nil))
        case .maintain: return maintenanceFailed(error)
        case .callPerson: return lookAgain()
        default:
            state = .suspended
            return givingUp(on: action) ?? again(action)
        }
    }

    /// Has an action repeated after a while. What goes on failing is nothing that mends itself: then a person is called, once
    /// until it succeeds, and it is tried on.
    mutating func again(_ action: Action) -> Action {
        retry = action
        attempts += 1
        failures += 1
        if failures == Self.patience, let reason {
            needsPerson = true
            return .callPerson(reason)
        }
        return .wait(milliseconds: CampaignMachine.backoff(attempt: attempts))
    }

    mutating func succeeded(_ event: Event) -> Action {
        switch action {
        case .wait, .callPerson: break
        // On the way back to a gate that may still be closed.
        case .connect where recovery != nil && state == .suspended && unresolved == nil: failures = 0
        default:
            (attempts, failures) = (0, 0)
            needsPerson = false
        }
        switch action {
        case .connect:
            if case .connected(let boots) = event { self.boots = boots }
            if let arm = unresolved { return .resolve(arm) }
            return next()
        case .maintain:
            settle()
            return next()
        case .callPerson:
            // Another state may be asked for by now.
            if let end = givingUp(on: retry ?? .connect) {
                retry = nil
                return end
            }
            // Whoever was called may have been quicker than the call's end.
            return lookAgain(after: requests.resumes == seen.resumes ? MaintenanceRecovery.hold : 0)
        case .openBlock(let number, let firstIndex):
            block = number
            nextBlock = number + 1
            blockEnd = min(total, firstIndex.addingReportingOverflow(perBlock).overflow ? total : firstIndex + perBlock)
            if case .blockOpened(let boots, let limit) = event {
                self.boots = boots
                blockBoots = boots
                armLimit = max(1, min(limit, perArm))
            }
            return next()
        case .commit(let arm):
            committed(arm)
            return .run(arm)
        case .run(let arm):
            troubles = 0
            return record(arm)
        case .resolve(let arm):
            if case .connected(let boots) = event { self.boots = boots }
            return record(arm)
        case .record(_, let following):
            unresolved = nil
            if let arm = following {
                committed(arm)
                return .run(arm)
            }
            return afterTrouble() ?? next()
        case .closeBlock:
            block = nil
            if case .blockClosed(let isMet) = event { isStopRuleMet = isMet }
            return next()
        case .wait:
            guard let again = retry else { return next() }
            retry = nil
            return givingUp(on: again) ?? again
        case .park:
            return next()
        case .finish(let final):
            state = final
            reason = nil
            return .end(final)
        case .end:
            return action
        }
    }

    /// After an arm that went wrong the next one waits, ever longer, so that a broken board does not use up the
    /// campaign; after the second in a row the programs are loaded anew in a new block, and a signal does not wait for
    /// the block's end.
    mutating func afterTrouble() -> Action? {
        guard troubles > 0 else { return nil }
        if troubles > 1 || requests.interrupts > 0 { blockBoots = nil }
        guard requests.isQuiet, nextIndex < total else { return nil }
        return .wait(milliseconds: CampaignMachine.backoff(attempt: troubles))
    }

    /// What a request makes of an action that fails again and again; nil when it is to be retried.
    mutating func givingUp(on action: Action) -> Action? {
        if requests.interrupts > 0 { return leave() }
        switch action {
        case .connect, .resolve, .openBlock, .commit:
            if requests.stop {
                // The person gave up on the board: what is missing of an open arm is lost.
                if let arm = unresolved { return record(arm) }
                return block.map { .closeBlock(number: $0) } ?? finish()
            }
            // A pause waits for an open arm only.
            guard requests.pause, unresolved == nil else { return nil }
            return block.map { .closeBlock(number: $0) } ?? park()
        default: return nil
        }
    }
}
