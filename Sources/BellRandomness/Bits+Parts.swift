/// Parts of bit strings, moved and joined a word at a time; each costs a pass over the words that it touches.
extension Bits {
    /// Bits `start ..< start + length`; those past the end are zeros.
    public func slice(from start: Int, length: Int) -> Bits {
        precondition(start >= 0 && length >= 0, "a part of the string")
        var part = Bits(zeros: length)
        let (skip, shift) = (start >> 6, UInt64(start & 63))
        let available = words.count - skip
        guard available > 0 else { return part }
        words.withUnsafeBufferPointer { from in
            part.words.withUnsafeMutableBufferPointer { to in
                for index in 0..<min(to.count, available) {
                    var word = from[skip + index] >> shift
                    if shift > 0, index + 1 < available { word |= from[skip + index + 1] << (64 - shift) }
                    to[index] = word
                }
            }
        }
        part.clearTail()
        return part
    }

    /// Adds `other` (XOR) to the bits from `start` on; what would come past the end is dropped.
    public mutating func add(_ other: Bits, at start: Int = 0) {
        precondition(start >= 0, "a place in the string")
        let (skip, shift) = (start >> 6, UInt64(start & 63))
        let room = words.count - skip
        guard room > 0 else { return }
        other.words.withUnsafeBufferPointer { from in
            words.withUnsafeMutableBufferPointer { to in
                for index in 0..<min(from.count, room) {
                    to[skip + index] ^= from[index] << shift
                    if shift > 0, index + 1 < room { to[skip + index + 1] ^= from[index] >> (64 - shift) }
                }
            }
        }
        clearTail()
    }

    /// The bits in the other order.
    public func reversed() -> Bits {
        // The reversed words hold the string at their upper end.
        let turned = words.reversed().map { word in
            (word.byteSwapped).bitsReversedInBytes
        }
        let lead = words.count * 64 - count
        return Bits(words: turned, count: words.count * 64).slice(from: lead, length: count)
    }

    /// These bits and then the others.
    public func joined(with other: Bits) -> Bits {
        var whole = Bits(words: words, count: count + other.count)
        whole.add(other, at: count)
        return whole
    }

    /// How many bits are one.
    public var ones: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
