/// What one node reports of one trial: 32 bytes, little-endian, readable as one numpy structured dtype.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | trial index, u64 |
/// | 8 | 8 | start tick, u64: the input bit begins to be generated |
/// | 16 | 4 | stop delta, u32 ticks: last sample that can influence the outcome |
/// | 20 | 2 | I, i16 |
/// | 22 | 2 | Q, i16 |
/// | 24 | 1 | setting, 0 or 1 |
/// | 25 | 1 | outcome, 0 or 1 |
/// | 26 | 2 | flags, u16 |
/// | 28 | 4 | aux, u32, board-defined |
///
/// - SeeAlso: docs/board-protocol.md, "Trial record".
public struct TrialRecord: Hashable, Sendable {
    /// The size of a record in bytes.
    public static let byteCount = 32

    /// Global in the campaign.
    public var index: UInt64
    /// Board ticks at which the input bit begins to be generated.
    public var startTick: UInt64
    /// Ticks from `startTick` to the last sample that can influence the outcome.
    public var stopDelta: UInt32
    /// Integrated in-phase quadrature in the program's full scale; a diagnostic.
    public var i: Int16
    /// Integrated quadrature component in the program's full scale; a diagnostic.
    public var q: Int16
    /// The input bit as latched: x at alice, y at bob.
    public var setting: UInt8
    /// The board's frozen decision: a at alice, b at bob; 0 has the sign +1.
    public var outcome: UInt8
    public var flags: TrialFlags
    /// Board-defined; evidence only.
    public var aux: UInt32

    public init(
        index: UInt64, startTick: UInt64, stopDelta: UInt32, i: Int16 = 0, q: Int16 = 0, setting: UInt8,
        outcome: UInt8, flags: TrialFlags = [], aux: UInt32 = 0
    ) {
        self.index = index
        self.startTick = startTick
        self.stopDelta = stopDelta
        self.i = i
        self.q = q
        self.setting = setting
        self.outcome = outcome
        self.flags = flags
        self.aux = aux
    }
}

/// What a board says of one trial's health; any bit of ``unhealthy`` makes the trial a loss.
public struct TrialFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The record comes from a simulation. Never a reason for a loss; carried to the certificate.
    public static let simulated = TrialFlags(rawValue: 1 << 0)
    /// The setting was a bit that the host had sent, not the board's own generator's.
    public static let hostBit = TrialFlags(rawValue: 1 << 1)
    /// No trigger pulse arrived where one was expected.
    public static let missedTrigger = TrialFlags(rawValue: 1 << 2)
    /// The analogue-to-digital converter saturated.
    public static let saturated = TrialFlags(rawValue: 1 << 3)
    /// The latch or gate came later than the program says.
    public static let lateLatch = TrialFlags(rawValue: 1 << 4)
    /// The readout did not finish.
    public static let readoutFault = TrialFlags(rawValue: 1 << 5)
    /// The random number generator's health test failed.
    public static let rngFault = TrialFlags(rawValue: 1 << 6)
    /// The reference clock was not locked.
    public static let clockUnlocked = TrialFlags(rawValue: 1 << 7)

    /// Everything but ``simulated`` and ``hostBit``; bits that version 1 does not define count as unhealthy.
    public static let unhealthy = TrialFlags(rawValue: ~(simulated.rawValue | hostBit.rawValue))
}

extension TrialRecord {
    /// Appends the record's 32 bytes.
    @inlinable
    public func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(index)
        bytes.appendLittleEndian(startTick)
        bytes.appendLittleEndian(stopDelta)
        bytes.appendLittleEndian(UInt16(bitPattern: i))
        bytes.appendLittleEndian(UInt16(bitPattern: q))
        bytes.append(setting)
        bytes.append(outcome)
        bytes.appendLittleEndian(flags.rawValue)
        bytes.appendLittleEndian(aux)
    }

    /// Reads the record at `offset`; `bytes` must hold 32 bytes from there.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        index = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        startTick = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        stopDelta = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt32.self))
        i = Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 20, as: Int16.self))
        q = Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 22, as: Int16.self))
        setting = bytes[offset + 24]
        outcome = bytes[offset + 25]
        flags = TrialFlags(
            rawValue: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 26, as: UInt16.self)))
        aux = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 28, as: UInt32.self))
    }

    /// Reads all records of a buffer whose size is a multiple of 32.
    public static func all(in bytes: [UInt8]) -> [TrialRecord] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count - raw.count % byteCount, by: byteCount).map { TrialRecord(raw, at: $0) }
        }
    }

    /// The bytes of many records, in their order.
    public static func bytes(of records: some Collection<TrialRecord>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(records.count * byteCount)
        for record in records { record.append(to: &out) }
        return out
    }
}

extension [UInt8] {
    /// Appends an integer's bytes, least significant first.
    @inlinable
    public mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Records of one node for consecutive trial indices of one arm: a half of the evidence, as it came.
public struct HalfChunk: Equatable, Sendable {
    public var node: Node
    /// Index of the first record; the others follow without a gap.
    public var firstIndex: UInt64
    /// Index of the shared pulse that started the first record's trial; the others follow without a gap.
    public var firstPulse: UInt64
    /// The board's boot in which the records were made.
    public var bootID: UInt64
    /// The records' bytes; a multiple of 32.
    public var records: [UInt8]

    public init(node: Node, firstIndex: UInt64, firstPulse: UInt64, bootID: UInt64, records: [UInt8]) {
        self.node = node
        self.firstIndex = firstIndex
        self.firstPulse = firstPulse
        self.bootID = bootID
        self.records = records
    }

    /// How many records there are.
    public var count: Int { records.count / TrialRecord.byteCount }
    /// The half-open range of trial indices.
    public var range: Range<UInt64> { firstIndex..<firstIndex + UInt64(count) }
}
