public import BellAudit
import BellCrypto
public import BellJournal
public import BellModel
import BellStatistics
import DriverKit

/// Owns a campaign's journal: audits and stores arms, and tells where to go on after a crash.
///
/// An actor on a queue of its own, because every call may wait for the disk.
public actor JournalKeeper {
    private let journal: Journal
    private let executor: QueueExecutor
    private let wasPaused: Bool
    private var auditor: Auditor?
    private var block: BlockSums?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Where a campaign goes on.
    public struct ResumePoint: Sendable {
        public var campaign: CampaignID
        public var sealed: SealedPlan
        public var totals: CampaignTotals
        public var nextIndex: UInt64
        public var nextArm: UInt64
        public var nextBlock: UInt64
        public var unresolved: Arm?
        public var wasPaused: Bool
    }

    /// What the open block has gathered; written as its summary.
    private struct BlockSums {
        var number: UInt64
        var tally = TrialTally()
        var margins = MarginSummary()
    }

    private init(journal: sending Journal, wasPaused: Bool) {
        self.journal = journal
        self.wasPaused = wasPaused
        executor = QueueExecutor(label: "bell.journal")
    }

    /// Makes a new campaign's journal; durable when it returns.
    public static func create(
        at path: String, campaign: CampaignID, sealed: SealedPlan, devices: JSON, simulated: Bool
    ) throws(BellError) -> JournalKeeper {
        let journal = try Journal.create(
            at: path, campaign: campaign, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
            devices: devices, simulated: simulated)
        return JournalKeeper(journal: journal, wasPaused: false)
    }

    /// Opens an unfinished campaign's journal.
    ///
    /// - Parameter unpause: Whether a paused campaign goes on.
    public static func open(at path: String, unpause: Bool) throws(BellError) -> JournalKeeper {
        let journal = try Journal.open(at: path)
        let paused = try journal.state().state == CampaignState.paused.rawValue
        return JournalKeeper(journal: journal, wasPaused: paused && !unpause)
    }

    /// Sums up what is recorded; O(trials) at most, from the stored status bytes.
    public func resumePoint() throws(BellError) -> ResumePoint {
        let sealed = journal.sealed
        guard let model = LocalModel(settingBias: sealed.plan.settingBias) else {
            throw BellError(.planContradiction, "The setting bias \(sealed.plan.settingBias) is not below ½.", at: "plan")
        }
        var totals = CampaignTotals(process: EProcess(model))
        totals.simulated = journal.simulated
        var unresolved: Arm?
        var nextArm: UInt64 = 0
        var lastBlock: UInt64?
        try journal.forEachArm { (arm) throws(BellError) in
            nextArm = arm.header.arm + 1
            lastBlock = arm.header.block
            guard let result = arm.result else {
                unresolved = Arm(
                    number: arm.header.arm, block: arm.header.block, firstIndex: arm.header.firstIndex,
                    count: arm.header.count)
                return
            }
            var tally = TrialTally()
            for byte in result.statuses { if let status = TrialStatus(rawValue: byte) { tally.add(status) } }
            totals.tally += tally
            totals.margins += try MarginSummary(json: result.margins)
            totals.process.add(tally, pattern: sealed.plan.pattern)
        }
        // A block that was open when the daemon ended is closed now, unless one of its arms is still unresolved.
        let blocks = try journal.blocks()
        if let open = blocks.last, open.summary == nil {
            auditor = Auditor(try AuditParameters(json: open.header.audit))
            block = try sums(of: open.header.number)
            if unresolved == nil { try closeBlock(open.header.number) }
        }
        return ResumePoint(
            campaign: journal.campaign, sealed: sealed, totals: totals, nextIndex: try journal.nextIndex(),
            nextArm: nextArm, nextBlock: (blocks.last?.header.number).map { $0 + 1 } ?? 0, unresolved: unresolved,
            wasPaused: wasPaused)
    }

    private func sums(of number: UInt64) throws(BellError) -> BlockSums {
        var sums = BlockSums(number: number)
        try journal.forEachArm { (arm) throws(BellError) in
            guard arm.header.block == number, let result = arm.result else { return }
            for byte in result.statuses { if let status = TrialStatus(rawValue: byte) { sums.tally.add(status) } }
            sums.margins += try MarginSummary(json: result.margins)
        }
        return sums
    }
}
