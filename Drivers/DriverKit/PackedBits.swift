/// Bits in bytes, most significant first, as numpy.packbits makes them; unused bits of the last byte are zero.
public struct PackedBits: Hashable, Sendable {
    /// How many bits there are.
    public let count: UInt32
    /// ⌈count / 8⌉ bytes.
    public let bytes: [UInt8]

    /// Wraps packed bits. Missing bytes become zero, surplus ones are cut off, unused bits of the last byte cleared.
    public init(count: UInt32, bytes: [UInt8]) {
        let size = (Int(count) + 7) / 8
        var packed = bytes
        if packed.count > size { packed.removeLast(packed.count - size) }
        if packed.count < size { packed.appendZeroes(size - packed.count) }
        if count % 8 != 0, let last = packed.indices.last { packed[last] &= ~(UInt8.max >> UInt8(count % 8)) }
        self.count = count
        self.bytes = packed
    }

    /// Packs bits; any value but 0 counts as 1. At most 2^32 − 1 bits are taken.
    public init(bits: [UInt8]) {
        let count = UInt32(clamping: bits.count)
        var packed = [UInt8](repeating: 0, count: (Int(count) + 7) / 8)
        for (place, bit) in bits.prefix(Int(count)).enumerated() where bit != 0 {
            packed[place / 8] |= 0x80 >> UInt8(place % 8)
        }
        self.count = count
        bytes = packed
    }

    /// The bit at a place, 0 or 1; 0 past the end.
    public subscript(place: Int) -> UInt8 {
        guard place >= 0, place < Int(count) else { return 0 }
        return bytes[place / 8] >> UInt8(7 - place % 8) & 1
    }
}
