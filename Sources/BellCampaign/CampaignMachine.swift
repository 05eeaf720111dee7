public import BellModel

/// Decides what a campaign does next; a pure value that an actor asks after each thing it has done.
///
/// One action is under way at a time. The actor performs it and hands back its event; requests (pause, stop, Ctrl-C)
/// may come at any moment and take effect at the next arm or block. No trial index is ever handed out twice: an arm's
/// range begins where the last committed one ended, whatever became of that arm.
public struct CampaignMachine: Sendable {
    /// What the actor must do now.
    public enum Action: Equatable, Sendable {
        /// Connect both boards.
        case connect
        /// Look at gates and calibrations before a block is opened; a request ends it, and the values in force stay.
        case maintain(beforeBlock: UInt64, MaintenanceOrder)
        /// Tell a person, by the laboratory's own means, that nothing goes on without one.
        case callPerson(BellError)
        /// Freeze the calibration, compile, load both boards, and write the block's header.
        case openBlock(number: UInt64, firstIndex: UInt64)
        /// Make the arm's range durable.
        case commit(Arm)
        /// Arm both boards, start, and collect both halves.
        case run(Arm)
        /// Fetch what the boards still hold of an arm that went wrong, reconnecting as needed.
        case resolve(Arm)
        /// Audit the arm, write it, and in the same transaction make the next arm's range durable; then acknowledge.
        case record(Arm, thenCommit: Arm?)
        /// Write the block's summary.
        case closeBlock(number: UInt64)
        /// Sleep, unless a request comes first.
        case wait(milliseconds: Int)
        /// Sleep until a request comes.
        case park
        /// Write the end and wait for the certifier.
        case finish(CampaignState)
        /// Stop performing; the state says why.
        case end(CampaignState)
    }

    /// What came of an action.
    public enum Event: Equatable, Sendable {
        case done
        /// Both boards are connected, in these boots.
        case connected(boots: PerNode<UInt64>)
        /// A block is open under these boots, with arms of at most `armLimit` trials.
        case blockOpened(boots: PerNode<UInt64>, armLimit: UInt32)
        case failed(BellError)
        /// A board was found gone before an arm was committed: connect again, nothing is lost. As the event of a record:
        /// the arm is recorded, and the one after it is not committed.
        case linkLost(BellError)
        /// The instruments may have left the open block's settings: it takes no further arm. As the event of a record: the
        /// arm is recorded, and the one after it is not committed.
        case unsettled(BellError)
        /// Something that is watched stands against the next block; it is looked at again after a while.
        case held(BellError)
        /// The same, and a person is to be told.
        case needsPerson(BellError)
        /// A request ended the maintenance before its end.
        case cut
    }

    public private(set) var state: CampaignState = .preparing
    /// Why it is suspended, or nil.
    public private(set) var reason: BellError?
    public private(set) var requests = CampaignRequests()
    /// One past the last committed index.
    public private(set) var nextIndex: UInt64
    /// The open block's number, or nil.
    public private(set) var block: UInt64?
    /// The boots in which the boards are now.
    public private(set) var boots: PerNode<UInt64>?
    /// Whether a person was called, and things are not well yet.
    public private(set) var needsPerson = false

    private let total: UInt64
    private let perArm: UInt32
    private let perBlock: UInt64
    private var nextArm: UInt64
    private var nextBlock: UInt64
    private var blockEnd: UInt64 = 0
    private var blockBoots: PerNode<UInt64>?
    private var armLimit: UInt32 = 0
    private var unresolved: Arm?
    /// What is done about failures between blocks; nil for a plan that asks for no maintenance.
    private var recovery: MaintenanceRecovery?
    /// The block before which all was looked at.
    private var maintained: UInt64?
    private var order = MaintenanceOrder.due
    private var action: Action = .connect
    private var retry: Action?
    private var attempts = 0
    /// Arms in a row that did not come back as they should.
    private var troubles = 0
    /// The requests that the action under way was chosen with.
    private var seen = CampaignRequests()

    /// Begins or resumes a campaign.
    ///
    /// - Parameters:
    ///   - plan: The sealed plan.
    ///   - nextIndex: One past the last committed index; 0 for a new campaign.
    ///   - nextArm: The number of the next arm.
    ///   - nextBlock: The number of the next block.
    ///   - openBlock: The number of the block that was open when the daemon ended; it takes no further arm.
    ///   - unresolved: A committed arm whose result is not in the journal.
    ///   - isPaused: Whether a person had paused it.
    ///   - finishing: The end that was already announced to the certifier; nothing may be started any more.
    public init(
        plan: Plan, nextIndex: UInt64 = 0, nextArm: UInt64 = 0, nextBlock: UInt64 = 0, openBlock: UInt64? = nil,
        unresolved: Arm? = nil, isPaused: Bool = false, finishing: CampaignState? = nil
    ) {
        total = plan.trials
        perArm = plan.trialsPerArm
        perBlock = plan.trialsPerBlock
        recovery = plan.maintenance.map { MaintenanceRecovery($0) }
        self.nextIndex = nextIndex
        self.nextArm = nextArm
        self.nextBlock = nextBlock
        self.unresolved = unresolved
        // With no boots of its own an open block takes no further arm and is closed next.
        block = unresolved?.block ?? openBlock
        requests.pause = isPaused
        seen = requests
        if let finishing {
            state = .finishing
            action = .finish(finishing)
        } else if unresolved == nil, nextIndex >= total {
            // No board is needed any more.
            action = block.map { .closeBlock(number: $0) } ?? finish()
        } else if unresolved == nil, isPaused {
            action = park()
        }
    }

    /// Whether a request came since the action under way was chosen: one that only waits should end.
    public var hasNewRequest: Bool { requests != seen }

    /// Whether it only waits for a request, between two blocks.
    public var isParked: Bool { action == .park && block == nil && !hasNewRequest }

    /// Whether it is being seen to between two blocks.
    public var isMaintaining: Bool { if case .maintain = action { true } else { false } }

    /// The action to begin with.
    public func begin() -> Action { action }

    /// Takes a request; true when an action that only waits should end now.
    public mutating func request(_ change: (inout CampaignRequests) -> Void) -> Bool {
        change(&requests)
        switch action {
        case .wait, .park: return true
        default: return false
        }
    }

    /// Takes the event of the action under way and says what to do next.
    public mutating func handle(_ event: Event) -> Action {
        switch event {
        case .failed(let error): action = failed(error)
        case .held(let error): action = held(error, calls: false)
        case .needsPerson(let error): action = held(error, calls: true)
        case .cut: action = next()
        case .linkLost(let error):
            if case .record = action { unresolved = nil }
            action = .connect
            action = failed(error)
        case .unsettled(let error):
            if case .record = action { unresolved = nil }
            // With no boots of its own the block is closed next; the one after it sets everything anew.
            blockBoots = nil
            action = .connect
            action = failed(error)
        default: action = succeeded(event)
        }
        seen = requests
        return action
    }

    private mutating func failed(_ error: BellError) -> Action {
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

    // MARK: Between blocks

    /// What follows a calibration that failed: the same again, the plan's fallbacks, a person.
    private mutating func maintenanceFailed(_ error: BellError) -> Action {
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
    private mutating func held(_ error: BellError, calls: Bool) -> Action {
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

    /// Through the boards' links, which may have been the reason.
    private mutating func lookAgain(after milliseconds: Int = MaintenanceRecovery.hold) -> Action {
        retry = .connect
        return .wait(milliseconds: milliseconds)
    }

    private mutating func settle() {
        maintained = nextBlock
        recovery?.settled()
        order = .due
        needsPerson = false
        reason = nil
    }

    /// Has an action repeated after a while.
    private mutating func again(_ action: Action) -> Action {
        retry = action
        attempts += 1
        return .wait(milliseconds: CampaignMachine.backoff(attempt: attempts))
    }

    private mutating func succeeded(_ event: Event) -> Action {
        switch action {
        case .wait: break
        // On the way back to a gate that may still be closed.
        case .connect where recovery != nil && state == .suspended && unresolved == nil: break
        default: attempts = 0
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
            if let end = givingUp(on: .connect) { return end }
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
    private mutating func afterTrouble() -> Action? {
        guard troubles > 0 else { return nil }
        if troubles > 1 || requests.interrupts > 0 { blockBoots = nil }
        guard requests.isQuiet, nextIndex < total else { return nil }
        return .wait(milliseconds: CampaignMachine.backoff(attempt: troubles))
    }

    /// What a request makes of an action that fails again and again; nil when it is to be retried.
    private mutating func givingUp(on action: Action) -> Action? {
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

    /// Hands out the arm's indices.
    private mutating func committed(_ arm: Arm) {
        nextIndex = arm.range.upperBound
        nextArm = arm.number + 1
        unresolved = arm
        state = .running
        reason = nil
    }

    /// Records an arm, and commits the next one with it when nothing stands between them.
    private func record(_ arm: Arm) -> Action { .record(arm, thenCommit: stateIsClean ? following() : nil) }

    /// Whether the campaign runs undisturbed, so that the next arm may be committed together with this one's record.
    private var stateIsClean: Bool { state == .running && requests.isQuiet }

    /// The next arm of the open block, or nil when the block or the campaign is at its end.
    private func following() -> Arm? {
        guard let block, nextIndex < blockEnd, boots == blockBoots else { return nil }
        let count = UInt32(min(UInt64(armLimit), blockEnd - nextIndex))
        return Arm(number: nextArm, block: block, firstIndex: nextIndex, count: count)
    }

    private mutating func next() -> Action {
        let over = nextIndex >= total || requests.stop
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

    private mutating func finish() -> Action {
        state = .finishing
        reason = nil
        needsPerson = false
        return .finish(nextIndex >= total ? .completed : .stopped)
    }

    private mutating func park() -> Action {
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
    private mutating func leave() -> Action {
        if state != .finishing { state = requests.pause ? .paused : .interrupted }
        return .end(state)
    }

    /// Waiting time before the n-th retry: 0.25 s doubled each time, at most 30 s.
    public static func backoff(attempt: Int) -> Int { min(30_000, 250 << min(max(attempt - 1, 0), 7)) }
}
