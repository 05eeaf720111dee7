public import BellAudit
import BellCrypto
public import BellModel
import BellStatistics

/// Makes a campaign's evidence from its halves alone: audits, counts, chains, and runs the e-process, arm by arm.
///
/// The same halves give the same evidence, on any machine.
public struct EvidenceBuilder {
    private let sealed: SealedPlan
    private var process: EProcess
    /// Heads of both nodes' chains after the last arm; zeroes at the start.
    public private(set) var chainHeads = PerNode(alice: Digest.zero, bob: Digest.zero)
    private var blocks: [BlockEvidence] = []
    private var open: OpenBlock?
    /// Sums of the open block, or nil.
    var openBlock: (tally: TrialTally, margins: MarginSummary)? { open.map { ($0.tally, $0.margins) } }
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
    }

    /// Begins at trial 0.
    public init(_ sealed: SealedPlan) {
        self.sealed = sealed
        process = EProcess(LocalModel(settingBias: sealed.plan.settingBias) ?? .uniform)
    }

    /// Opens a block at the next trial, and closes the one before.
    public mutating func beginBlock(
        number: UInt64, calibrationHash: Digest, audit: AuditParameters
    ) throws(BellError) {
        try endBlock()
        open = OpenBlock(
            number: number, firstIndex: nextIndex, calibrationHash: calibrationHash, auditor: Auditor(audit))
    }

    /// Audits the next arm and takes it into the open block.
    ///
    /// - Throws: `certificate.evidence` when no block is open, or the arm does not begin at the next trial.
    @discardableResult
    public mutating func add(_ arm: ArmEvidence) throws(BellError) -> ArmAudit {
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
        for node in Node.allCases {
            for half in arm.halves[node] {
                chainHeads[node] = EvidenceBuilder.chained(chainHeads[node], Blake2b.hash(half.records))
            }
        }
        hasSimulatedRecords = hasSimulatedRecords || result.simulated
        nextIndex = end
        return result
    }

    /// head′ = BLAKE2b-256(head ‖ chunk hash).
    static func chained(_ head: Digest, _ chunk: Digest) -> Digest { Blake2b.hash(head.bytes + chunk.bytes) }

    /// Closes the last block and hands over everything.
    ///
    /// - Throws: `certificate.evidence` when the parts contradict each other or the plan.
    public mutating func finish(
        campaign: CampaignID, planHash: Digest, devices: JSON, simulated: Bool, software: String,
        end: CampaignEvidence.End
    ) throws(BellError) -> CampaignEvidence {
        try endBlock()
        return try CampaignEvidence(
            campaign: campaign, sealed: sealed, planHash: planHash, devices: devices, simulated: simulated,
            software: software, blocks: blocks, eProcess: EProcessResult(process), end: end)
    }

    private mutating func endBlock() throws(BellError) {
        guard let block = open else { return }
        open = nil
        blocks.append(
            try BlockEvidence(
                number: block.number, firstIndex: block.firstIndex, nextIndex: nextIndex, tally: block.tally,
                margins: block.margins, calibrationHash: block.calibrationHash, chainHeads: chainHeads,
                audit: block.auditor.parameters))
    }
}
