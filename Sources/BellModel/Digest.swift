/// A 256-bit hash (BLAKE2b-256), written as 64 hexadecimal digits.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// Wraps 32 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads 64 hexadecimal digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// 32 zero bytes: the start of every hash chain.
    public static let zero = Digest(uncheckedZeroes: ())
    private init(uncheckedZeroes: ()) { bytes = [UInt8](repeating: 0, count: 32) }

    /// 64 lower-case hexadecimal digits.
    public var description: String { bytes.hex }
    /// The first eight digits, for tables.
    public var short: String { String(description.prefix(8)) }
}

extension Collection where Element == UInt8 {
    /// Lower-case hexadecimal digits, two a byte.
    public var hex: String {
        var text = ""
        text.reserveCapacity(count * 2)
        for byte in self {
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
        return text
    }
}

extension [UInt8] {
    /// Reads hexadecimal digits, two a byte; nil for an odd count or another character.
    public init?(hex: some StringProtocol) {
        let digits = Array<UInt8>(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for i in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[i])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[i + 1])).hexDigitValue
            else { return nil }
            append(UInt8(high << 4 | low))
        }
    }
}

/// Names a campaign: 128 bits, written as 32 hexadecimal digits.
public struct CampaignID: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes.
    public let bytes: [UInt8]
    /// Wraps 16 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }
    /// The first half of a hash.
    public init(first16Of hash: Digest) { bytes = Array(hash.bytes.prefix(16)) }
    /// Reads 32 hexadecimal digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes: bytes)
    }
    /// 32 lower-case hexadecimal digits.
    public var description: String { bytes.hex }
}
