public import BellModel
import DriverKit

/// Arbitrary block data: `#`, a digit that counts the digits of the length, the length, the bytes; or `#0`, the bytes, and
/// a newline at the message's end.
///
/// - SeeAlso: IEEE 488.2-1992, sections 7.7.6 (to the device), 8.7.9 (definite) and 8.7.10 (indefinite, from the device).
public enum SCPIBlock {
    /// The most bytes that nine digits can announce.
    public static let mostBytes = 999_999_999

    private static let mark = UInt8(ascii: "#")
    private static let zero = UInt8(ascii: "0")
    private static let newline = UInt8(ascii: "\n")

    /// The bytes as a definite block, without a newline after it.
    ///
    /// - Precondition: At most ``mostBytes``.
    public static func definite(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count <= mostBytes)
        let length = Array(String(bytes.count).utf8)
        return [mark, zero + UInt8(length.count)] + length + bytes
    }

    /// The bytes as an indefinite block; the newline belongs to it and must come with the message's end.
    public static func indefinite(_ bytes: [UInt8]) -> [UInt8] { [mark, zero] + bytes + [newline] }

    /// What a message begins with.
    enum Start: Equatable {
        /// A definite block of so many bytes, header included.
        case definite(size: Int, headerSize: Int)
        case indefinite
        /// More bytes are needed to tell.
        case open
        case none
    }

    static func start(of message: some Collection<UInt8>) -> Start {
        var bytes = message.makeIterator()
        guard let first = bytes.next() else { return .open }
        guard first == mark else { return .none }
        guard let second = bytes.next() else { return .open }
        guard let digits = digit(second) else { return .none }
        guard digits > 0 else { return .indefinite }
        var length = 0
        for _ in 0..<digits {
            guard let next = bytes.next() else { return .open }
            guard let value = digit(next) else { return .none }
            length = length * 10 + value
        }
        return .definite(size: 2 + digits + length, headerSize: 2 + digits)
    }

    /// Bytes of a message that begins with a definite block, header included; nil when it does not, or not yet.
    static func definiteSize(of message: some Collection<UInt8>) -> Int? {
        if case .definite(let size, _) = start(of: message) { size } else { nil }
    }

    /// Reads a whole message as one block.
    ///
    /// - Parameters:
    ///   - message: As it came, to the message's end; a newline after a definite block may be missing.
    ///   - limit: The most content bytes that are taken.
    /// - Throws: `instrument.protocol` when it is no block, not of its announced length, or longer than the limit.
    public static func content(of message: [UInt8], limit: Int = mostBytes) throws(BellError) -> [UInt8] {
        let content: ArraySlice<UInt8>
        switch start(of: message) {
        case .definite(let size, let headerSize):
            let rest = message.dropFirst(size)
            guard message.count >= size else {
                throw .scpi("a block announces \(size - headerSize) bytes and has \(message.count - headerSize)")
            }
            guard rest.allSatisfy({ $0 == newline || $0 == UInt8(ascii: "\r") }) else {
                throw .scpi("\(rest.count) bytes follow a block of \(size - headerSize)")
            }
            content = message[headerSize..<size]
        case .indefinite:
            guard message.last == newline else { throw .scpi("a block of open length does not end with a newline") }
            content = message[2..<(message.count - 1)]
        case .open: throw .scpi("a block's header ends after \(message.count) bytes")
        case .none: throw .scpi("no block: it begins with \"\(SCPIText.printable(message.prefix(20)))\"")
        }
        guard content.count <= limit else {
            throw .scpi("a block of \(content.count) bytes, where at most \(limit) were expected")
        }
        return Array(content)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= zero && byte <= zero + 9 ? Int(byte - zero) : nil
    }
}

extension BellError {
    /// `instrument.protocol`: what the instrument wrote cannot be read.
    static func scpi(_ cause: String) -> BellError {
        BellError(.instrumentProtocol, "The instrument's answer cannot be read.", cause: cause)
    }
}
