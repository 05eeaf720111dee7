import BellAudit
import BellCrypto
import BellJournal
public import BellModel
import BellStatistics
import DriverKit

/// Owns a campaign's journal: audits and stores arms, and tells where to go on after a crash.
///
/// An actor on a queue of its own, because every call may wait for the disk.
public actor JournalKeeper {
    public nonisolated let campaign: CampaignID
    public nonisolated let sealed: SealedPlan
    private let journal: Journal
    private let executor: QueueExecutor
    private let unpause: Bool
    private var auditor: Auditor?
    private var block: BlockSums?
    /// Whether the end is in the journal: only a final state may follow, or a restart would go on with the campaign.
    private var isFinishing = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Where a campaign goes on.
    struct ResumePoint: Sendable {
        var totals: CampaignTotals
        var nextIndex: UInt64
        var nextArm: UInt64
        var nextBlock: UInt64
        /// The block that was open when the daemon ended.
        var openBlock: UInt64?
        var unresolved: Arm?
        var wasPaused: Bool
        /// The end that was being written when the daemon ended; no further trial may then be started.
        var finishing: CampaignState?
    }

    /// What the open block has gathered; written as its summary.
    private struct BlockSums {
        var header: BlockHeader
        var tally = TrialTally()
        var margins = MarginSummary()
    }

    private init(journal: sending Journal, unpause: Bool) {
        campaign = journal.campaign
        sealed = journal.sealed
        self.journal = journal
        self.unpause = unpause
        executor = QueueExecutor(label: "bell.journal")
    }

    /// Makes a new campaign's journal; durable when it returns.
    public static func create(
        at path: String, campaign: CampaignID, sealed: SealedPlan, devices: JSON, simulated: Bool
    ) throws(BellError) -> JournalKeeper {
        let journal = try Journal.create(
            at: path, campaign: campaign, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
            devices: devices, simulated: simulated)
        return JournalKeeper(journal: journal, unpause: true)
    }

    /// Opens an unfinished campaign's journal.
    ///
    /// - Parameter unpause: Whether a paused campaign goes on.
    public static func open(at path: String, unpause: Bool) throws(BellError) -> JournalKeeper {
        let journal = try Journal.open(at: path)
        return JournalKeeper(journal: journal, unpause: unpause)
    }

    /// Sums up what is recorded and takes up a block that is open; O(trials), from the stored status bytes. Writes
    /// nothing.
    func resumePoint() throws(BellError) -> ResumePoint {
        guard let model = LocalModel(settingBias: sealed.plan.settingBias) else {
            throw BellError(
                .planContradiction, "The setting bias \(sealed.plan.settingBias) is not below ½.", at: "plan")
        }
        var totals = CampaignTotals(process: EProcess(model))
        totals.simulated = journal.simulated
        var unresolved: Arm?
        try forEachArm { (arm) throws(BellError) in
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
        let last = try journal.lastBlock.flatMap { (last) throws(BellError) in
            try journal.blocks(from: last.number).last
        }
        let open = last?.summary == nil ? last : nil
        if let open { try takeUp(open) }
        let state = try journal.state().state
        isFinishing = state == CampaignState.finishing.rawValue
        let isFull = journal.nextIndex >= sealed.plan.trials
        return ResumePoint(
            totals: totals, nextIndex: journal.nextIndex,
            nextArm: journal.nextArm, nextBlock: (last?.header.number).map { $0 + 1 } ?? 0,
            openBlock: open?.header.number, unresolved: unresolved,
            wasPaused: state == CampaignState.paused.rawValue && !unpause,
            finishing: isFinishing ? (isFull ? .completed : .stopped) : nil)
    }

    /// Calls `body` for each arm from a trial on, without their evidence; memory does not grow.
    private func forEachArm(
        from index: UInt64 = 0, _ body: (StoredArm) throws(BellError) -> Void
    ) throws(BellError) {
        var index = index
        while index < journal.nextIndex {
            let arms = try journal.arms(from: index, limit: 256)
            for arm in arms {
                try body(arm)
                index = arm.header.endIndex
            }
            if arms.isEmpty { return }
        }
    }

    /// Goes on with a block that another process began.
    private func takeUp(_ open: StoredBlock) throws(BellError) {
        auditor = Auditor(try AuditParameters(json: open.header.audit))
        var sums = BlockSums(header: open.header)
        try forEachArm(from: open.header.firstIndex) { (arm) throws(BellError) in
            guard arm.header.block == open.header.number, let result = arm.result else { return }
            for byte in result.statuses { if let status = TrialStatus(rawValue: byte) { sums.tally.add(status) } }
            sums.margins += try MarginSummary(json: result.margins)
        }
        block = sums
    }

    // MARK: Blocks and arms

    /// Writes a block's header; durable when it returns.
    func beginBlock(
        number: UInt64, firstIndex: UInt64, block: CompiledBlock, boots: PerNode<UInt64>
    ) throws(BellError) {
        let header = BlockHeader(
            number: number, firstIndex: firstIndex, calibration: block.calibration,
            calibrationHash: block.calibrationHash, audit: block.audit.json,
            programs: block.programs.map { $0.encoded() }, bootIDs: boots)
        try journal.beginBlock(header)
        auditor = Auditor(block.audit)
        self.block = BlockSums(header: header)
    }

    /// Writes the block's summary: what the certifier compares with its own counts.
    func closeBlock(_ number: UInt64) throws(BellError) {
        guard let block, block.header.number == number else { return }
        try journal.closeBlock(
            number,
            summary: [
                "next_index": JSON(count: journal.nextIndex), "tally": block.tally.json,
                "margins": block.margins.json,
                "chain_heads": [
                    "alice": .string(journal.chainHeads.alice.description),
                    "bob": .string(journal.chainHeads.bob.description),
                ],
            ])
        self.block = nil
        auditor = nil
    }

    /// Makes an arm's range durable; host bits are committed to with it.
    func commit(_ arm: Arm, bits: PerNode<[UInt8]>?) throws(BellError) -> BellJournal.HostBits? {
        let (header, hostBits) = self.header(of: arm, bits: bits)
        try journal.commitArm(header, hostBits: hostBits)
        return hostBits
    }

    private func header(of arm: Arm, bits: PerNode<[UInt8]>?) -> (ArmHeader, BellJournal.HostBits?) {
        let hostBits = bits.map { bits in
            BellJournal.HostBits(salt: randomBytes(32), bits: bits.map { PackedBits(bits: $0).bytes })
        }
        return (
            ArmHeader(
                arm: arm.number, block: arm.block, firstIndex: arm.firstIndex, count: arm.count,
                hostBitsCommitment: hostBits?.commitment), hostBits
        )
    }

    /// Audits what was gathered and stores it; in the same transaction commits the next arm.
    func record(
        _ gathered: ArmCollector, hostBits: BellJournal.HostBits?, thenCommit next: Arm?, nextBits: PerNode<[UInt8]>?
    ) throws(BellError) -> (audit: ArmAudit, nextBits: BellJournal.HostBits?) {
        guard var auditor else {
            throw BellError(.planContradiction, "An arm is recorded outside of every block.", at: journal.path)
        }
        let arm = gathered.arm
        let halves = PerNode { gathered.sortedHalves($0) }
        let clocks = PerNode { gathered.sortedClocks($0) }
        // The stored bits count: after a restart the ones in memory are gone.
        var stored = hostBits
        if stored == nil, let header = try journal.header(of: arm.number) { stored = try journal.hostBits(of: header) }
        self.auditor = nil
        let audit = auditor.audit(
            ArmEvidence(
                firstIndex: arm.firstIndex, count: arm.count, halves: halves, clocks: clocks,
                hostBits: stored?.bits))
        self.auditor = auditor
        let result = ArmResult(
            halves: halves, clocks: clocks, signatures: gathered.signatures, statuses: audit.statuses,
            margins: audit.margins.json)
        let following = next.map { header(of: $0, bits: nextBits) }
        try journal.record(
            arm: arm.number, result, committing: following.map { (header: $0.0, hostBits: $0.1) })
        block?.tally += audit.tally
        block?.margins += audit.margins
        return (audit, following?.1)
    }

    // MARK: State

    /// Stores the state and why, for lists and for a restart; on a full disk the state before stays there, which a
    /// restart can go on from as well. ``finish()`` alone makes a campaign finishing.
    func note(state: CampaignState, reason: BellError?) {
        guard state != .finishing, !isFinishing || state.isFinal else { return }
        try? journal.setState(state.rawValue, reason: reason?.what ?? "")
    }

    /// Marks the end: from here on no trial is started, and the stream tells the certifier. Durable when it returns.
    func finish() throws(BellError) {
        try journal.setState(CampaignState.finishing.rawValue)
        isFinishing = true
    }

    /// Stores something worth remembering that is not evidence; a full disk loses it.
    func addEvent(_ kind: String, time: String, detail: JSON) {
        try? journal.addEvent(kind, time: time, detail: detail)
    }

    /// Returns once everything asked for before has been done.
    public func drain() {}

    /// Limits the journal's size, as a full disk would; for tests.
    func limitJournal(toPages count: Int) throws(BellError) { try journal.limitPages(count) }

    /// Pages of the journal now; for tests.
    func journalPages() throws(BellError) -> Int { try journal.pageCount() }
}
