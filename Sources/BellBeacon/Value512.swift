import BellCrypto
import BellModel

/// 512 bits: a random value, or a hash (SHA-512); written as 128 upper-case hexadecimal digits.
public struct Value512: Hashable, Sendable, CustomStringConvertible {
    /// 64 bytes.
    public let bytes: [UInt8]

    /// Wraps 64 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 64 else { return nil }
        self.bytes = Array(bytes)
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Reads 128 hexadecimal digits of either case.
    public init?(hex: String) {
        guard hex.utf8.count == 128, let bytes = [UInt8](hex: hex) else { return nil }
        self.bytes = bytes
    }

    /// SHA-512 of bytes.
    public static func hash(_ bytes: [UInt8]) -> Value512 { Value512(unchecked: SHA512.hash(bytes)) }
    /// 64 zero bytes: a value that is not there.
    public static let zero = Value512(unchecked: [UInt8](repeating: 0, count: 64))

    public var description: String { bytes.upperHex }
}

extension Collection where Element == UInt8 {
    /// Upper-case hexadecimal digits, as the published beacons write them.
    var upperHex: String { hex.uppercased() }
}
