import BellAudit
public import BellCrypto
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
    /// What the boards said of themselves when the campaign began, and whether it runs on a simulation.
    nonisolated let devices: JSON
    nonisolated let simulated: Bool
    private let journal: Journal
    private let executor: QueueExecutor
    private let preparer: ChunkPreparer
    private let checks: SignatureChecks
    /// With whose keys the nodes' chunks are signed, as recorded when the campaign began.
    nonisolated let keys: PerNode<ChunkKey?>
    /// belld's own keys, for boards without one.
    nonisolated let signers: PerNode<SigningKey?>
    private let unpause: Bool
    private var auditor: Auditor?
    /// Where the boards were at the end of the last recorded arm.
    private var history = AuditHistory()
    private var block: BlockSums?
    /// Each node's evidence of all recorded arms.
    private var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
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
        var signatures = PerNode(alice: SignatureCount(), bob: SignatureCount())
        /// Nodes whose first chunk without a good signature was told.
        var told: Set<Node> = []
    }

    private init(
        journal: sending Journal, unpause: Bool, signers: PerNode<SigningKey?>
    ) throws(BellError) {
        let keys = try PerNode<ChunkKey?>(devices: journal.devices, path: "\(journal.path), devices")
        self.keys = keys
        self.signers = signers
        // Another key than the campaign's signs nothing; the campaign is refused with it before its next arm.
        let own = PerNode { (node: Node) -> SigningKey? in
            guard let key = keys[node], key.holder == .belld, let own = signers[node] else { return nil }
            return own.publicKey == key.bytes ? own : nil
        }
        preparer = ChunkPreparer(campaign: journal.campaign, keys: own)
        checks = SignatureChecks(keys: keys)
        campaign = journal.campaign
        sealed = journal.sealed
        devices = journal.devices
        simulated = journal.simulated
        self.journal = journal
        self.unpause = unpause
        executor = QueueExecutor(label: "bell.journal")
    }

    /// Makes a new campaign's journal; durable when it returns.
    ///
    /// - Parameters:
    ///   - devices: What the boards say of themselves, and each node's ``ChunkKey`` as `key`.
    ///   - signers: belld's own keys, for the nodes whose boards have none.
    ///   - state: Sealed for a campaign that ``begin(_:)`` begins later.
    ///   - chain: The laboratory's other plans, for one that is begun at once.
    public static func create(
        at path: String, campaign: CampaignID, sealed: SealedPlan, devices: JSON, simulated: Bool,
        signers: PerNode<SigningKey?> = PerNode(alice: nil, bob: nil), state: CampaignState = .preparing,
        chain: PlanChain? = nil
    ) throws(BellError) -> JournalKeeper {
        let journal = try Journal.create(
            at: path, campaign: campaign, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
            devices: devices, simulated: simulated, state: state.rawValue, chain: chain)
        return try JournalKeeper(journal: journal, unpause: true, signers: signers)
    }

    /// Begins a sealed campaign: fixes what is known of its plan. Durable when it returns.
    public func begin(_ chain: PlanChain) throws(BellError) {
        try journal.fixPlanRecord(chain, state: CampaignState.preparing.rawValue)
    }

    /// Opens an unfinished campaign's journal.
    ///
    /// - Parameters:
    ///   - unpause: Whether a paused campaign goes on.
    ///   - signers: belld's own keys, for the nodes whose boards have none.
    public static func open(
        at path: String, unpause: Bool, signers: PerNode<SigningKey?> = PerNode(alice: nil, bob: nil)
    ) throws(BellError) -> JournalKeeper {
        let journal = try Journal.open(at: path)
        return try JournalKeeper(journal: journal, unpause: unpause, signers: signers)
    }

    /// Sums up what is recorded and takes up a block that is open; O(trials), from the stored status bytes. Writes
    /// nothing.
    func resumePoint() throws(BellError) -> ResumePoint {
        guard let model = LocalModel(settingBias: sealed.plan.settingBias) else {
            throw BellError(
                .planContradiction, "The setting bias \(sealed.plan.settingBias) is not below ½.", at: "plan")
        }
        var totals = CampaignTotals(process: EProcess(model), stopRule: StopRule(sealed.plan))
        totals.simulated = journal.simulated
        var unresolved: Arm?
        trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
        history = AuditHistory()
        var audits: [UInt64: AuditParameters] = [:]
        for block in try journal.blocks() {
            audits[block.header.number] = try AuditParameters(json: block.header.audit)
        }
        try forEachArm { (arm) throws(BellError) in
            guard let result = arm.result, let leaves = arm.leaves else {
                unresolved = Arm(
                    number: arm.header.arm, block: arm.header.block, firstIndex: arm.header.firstIndex,
                    count: arm.header.count)
                return
            }
            for node in Node.allCases { trees[node].append(leaves[node]) }
            if let audit = audits[arm.header.block] {
                history.pass(
                    chunks: result.chunks.map { $0.map { ($0.firstIndex, $0.bootID) } }, clocks: result.clocks, audit)
            }
            var tally = TrialTally()
            for byte in result.statuses { if let status = TrialStatus(rawValue: byte) { tally.add(status) } }
            totals.tally += tally
            totals.margins += try MarginSummary(json: result.margins)
            totals.process.add(tally, pattern: sealed.plan.pattern)
            totals.stopRule?.add(tally)
            totals.health.add(result.statuses, from: arm.header.firstIndex)
        }
        let last = try journal.lastBlock.flatMap { (last) throws(BellError) in
            try journal.blocks(from: last.number).last
        }
        let open = last?.summary == nil ? last : nil
        if let open { try takeUp(open) }
        let state = try journal.state().state
        isFinishing = state == CampaignState.finishing.rawValue
        let isDone = journal.nextIndex >= sealed.plan.trials || totals.stopRule?.isMet == true
        return ResumePoint(
            totals: totals, nextIndex: journal.nextIndex,
            nextArm: journal.nextArm, nextBlock: (last?.header.number).map { $0 + 1 } ?? 0,
            openBlock: open?.header.number, unresolved: unresolved,
            wasPaused: state == CampaignState.paused.rawValue && !unpause,
            finishing: isFinishing ? (isDone ? .completed : .stopped) : nil)
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
        auditor = Auditor(try AuditParameters(json: open.header.audit), after: history)
        var sums = BlockSums(header: open.header)
        try forEachArm(from: open.header.firstIndex) { (arm) throws(BellError) in
            guard arm.header.block == open.header.number, let result = arm.result else { return }
            for byte in result.statuses { if let status = TrialStatus(rawValue: byte) { sums.tally.add(status) } }
            sums.margins += try MarginSummary(json: result.margins)
            checks.begin(result.chunks, of: arm.header.arm, in: journal.campaign)
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
        auditor = Auditor(block.audit, after: history)
        self.block = BlockSums(header: header)
    }

    /// Writes the block's summary: what the certifier compares with its own counts.
    ///
    /// - Parameter isStopRuleMet: Whether the sealed stop rule is met with this block; nil for a plan without one.
    /// - Returns: As ``record(_:hostBits:thenCommit:nextBits:)``.
    @discardableResult
    func closeBlock(_ number: UInt64, isStopRuleMet: Bool? = nil) throws(BellError) -> [SignatureChecks.Problem] {
        guard block?.header.number == number else { return [] }
        let unsigned = take(checks.take())
        guard let block else { return [] }
        var summary: [String: JSON] = [
            "next_index": JSON(count: journal.nextIndex), "tally": block.tally.json, "margins": block.margins.json,
            "evidence_roots": trees.map(\.root).json, "signatures": block.signatures.json,
        ]
        if let isStopRuleMet { summary["stop_rule_met"] = .bool(isStopRuleMet) }
        try journal.closeBlock(number, summary: .object(summary))
        self.block = nil
        auditor = nil
        return unsigned
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

    /// Begins to hash, compress and, if the board does not, sign a chunk of the arm that is being collected; returns at
    /// once.
    nonisolated func prepare(_ chunk: HalfChunk, of arm: UInt64) { preparer.begin(chunk, of: arm) }

    /// Takes what has come of checked signatures into the open block.
    ///
    /// - Returns: What a person should hear of: the first chunk of a node in a block that its key has not signed.
    private func take(_ outcome: SignatureChecks.Outcome) -> [SignatureChecks.Problem] {
        for node in Node.allCases { block?.signatures[node] += outcome.counts[node] }
        return outcome.problems.filter { keys[$0.node] != nil && block?.told.insert($0.node).inserted == true }
    }

    /// Audits what was gathered and stores it; in the same transaction commits the next arm.
    ///
    /// - Returns: The audit, the next arm's bits, and chunks that their node's key has not signed, of this arm or earlier
    ///   ones.
    func record(
        _ gathered: ArmCollector, hostBits: BellJournal.HostBits?, thenCommit next: Arm?, nextBits: PerNode<[UInt8]>?
    ) throws(BellError) -> (
        audit: ArmAudit, nextBits: BellJournal.HostBits?, unsigned: [SignatureChecks.Problem]
    ) {
        guard var auditor else {
            throw BellError(.planContradiction, "An arm is recorded outside of every block.", at: journal.path)
        }
        let arm = gathered.arm
        let halves = PerNode { node in
            keys[node]?.holder == .board ? gathered.signedHalves(node) : gathered.sortedHalves(node)
        }
        let clocks = PerNode { gathered.sortedClocks($0) }
        // The stored bits count: after a restart the ones in memory are gone.
        var stored = hostBits
        let committed = try journal.header(of: arm.number)
        if stored == nil, let committed { stored = try journal.hostBits(of: committed) }
        self.auditor = nil
        // An arm that could not be written, as on a full disk, is audited again.
        auditor.history = history
        let audit = auditor.audit(
            ArmEvidence(
                firstIndex: arm.firstIndex, count: arm.count, halves: halves, clocks: clocks,
                hostBits: stored?.bits))
        let reached = auditor.history
        self.auditor = auditor
        let prepared = preparer.take(halves, of: arm.number)
        let result = ArmResult(
            halves: halves, clocks: clocks,
            signatures: PerNode { node in
                zip(halves[node], prepared[node]).map { $1.signature ?? gathered.signature(of: $0) }
            }, statuses: audit.statuses, margins: audit.margins.json)
        let following = next.map { header(of: $0, bits: nextBits) }
        let chunks = try journal.record(
            arm: arm.number, result, prepared: prepared,
            committing: following.map { (header: $0.0, hostBits: $0.1) })
        history = reached
        if let committed {
            for node in Node.allCases {
                trees[node].append(EvidenceLeaf(committed, node, chunks: chunks[node], clocks: clocks[node]).hash)
            }
        }
        // The arm's own are counted with a later one, once their queue has come to them.
        let unsigned = take(checks.take(waiting: false))
        checks.begin(chunks, of: arm.number, in: journal.campaign)
        block?.tally += audit.tally
        block?.margins += audit.margins
        return (audit, following?.1, unsigned)
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
