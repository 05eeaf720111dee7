public import BellModel

/// What is known of a block once it is closed: it says, in the daemon's words, what the certifier has counted itself.
public struct BlockEnd: Equatable, Sendable {
    /// The block's number in its campaign; rises from block to block.
    public var number: UInt64
    /// Index of the block's first trial.
    public var firstIndex: UInt64
    /// One past the block's last trial; equal to ``firstIndex`` for an empty block.
    public var nextIndex: UInt64
    /// Counts and losses of the block.
    public var tally: TrialTally
    /// Space-like margins, as the audit writes them; opaque here.
    public var margins: JSON
    /// Hash of the block's frozen calibration.
    public var calibrationHash: Digest
    /// Roots of the nodes' trees of evidence after the block: over the leaves of all arms since the campaign's start.
    public var evidenceRoots: PerNode<Digest>
    /// How many of the block's chunks their nodes' keys have signed.
    public var signatures: PerNode<SignatureCount>
    /// What the block was audited with (survey, k, rates), as the audit writes it; opaque here.
    public var audit: JSON

    public init(
        number: UInt64, firstIndex: UInt64, nextIndex: UInt64, tally: TrialTally, margins: JSON,
        calibrationHash: Digest, evidenceRoots: PerNode<Digest>, signatures: PerNode<SignatureCount>, audit: JSON
    ) {
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

    /// Equal when the canonical texts are: 5 and 5.0 are one number on the wire.
    public static func == (a: BlockEnd, b: BlockEnd) -> Bool { a.json.text == b.json.text }

    public var json: JSON {
        [
            "block": JSON(count: number), "first_index": JSON(count: firstIndex),
            "next_index": JSON(count: nextIndex), "tally": tally.json, "margins": margins,
            "calibration_hash": .string(calibrationHash.description),
            "evidence_roots": evidenceRoots.json, "signatures": signatures.json,
            "audit": audit,
        ]
    }

    /// Reads what ``json`` wrote; refuses a range that runs backwards and a tally of another number of trials.
    public init(json: JSON) throws(BellError) {
        var reader = try JSONReader(json, path: "BLOCK_END")
        number = try reader.index("block", path: "BLOCK_END")
        firstIndex = try reader.index("first_index", path: "BLOCK_END")
        nextIndex = try reader.index("next_index", path: "BLOCK_END")
        tally = try TrialTally(json: try reader.value("tally"), path: "BLOCK_END.tally")
        margins = try reader.value("margins")
        calibrationHash = try reader.digest("calibration_hash")
        evidenceRoots = try PerNode(json: try reader.value("evidence_roots"), path: "BLOCK_END.evidence_roots")
        signatures = try PerNode(json: try reader.value("signatures"), path: "BLOCK_END.signatures")
        audit = try reader.value("audit")
        try reader.finish()
        guard firstIndex <= nextIndex, tally.trials == nextIndex - firstIndex else {
            throw BellError(
                .jsonShape,
                "The block has the trials \(firstIndex)..<\(nextIndex), but its tally counts \(tally.trials).",
                at: "BLOCK_END.tally")
        }
    }
}
