public import BellAudit
public import BellModel
import BellTiming

/// What a certificate knows of one block: trials under one frozen calibration.
public struct BlockEvidence: Equatable, Sendable {
    /// The block's number; rises from block to block.
    public let number: UInt64
    /// Index of the first trial.
    public let firstIndex: UInt64
    /// One past the last trial; equal to `firstIndex` for an empty block.
    public let nextIndex: UInt64
    /// Counts and losses; their sum is `nextIndex − firstIndex`.
    public let tally: TrialTally
    /// Space-like margins of the valid trials.
    public let margins: MarginSummary
    /// Hash of the frozen calibration.
    public let calibrationHash: Digest
    /// Roots of both nodes' trees of evidence after the block, over all arms since the campaign's start.
    public let evidenceRoots: PerNode<Digest>
    /// How many of the block's chunks their nodes' keys have signed.
    public let signatures: PerNode<SignatureCount>
    /// What the block was audited with: survey, k and rates.
    public let audit: AuditParameters

    /// Wraps the values and checks that the tally and the margins speak of the block's trials.
    ///
    /// - Throws: `certificate.evidence` when they do not.
    public init(
        number: UInt64, firstIndex: UInt64, nextIndex: UInt64, tally: TrialTally, margins: MarginSummary,
        calibrationHash: Digest, evidenceRoots: PerNode<Digest>, signatures: PerNode<SignatureCount>,
        audit: AuditParameters
    ) throws(BellError) {
        guard firstIndex <= nextIndex, tally.trials == nextIndex - firstIndex else {
            throw BellError(
                .certificateEvidence,
                "Block \(number) has the trials \(firstIndex)..<\(nextIndex), but its tally counts \(tally.trials).",
                at: "blocks[\(number)].tally")
        }
        guard margins.known.addingReportingOverflow(margins.unknown) == (tally.valid, false) else {
            throw BellError(
                .certificateEvidence,
                "Block \(number) has \(tally.valid) valid trials, but its margins speak of \(margins.known) known and "
                    + "\(margins.unknown) unknown ones.", at: "blocks[\(number)].margins")
        }
        guard audit.knowsMargins ? margins.unknown == 0 : margins.known == 0 else {
            throw BellError(
                .certificateEvidence,
                audit.knowsMargins
                    ? "Block \(number) has unknown margins although its audit can know them."
                    : "Block \(number) has margins that its audit cannot know: no clock offset, or bits of the host.",
                at: "blocks[\(number)].margins")
        }
        self.number = number
        self.firstIndex = firstIndex
        self.nextIndex = nextIndex
        self.tally = tally
        self.margins = margins
        self.calibrationHash = calibrationHash
        self.evidenceRoots = evidenceRoots
        self.signatures = signatures
        self.audit = audit
    }

    /// As the other initialiser, with margins and audit parameters as the stream carries them.
    ///
    /// - Throws: `json.shape` and the survey's errors as well.
    public init(
        number: UInt64, firstIndex: UInt64, nextIndex: UInt64, tally: TrialTally, margins: JSON,
        calibrationHash: Digest, evidenceRoots: PerNode<Digest>, signatures: PerNode<SignatureCount>,
        audit: JSON
    ) throws(BellError) {
        try self.init(
            number: number, firstIndex: firstIndex, nextIndex: nextIndex, tally: tally,
            margins: try MarginSummary(json: margins, path: "blocks[\(number)].margins"),
            calibrationHash: calibrationHash, evidenceRoots: evidenceRoots, signatures: signatures,
            audit: try AuditParameters(json: audit, path: "blocks[\(number)].audit"))
    }
}

extension BlockEvidence {
    /// u in picoseconds: the combined uncertainty of a margin.
    public var uncertainty: Double { audit.survey.u }
    /// k·u in picoseconds: every margin of a valid trial exceeds it.
    public var requiredMargin: Double { audit.k * audit.survey.u }

    /// The block in the certificate.
    public var json: JSON {
        [
            "number": JSON(count: number), "first_index": JSON(count: firstIndex),
            "next_index": JSON(count: nextIndex), "tally": tally.json, "margins": margins.json,
            "calibration_hash": .string(calibrationHash.description),
            "evidence_roots": evidenceRoots.json, "signatures": signatures.json,
            "audit": audit.json,
        ]
    }

    /// Reads what ``json`` wrote.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        try self.init(
            number: try reader.count("number"), firstIndex: try reader.count("first_index"),
            nextIndex: try reader.count("next_index"),
            tally: try TrialTally(json: try reader.value("tally"), path: "\(path).tally"),
            margins: try reader.value("margins"),
            calibrationHash: try reader.digest("calibration_hash"),
            evidenceRoots: try PerNode(json: try reader.value("evidence_roots"), path: "\(path).evidence_roots"),
            signatures: try PerNode(json: try reader.value("signatures"), path: "\(path).signatures"),
            audit: try reader.value("audit"))
        try reader.finish()
    }
}
