public import BellAudit
public import BellModel
public import BellStatistics
public import DriverKit

/// What a block is run with: programs, frozen calibration and audit parameters, made from the files as they are now.
public struct CompiledBlock: Sendable {
    public var programs: PerNode<NodeProgram>
    /// The canonical object that is stored and hashed.
    public var calibration: JSON
    public var calibrationHash: Digest
    public var audit: AuditParameters

    public init(programs: PerNode<NodeProgram>, calibration: JSON, calibrationHash: Digest, audit: AuditParameters) {
        self.programs = programs
        self.calibration = calibration
        self.calibrationHash = calibrationHash
        self.audit = audit
    }
}

/// What a campaign needs from outside: files, bits of the host, a clock, a place to report to.
public struct CampaignServices: Sendable {
    /// Sets the instruments, freezes the calibration and compiles the sealed sequence for these boards.
    public var compile: @Sendable (SealedPlan, PerNode<Capabilities>) async throws(BellError) -> CompiledBlock
    /// Reads the bits of these trials from the host's source of a node, one a byte (0 or 1); never a bit twice.
    public var hostBits: @Sendable (Node, Range<UInt64>) async throws(BellError) -> [UInt8]
    /// Monotonic time in nanoseconds.
    public var now: @Sendable () -> UInt64
    /// Wall clock for people, ISO 8601.
    public var time: @Sendable () -> String
    /// Whether the certifier has written this campaign's certificate.
    public var endIsAcknowledged: @Sendable () -> Bool
    /// Which board starts the trigger.
    public var triggerMaster: Node
    /// Called after each change worth showing; must not block.
    public var report: @Sendable (CampaignSnapshot) -> Void
    /// Called after each commit to the journal: more can be streamed.
    public var journalGrew: @Sendable () -> Void
    /// How long nothing may come of a running arm or a replay before it is given up, in nanoseconds; longer than the
    /// silence after which a driver gives a link up.
    public var stall: UInt64
    /// Why the instruments may have left the open block's settings since it was begun; nil while they stand. True asks
    /// them now, because the block is being closed.
    public var unsettled: @Sendable (_ isClosing: Bool) async -> BellError?
    /// Looks at gates and calibrations before a block; nil where there is nobody to do it. Ends early, with the values in
    /// force as they are, when its task is cancelled.
    public var maintain: Maintain?
    /// Tells a person that the campaign needs one.
    public var callPerson: @Sendable (BellError) async -> Void

    /// - Parameter record: Stores a decision in the campaign's journal.
    public typealias Maintain =
        @Sendable (_ moment: MaintenanceMoment, _ record: @escaping @Sendable (JSON) async -> Void) async ->
        MaintenanceVerdict

    /// 5 s: the longest arm of the shipped sequence lasts 84 s, but a board sends every few milliseconds.
    public static let usualStall: UInt64 = 5_000_000_000

    public init(
        compile: @escaping @Sendable (SealedPlan, PerNode<Capabilities>) async throws(BellError) -> CompiledBlock,
        hostBits: @escaping @Sendable (Node, Range<UInt64>) async throws(BellError) -> [UInt8],
        now: @escaping @Sendable () -> UInt64, time: @escaping @Sendable () -> String,
        endIsAcknowledged: @escaping @Sendable () -> Bool, triggerMaster: Node,
        report: @escaping @Sendable (CampaignSnapshot) -> Void, journalGrew: @escaping @Sendable () -> Void,
        stall: UInt64 = CampaignServices.usualStall,
        unsettled: @escaping @Sendable (_ isClosing: Bool) async -> BellError? = { _ in nil },
        maintain: Maintain? = nil, callPerson: @escaping @Sendable (BellError) async -> Void = { _ in }
    ) {
        self.compile = compile
        self.hostBits = hostBits
        self.now = now
        self.time = time
        self.endIsAcknowledged = endIsAcknowledged
        self.triggerMaster = triggerMaster
        self.report = report
        self.journalGrew = journalGrew
        self.stall = stall
        self.unsettled = unsettled
        self.maintain = maintain
        self.callPerson = callPerson
    }
}

/// What is known when a campaign is looked after between two blocks. No outcome of a trial is in it.
public struct MaintenanceMoment: Sendable {
    public var campaign: CampaignID
    /// The block that is about to begin.
    public var block: UInt64
    public var order: MaintenanceOrder
    /// Trials that were started so far.
    public var started: UInt64
    /// Trials that are still to come.
    public var left: UInt64
    /// Seconds of the boards' clock from one trial to the next; nil before the first block.
    public var trialPeriod: Double?
}

/// What came of it.
public enum MaintenanceVerdict: Sendable {
    /// The block may begin.
    case ready
    /// A calibration or a file failed; the values in force are as they were, or as they were accepted.
    case failed(BellError)
    /// Something that is watched stands against it.
    case held(BellError)
    /// The same, and a person is to be told.
    case needsPerson(BellError)
}

/// A campaign at one instant, for status, telemetry and logs.
public struct CampaignSnapshot: Sendable {
    public var id: CampaignID
    public var sealed: SealedPlan
    public var state: CampaignState
    public var reason: BellError?
    /// Indices handed out so far.
    public var started: UInt64
    public var block: UInt64?
    public var arm: UInt64
    public var tally: TrialTally
    public var margins: MarginSummary
    /// The required margin k·u of the open block, ps; nil before the first block.
    public var requiredMargin: Double?
    /// Running maximum of the e-process, as log10 of the live p-value (≤ 0).
    public var log10LivePValue: Double
    public var simulated: Bool
    /// Trials a second over the last seconds of running.
    public var rate: Double
    /// Whether gates and calibrations are seen to just now.
    public var isMaintaining: Bool
    /// Whether nothing goes on without a person.
    public var needsPerson: Bool
    /// Whether the sealed stop rule was met at a block's end; nil for a plan without one.
    public var isStopRuleMet: Bool?
    /// What the health tests of the settings have come to, and when they fail.
    public var health: PerNode<SettingExtremes>
    public var healthBudget: HealthBudget
    /// Tests that failed, in the order in which they did: the campaign will not be certified.
    public var alarms: [BellError]
}
