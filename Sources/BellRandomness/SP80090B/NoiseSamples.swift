public import BellModel

extension BellError.Code {
    /// Samples cannot be read as asked: width, length or size.
    public static let samples = BellError.Code("randomness.samples", exit: .usage)
}

/// Samples of a noise source as SP 800-90B looks at them: symbols of 1 to 8 bits, and the same bits one after the other.
public struct NoiseSamples: Equatable, Sendable {
    /// Most bits that are taken: estimates of the whole string hold about 16 bytes a bit while they work.
    public static let mostBits = 1 << 26
    /// How many samples the standard wants in a data set (3.1.1).
    public static let wanted = 1_000_000

    /// 1...8.
    public let bitsPerSymbol: Int
    /// The values as they came.
    public let symbols: [UInt8]
    /// The values renumbered 0..<alphabet in their order.
    public let ranks: [UInt8]
    /// How many different values there are.
    public let alphabet: Int

    /// Cuts packed bits, the most significant first, into symbols; bits after the last whole symbol are left out.
    ///
    /// - Throws: `randomness.samples` for a width outside 1...8, more bits than there are bytes or than ``mostBits``.
    public init(packed bytes: [UInt8], bits: Int, bitsPerSymbol: Int) throws(BellError) {
        guard (1...8).contains(bitsPerSymbol) else {
            throw BellError(
                .samples, "Symbols of \(bitsPerSymbol) bits are not provided for.", fix: "choose 1 to 8 bits a symbol")
        }
        guard bits >= 0, bits <= 8 * bytes.count else {
            throw BellError(
                .samples, "\(bits) bits are declared and \(bytes.count) bytes are there.",
                fix: "give the whole file, or declare its true number of bits")
        }
        guard bits <= NoiseSamples.mostBits else {
            throw BellError(
                .samples, "\(bits) bits are more than the \(NoiseSamples.mostBits) that an assessment takes.",
                fix: "give a part of them; the standard asks for \(NoiseSamples.wanted) samples")
        }
        var symbols = [UInt8](repeating: 0, count: bits / bitsPerSymbol)
        for i in symbols.indices {
            let first = i * bitsPerSymbol
            // Two bytes hold any symbol.
            let pair = UInt16(bytes[first / 8]) << 8 | UInt16(first / 8 + 1 < bytes.count ? bytes[first / 8 + 1] : 0)
            symbols[i] = UInt8(truncatingIfNeeded: (pair << (first % 8)) >> (16 - bitsPerSymbol))
        }
        self.init(symbols: symbols, bitsPerSymbol: bitsPerSymbol)
    }

    /// Symbols below 2^bitsPerSymbol, each in a byte.
    init(symbols: [UInt8], bitsPerSymbol: Int) {
        var rank = [UInt8?](repeating: nil, count: 256)
        var seen = [Bool](repeating: false, count: 256)
        for x in symbols { seen[Int(x)] = true }
        var alphabet = 0
        for x in 0..<256 where seen[x] {
            rank[x] = UInt8(alphabet)
            alphabet += 1
        }
        let table = rank.map { $0 ?? 0 }
        self.symbols = symbols
        self.bitsPerSymbol = bitsPerSymbol
        self.alphabet = alphabet
        ranks = alphabet == 256 ? symbols : symbols.map { table[Int($0)] }
    }

    /// The same bits as symbols of one bit; one byte each.
    public var asBits: NoiseSamples {
        guard bitsPerSymbol > 1 else { return self }
        var bits = [UInt8](repeating: 0, count: symbols.count * bitsPerSymbol)
        var at = 0
        for x in symbols {
            for bit in 0..<bitsPerSymbol {
                bits[at + bit] = x >> UInt8(bitsPerSymbol - 1 - bit) & 1
            }
            at += bitsPerSymbol
        }
        return NoiseSamples(symbols: bits, bitsPerSymbol: 1)
    }
}
