public import BellModel

extension BellError.Code {
    /// Bits that cannot be a pad: too few, all equal, or given twice.
    public static let pad = BellError.Code("picture.pad", exit: .usage)
}

/// Packed bits that are put over a picture's samples by XOR, once.
public struct Pad: Equatable, Sendable {
    /// The highest bit of a byte is the first; one byte a sample.
    public let bytes: [UInt8]

    /// Takes a pad from the bytes of a source that hold it.
    ///
    /// - Parameters:
    ///   - source: Packed bits, the highest of a byte first.
    ///   - firstBit: In 0...7: where in the first byte the pad begins.
    ///   - count: In bytes.
    ///   - name: What the bits are called in errors.
    /// - Throws: `picture.pad` when there are too few, or when all bytes are equal: a source that stands still.
    public init(_ source: [UInt8], firstBit: Int = 0, count: Int, name: String) throws(BellError) {
        precondition((0..<8).contains(firstBit), "a bit of the first byte")
        guard source.count * 8 - firstBit >= count * 8 else {
            throw BellError(
                .pad, "The pad has \(max(0, source.count * 8 - firstBit)) bits; \(count * 8) are wanted.", at: name,
                fix: "give more bits, or take a smaller picture")
        }
        if firstBit == 0 {
            bytes = Array(source.prefix(count))
        } else {
            bytes = (0..<count).map { source[$0] << firstBit | source[$0 + 1] >> (8 - firstBit) }
        }
        if count > 1, bytes.allSatisfy({ $0 == bytes[0] }) {
            throw BellError(
                .pad, "All bytes of the pad are equal: it would hide nothing.", at: name,
                fix: "give bits of a source that works")
        }
    }

    /// Refuses two panels with the same bits, by whatever name they came.
    public static func checkDifferent(_ pads: [(name: String, pad: Pad)]) throws(BellError) {
        for (i, one) in pads.enumerated() {
            for other in pads.prefix(i) where other.pad == one.pad {
                throw BellError(
                    .pad, "The pads of \"\(other.name)\" and \"\(one.name)\" are the same bits.", at: one.name,
                    fix: "give each panel bits of its own: a pad is used once")
            }
        }
    }
}

extension Picture {
    /// The picture with a pad over it; the same again gives the picture back.
    ///
    /// - Throws: `picture.pad` when the pad has not one byte a sample.
    public func covered(by pad: Pad) throws(BellError) -> Picture {
        guard pad.bytes.count == samples.count else {
            throw BellError(.pad, "The pad has \(pad.bytes.count * 8) bits; \(bits) are wanted.", at: description)
        }
        var result = self
        for i in result.samples.indices { result.samples[i] ^= pad.bytes[i] }
        return result
    }

    /// Pictures of one size beside each other on white.
    ///
    /// - Parameter gap: Pixels between two.
    /// - Returns: Nil without pictures, or when their sizes differ.
    public static func row(_ pictures: [Picture], gap: Int = 8) -> Picture? {
        guard let first = pictures.first,
            pictures.allSatisfy({
                $0.width == first.width && $0.height == first.height && $0.channels == first.channels
            })
        else { return nil }
        let white = [UInt8](repeating: 255, count: gap * first.channels)
        let line = first.width * first.channels
        var samples: [UInt8] = []
        samples.reserveCapacity(pictures.count * (line + white.count) * first.height)
        for y in 0..<first.height {
            for (i, picture) in pictures.enumerated() {
                if i > 0 { samples += white }
                samples += picture.samples[(y * line)..<((y + 1) * line)]
            }
        }
        let width = pictures.count * first.width + (pictures.count - 1) * gap
        return Picture(unchecked: width, first.height, first.channels, samples)
    }
}
