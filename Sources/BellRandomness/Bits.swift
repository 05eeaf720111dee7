public import BellModel

extension BellError.Code {
    /// Packed bits are more or fewer than declared.
    public static let bitsLength = BellError.Code("bits.length", exit: .usage)
    /// Bits after the last declared one are not zero.
    public static let bitsPadding = BellError.Code("bits.padding", exit: .usage)
}

/// A string of bits of any length up to 2^30.
///
/// Outside it is packed bytes, the first bit being the most significant one of the first byte, the last byte padded with
/// zeros. Inside it is what the product of polynomials over GF(2) takes: bit i of word j is bit 64j + i of the string, and
/// bits past the end are zero. A value takes count / 8 bytes.
public struct Bits: Equatable, Sendable {
    /// The longest string that is taken: 2^30 bits, 128 MiB.
    public static let longest = 1 << 30

    /// Bit i of word j is bit 64j + i; what is past ``count`` is zero.
    public internal(set) var words: [UInt64]
    public let count: Int

    /// Zeros.
    public init(zeros count: Int) {
        precondition(count >= 0, "a number of bits")
        words = [UInt64](repeating: 0, count: Bits.words(for: count))
        self.count = count
    }

    /// The first `count` bits of words; what is past them is cleared, and missing words are zero.
    public init(words: [UInt64], count: Int) {
        precondition(count >= 0, "a number of bits")
        self.words = words
        self.count = count
        let needed = Bits.words(for: count)
        if words.count > needed { self.words.removeLast(words.count - needed) }
        if words.count < needed { self.words += [UInt64](repeating: 0, count: needed - words.count) }
        clearTail()
    }

    /// Bits as packed bytes, the first bit most significant.
    ///
    /// - Parameters:
    ///   - bytes: ⌈count / 8⌉ bytes; what is after the last bit is zero.
    ///   - count: How many bits are declared; 8 a byte when nothing is.
    ///   - place: What the bits are, for messages.
    /// - Throws: `bits.length` when bytes are missing or left over, or for more than 2^30 bits; `bits.padding` when a bit after
    ///   the last one is set.
    public init(packed bytes: some Collection<UInt8>, count declared: Int? = nil, at place: String = "bits")
        throws(BellError)
    {
        let result = bytes.withContiguousStorageIfAvailable { storage in
            Bits.read(UnsafeRawBufferPointer(storage), declared, place)
        }
        self = try (result ?? Array(bytes).withUnsafeBytes { Bits.read($0, declared, place) }).get()
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, _ declared: Int?, _ place: String) -> Result<
        Bits, BellError
    > {
        let count = declared ?? bytes.count.multipliedReportingOverflow(by: 8).partialValue
        guard count >= 0, count <= longest, bytes.count <= longest / 8 else {
            return .failure(
                BellError(
                    .bitsLength, "\(declared.map { "\($0) bits" } ?? "\(bytes.count) bytes") are not provided for.",
                    at: place, fix: "give at most 2^30 bits, which are 134217728 bytes"))
        }
        guard bytes.count == (count + 7) / 8 else {
            let needed = (count + 7) / 8
            return .failure(
                BellError(
                    .bitsLength,
                    "\(count) bits are declared, which are \(needed) bytes, and \(bytes.count) bytes are there.",
                    at: place,
                    cause: bytes.count < needed ? "the data are cut short" : "the data are longer than declared",
                    fix: "give the whole file, or declare its true number of bits"))
        }
        if let last = bytes.last, count % 8 != 0, last << UInt8(count % 8) != 0 {
            return .failure(
                BellError(
                    .bitsPadding, "The last byte holds \(count % 8) bits, and the bits after them are not zero.",
                    at: place, cause: "either more bits are meant, or the data are damaged",
                    fix: "declare the true number of bits, or fill the last byte with zeros"))
        }
        var bits = Bits(zeros: count)
        let whole = bytes.count / 8
        for index in 0..<whole {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            bits.words[index] = word.bitsReversedInBytes
        }
        for index in whole * 8..<bytes.count {
            bits.words[whole] |= UInt64(bytes[index]) << UInt64((index - whole * 8) * 8)
        }
        if whole < bits.words.count { bits.words[whole] = bits.words[whole].bitsReversedInBytes }
        return .success(bits)
    }

    /// ⌈count / 8⌉ bytes, the first bit most significant, the last byte padded with zeros.
    public var packed: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (count + 7) / 8) { bytes, filled in
            for (index, word) in words.enumerated() {
                var rest = word.bitsReversedInBytes
                for place in index * 8..<min(index * 8 + 8, bytes.count) {
                    bytes.initializeElement(at: place, to: UInt8(truncatingIfNeeded: rest))
                    rest >>= 8
                }
            }
            filled = bytes.count
        }
    }

    /// Whether bit `index` is one.
    public subscript(index: Int) -> Bool {
        get {
            precondition(index >= 0 && index < count, "a bit of the string")
            return words[index >> 6] >> UInt64(index & 63) & 1 == 1
        }
        set {
            precondition(index >= 0 && index < count, "a bit of the string")
            let bit: UInt64 = 1 << UInt64(index & 63)
            if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
        }
    }

    static func words(for count: Int) -> Int { (count + 63) / 64 }

    mutating func clearTail() {
        guard count % 64 != 0 else { return }
        words[words.count - 1] &= (1 << UInt64(count % 64)) - 1
    }
}

extension UInt64 {
    /// Each byte with its bits in the other order.
    var bitsReversedInBytes: UInt64 {
        var word = self
        word = word >> 1 & 0x5555_5555_5555_5555 | (word & 0x5555_5555_5555_5555) << 1
        word = word >> 2 & 0x3333_3333_3333_3333 | (word & 0x3333_3333_3333_3333) << 2
        return word >> 4 & 0x0f0f_0f0f_0f0f_0f0f | (word & 0x0f0f_0f0f_0f0f_0f0f) << 4
    }
}
