public import BellAudit
public import BellCrypto
public import BellJournal
public import BellModel
import BellStatistics

/// Makes a campaign's evidence from its halves alone: audits, counts, checks signatures, grows the trees of evidence and
/// runs the e-process, arm by arm.
///
/// The same halves give the same evidence, on any machine. Copies share the checks that are under way: one is used.
public struct EvidenceBuilder {
    private let sealed: SealedPlan
    private var process: EProcess
    private var ratio: PredictionRatio
    private var stopRule: StopRule?
    private var training: Training
    private var health = PerNode<SettingHealth>()
    private let campaign: CampaignID
    private let checks: SignatureChecks
    private var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
    /// Chunks of the open block that their node's key has not signed, so far as ``openBlock()`` has asked; the first ones.
    private(set) var unsigned: [SignatureChecks.Problem] = []
    private var blocks: [BlockEvidence] = []
    private var open: OpenBlock?
    /// Where the boards were at the end of the last block.
    private var history = AuditHistory()
    /// Roots of both nodes' trees over the arms so far.
    public var evidenceRoots: PerNode<Digest> { trees.map(\.root) }
    /// One past the last trial of the last arm.
    public private(set) var nextIndex: UInt64 = 0
    /// Whether a record that was seen carries the simulated flag.
    public private(set) var hasSimulatedRecords = false

    private struct OpenBlock {
        let number: UInt64
        let firstIndex: UInt64
        let calibrationHash: Digest
        var auditor: Auditor
        var tally = TrialTally()
        var margins = MarginSummary()
        var signatures = PerNode(alice: SignatureCount(), bob: SignatureCount())
    }

    /// Begins at trial 0.
    ///
    /// - Parameter keys: With whose keys the nodes' chunks should be signed.
    public init(_ sealed: SealedPlan, campaign: CampaignID, keys: PerNode<ChunkKey?>) {
        self.sealed = sealed
        self.campaign = campaign
        checks = SignatureChecks(keys: keys)
        process = EProcess(LocalModel(settingBias: sealed.plan.settingBias) ?? .uniform)
        ratio = PredictionRatio(sealed.plan)
        stopRule = StopRule(sealed.plan)
        training = Training(sealed.plan)
    }

    /// Opens a block at the next trial, and closes the one before.
    public mutating func beginBlock(
        number: UInt64, calibrationHash: Digest, audit: AuditParameters
    ) throws(BellError) {
        try endBlock()
        unsigned = []
        open = OpenBlock(
            number: number, firstIndex: nextIndex, calibrationHash: calibrationHash,
            auditor: Auditor(audit, after: history))
    }

    /// Audits the next arm and takes it into the open block.
    ///
    /// - Parameters:
    ///   - header: What was committed before the arm.
    ///   - signatures: Of the halves, in their order; nil for one without.
    ///   - hashes: Of the halves' records, in their order, from who has just computed them; nil: they are computed.
    /// - Throws: `certificate.evidence` when no block is open, or the arm does not begin at the next trial.
    @discardableResult
    public mutating func add(
        _ arm: ArmEvidence, header: ArmHeader, signatures: PerNode<[[UInt8]?]>, hashes: PerNode<[Digest]>? = nil
    ) throws(BellError) -> ArmAudit {
        guard var block = open else {
            throw BellError(.certificateEvidence, "An arm lies outside of every block.", at: "trial \(arm.firstIndex)")
        }
        let (end, overflow) = nextIndex.addingReportingOverflow(UInt64(arm.count))
        guard arm.firstIndex == nextIndex, !overflow else {
            throw BellError(
                .certificateEvidence, "An arm begins at trial \(arm.firstIndex), not at \(nextIndex).",
                at: "block \(block.number)")
        }
        // The auditor keeps its working memory: taken out of the optional, it is not copied.
        open = nil
        let result = block.auditor.audit(arm)
        block.tally += result.tally
        block.margins += result.margins
        open = block
        process.add(result.tally, pattern: sealed.plan.pattern)
        ratio.add(result.tally)
        stopRule?.add(result.tally)
        training.add(result.tally, pattern: sealed.plan.pattern)
        health.add(result.statuses, from: arm.firstIndex)
        for node in Node.allCases {
            take(
                arm, header, node, signatures[node], hashes?[node] ?? arm.halves[node].map { Blake2b.hash($0.records) })
        }
        hasSimulatedRecords = hasSimulatedRecords || result.simulated
        nextIndex = end
        return result
    }

    /// Hashes a node's part of an arm into its leaf, and has its signatures checked.
    private mutating func take(
        _ arm: ArmEvidence, _ header: ArmHeader, _ node: Node, _ signatures: [[UInt8]?], _ hashes: [Digest]
    ) {
        precondition(hashes.count == arm.halves[node].count, "a hash belongs to each half")
        let chunks = zip(arm.halves[node], hashes).map { half, hash in
            EvidenceLeaf.Chunk(
                firstIndex: half.firstIndex, firstPulse: half.firstPulse, bootID: half.bootID,
                count: UInt64(half.count), hash: hash)
        }
        let leaf = EvidenceLeaf(
            node: node, arm: header.arm, firstIndex: arm.firstIndex, count: UInt64(arm.count),
            hostBitsCommitment: header.hostBitsCommitment, chunks: chunks, clocks: arm.clocks[node])
        trees[node].append(leaf.hash)
        checks.begin(
            chunks.enumerated().map { i, chunk in
                SignatureChecks.Claim(
                    SignedChunk(
                        campaign: campaign, arm: header.arm, bootID: chunk.bootID, firstIndex: chunk.firstIndex,
                        count: UInt32(clamping: chunk.count), digest: chunk.hash),
                    signature: signatures.indices.contains(i) ? signatures[i] : nil)
            }, of: node)
    }

    /// Closes the last block and hands over everything.
    ///
    /// - Throws: `certificate.evidence` when the parts contradict each other or the plan.
    public mutating func finish(
        planHash: Digest, devices: JSON, simulated: Bool, software: String, record: PlanRecord = PlanRecord(),
        end: CampaignEvidence.End
    ) throws(BellError) -> CampaignEvidence {
        try endBlock()
        return try CampaignEvidence(
            campaign: campaign, sealed: sealed, planHash: planHash, devices: devices, simulated: simulated,
            software: software, record: record, blocks: blocks, eProcess: EProcessResult(process),
            predictionRatio: EProcessResult(ratio), training: training, settingHealth: health.extremes, end: end)
    }

    /// Whether the sealed stop rule is met by the arms so far; nil for a plan without one.
    var isStopRuleMet: Bool? { stopRule?.isMet }

    /// Sums of the open block, its signatures included; nil outside of one. Waits for the signatures' checks.
    mutating func openBlock() -> (
        tally: TrialTally, margins: MarginSummary, signatures: PerNode<SignatureCount>
    )? {
        guard var block = open else { return nil }
        let outcome = checks.take()
        for node in Node.allCases { block.signatures[node] += outcome.counts[node] }
        unsigned += outcome.problems.prefix(SignatureChecks.mostProblems - unsigned.count)
        open = block
        return (block.tally, block.margins, block.signatures)
    }

    private mutating func endBlock() throws(BellError) {
        guard let sums = openBlock(), let block = open else { return }
        open = nil
        history = block.auditor.history
        if let metAt = stopRule?.metAt, nextIndex > metAt {
            throw BellError(
                .certificateEvidence, "Trials were run although the sealed stop rule was met at trial \(metAt).",
                at: "block \(block.number)")
        }
        stopRule?.endBlock()
        blocks.append(
            try BlockEvidence(
                number: block.number, firstIndex: block.firstIndex, nextIndex: nextIndex, tally: sums.tally,
                margins: sums.margins, calibrationHash: block.calibrationHash, evidenceRoots: evidenceRoots,
                signatures: sums.signatures, audit: block.auditor.parameters))
    }
}
