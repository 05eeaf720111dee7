import BellModel

/// What comes next when nothing stands in the way.
extension CampaignMachine {
    /// Hands out the arm's indices.
    mutating func committed(_ arm: Arm) {
        nextIndex = arm.range.upperBound
        nextArm = arm.number + 1
        unresolved = arm
        state = .running
        reason = nil
    }

    /// Records an arm, and commits the next one with it when nothing stands between them.
    func record(_ arm: Arm) -> Action { .record(arm, thenCommit: stateIsClean ? following() : nil) }

    /// Whether the campaign runs undisturbed, so that the next arm may be committed together with this one's record.
    var stateIsClean: Bool { state == .running && requests.isQuiet }

    /// The next arm of the open block, or nil when the block or the campaign is at its end.
    func following() -> Arm? {
        guard let block, nextIndex < blockEnd, boots == blockBoots else { return nil }
        let count = UInt32(min(UInt64(armLimit), blockEnd - nextIndex))
        return Arm(number: nextArm, block: block, firstIndex: nextIndex, count: count)
    }

    /// Whether all that the plan asks for is done: n trials, or what the stop rule waited for.
    var isAtEnd: Bool { nextIndex >= total || isStopRuleMet }

    mutating func next() -> Action {
        let over = isAtEnd || requests.stop
        let leaving = requests.interrupts > 0
        if let block {
            if over || requests.pause || requests.interrupts > 1 { return .closeBlock(number: block) }
            if let arm = following() { return .commit(arm) }
            return .closeBlock(number: block)
        }
        if over { return finish() }
        if leaving { return leave() }
        if requests.pause { return park() }
        // Between two blocks the campaign goes on running.
        if recovery != nil, maintained != nextBlock {
            // What is suspended stays so until all is well.
            if state != .running, state != .suspended { state = .preparing }
            return .maintain(beforeBlock: nextBlock, order)
        }
        if state != .running { state = .preparing }
        return .openBlock(number: nextBlock, firstIndex: nextIndex)
    }

    mutating func finish() -> Action {
        state = .finishing
        reason = nil
        needsPerson = false
        return .finish(isAtEnd ? .completed : .stopped)
    }

    mutating func park() -> Action {
        state = .paused
        reason = nil
        // Whatever was well before a pause may be old after it.
        maintained = nil
        order = .due
        // Whoever paused it knows.
        needsPerson = false
        recovery?.settled()
        return .park
    }

    /// Ends performing for a signal. What a person had paused stays so, and an end that is decided stays decided.
    mutating func leave() -> Action {
        if state != .finishing { state = requests.pause ? .paused : .interrupted }
        return .end(state)
    }
}
