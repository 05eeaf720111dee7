import BellModel

/// RAW_RNG_REQUEST: asks for bits of the board's random number generator.
public struct RawRandomRequest: Hashable, Sendable {
    /// The most bits that one reply carries: 8 (1 MiB − 8).
    public static let maximumCount = UInt32(8 * (Frame.maximumPayload - 8))

    /// How many bits; at least 1.
    public var count: UInt32

    public init(count: UInt32) { self.count = count }
}

extension RawRandomRequest: BoardPayload {
    func append(to bytes: inout [UInt8]) { bytes.appendLittleEndian(count) }

    init(reading reader: inout ByteReader) throws(FrameError) {
        count = try reader.integer("count", in: 1...RawRandomRequest.maximumCount)
    }
}

/// RAW_RNG: bits as the generator made them, in their order, without any post-processing that the trials do not have.
public struct RawRandom: Hashable, Sendable {
    public var bits: PackedBits

    public init(bits: PackedBits) { self.bits = bits }
}

extension RawRandom: BoardPayload {
    var sizeHint: Int { 8 + bits.bytes.count }

    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(bits.count)
        bytes.appendZeroes(4)
        bytes.append(contentsOf: bits.bytes)
    }

    init(reading reader: inout ByteReader) throws(FrameError) { bits = try reader.packedBits() }
}
