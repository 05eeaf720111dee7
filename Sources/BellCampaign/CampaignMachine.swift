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
        /// The block is closed; whether the plan's stop rule is met with it.
        case blockClosed(isStopRuleMet: Bool)
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

    public internal(set) var state: CampaignState = .preparing
    /// Why it is suspended, or nil.
    public internal(set) var reason: BellError?
    public internal(set) var requests = CampaignRequests()
    /// One past the last committed index.
    public internal(set) var nextIndex: UInt64
    /// The open block's number, or nil.
    public internal(set) var block: UInt64?
    /// The boots in which the boards are now.
    public internal(set) var boots: PerNode<UInt64>?
    /// Whether the sealed stop rule is met: no arm is committed any more.
    public internal(set) var isStopRuleMet: Bool
    /// Whether a person was called, and things are not well yet.
    public internal(set) var needsPerson = false

    let total: UInt64
    let perArm: UInt32
    let perBlock: UInt64
    var nextArm: UInt64
    var nextBlock: UInt64
    var blockEnd: UInt64 = 0
    var blockBoots: PerNode<UInt64>?
    var armLimit: UInt32 = 0
    var unresolved: Arm?
    /// What is done about failures between blocks; nil for a plan that asks for no maintenance.
    var recovery: MaintenanceRecovery?
    /// The block before which all was looked at.
    var maintained: UInt64?
    var order = MaintenanceOrder.due
    var action: Action = .connect
    var retry: Action?
    var attempts = 0
    /// Failures in a row of the action that is retried, gates and calibrations apart.
    var failures = 0
    /// Arms in a row that did not come back as they should.
    var troubles = 0
    /// The requests that the action under way was chosen with.
    var seen = CampaignRequests()

    /// Begins or resumes a campaign.
    ///
    /// - Parameters:
    ///   - plan: The sealed plan.
    ///   - nextIndex: One past the last committed index; 0 for a new campaign.
    ///   - nextArm: The number of the next arm.
    ///   - nextBlock: The number of the next block.
    ///   - openBlock: The number of the block that was open when the daemon ended; it takes no further arm.
    ///   - unresolved: A committed arm whose result is not in the journal.
    ///   - isStopRuleMet: Whether the sealed stop rule is met by the recorded arms.
    ///   - isPaused: Whether a person had paused it.
    ///   - finishing: The end that was already announced to the certifier; nothing may be started any more.
    public init(
        plan: Plan, nextIndex: UInt64 = 0, nextArm: UInt64 = 0, nextBlock: UInt64 = 0, openBlock: UInt64? = nil,
        unresolved: Arm? = nil, isStopRuleMet: Bool = false, isPaused: Bool = false, finishing: CampaignState? = nil
    ) {
        total = plan.trials
        perArm = plan.trialsPerArm
        perBlock = plan.trialsPerBlock
        recovery = plan.maintenance.map { MaintenanceRecovery($0) }
        self.nextIndex = nextIndex
        self.nextArm = nextArm
        self.nextBlock = nextBlock
        self.unresolved = unresolved
        // An arm without its result may change the answer: the open block's end gives it.
        self.isStopRuleMet = isStopRuleMet && unresolved == nil
        // With no boots of its own an open block takes no further arm and is closed next.
        block = unresolved?.block ?? openBlock
        requests.pause = isPaused
        seen = requests
        if let finishing {
            state = .finishing
            action = .finish(finishing)
        } else if unresolved == nil, isAtEnd {
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

    /// An action that failed so often in a row is brought to a person: after 92 s of waiting.
    static let patience = 10

    /// Waiting time before the n-th retry: 0.25 s doubled each time, at most 30 s.
    public static func backoff(attempt: Int) -> Int { min(30_000, 250 << min(max(attempt - 1, 0), 7)) }
}
