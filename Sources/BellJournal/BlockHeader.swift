public import BellModel

/// What is frozen for a block before its first trial.
public struct BlockHeader: Equatable, Sendable {
    /// One more than the block before; the first is the caller's choice.
    public var number: UInt64
    /// Index of the block's first trial.
    public var firstIndex: UInt64
    /// The frozen calibration.
    public var calibration: JSON
    /// BLAKE2b-256 of the calibration's canonical text.
    public var calibrationHash: Digest
    /// The audit's parameters (`AuditParameters.json`).
    public var audit: JSON
    /// The programs that were loaded, as sent to the boards.
    public var programs: PerNode<[UInt8]>
    /// The boards' boots when the block began.
    public var bootIDs: PerNode<UInt64>

    public init(
        number: UInt64, firstIndex: UInt64, calibration: JSON, calibrationHash: Digest, audit: JSON,
        programs: PerNode<[UInt8]>, bootIDs: PerNode<UInt64>
    ) {
        self.number = number
        self.firstIndex = firstIndex
        self.calibration = calibration
        self.calibrationHash = calibrationHash
        self.audit = audit
        self.programs = programs
        self.bootIDs = bootIDs
    }
}

/// A block as stored.
public struct StoredBlock: Equatable, Sendable {
    public var header: BlockHeader
    /// What ``Journal/closeBlock(_:summary:)`` was given; nil while the block is open.
    public var summary: JSON?

    public init(header: BlockHeader, summary: JSON?) {
        self.header = header
        self.summary = summary
    }
}
