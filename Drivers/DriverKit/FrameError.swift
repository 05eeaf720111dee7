public import BellModel

/// Why bytes are not a message of version 1.
public enum FrameError: Error, Equatable, Sendable {
    /// Fewer bytes than the header, or than the header announces.
    case truncated(have: Int, need: Int)
    /// The first four bytes are not `BELL`.
    case badMagic
    /// The payload length, over 1 MiB.
    case oversized(Int)
    /// More bytes than the header announces.
    case lengthMismatch(declared: Int, actual: Int)
    /// The CRC-32C does not agree.
    case badChecksum
    /// A sound frame of another version; its sequence is kept, so that it can be answered.
    case wrongVersion(UInt16, sequence: UInt32)
    /// A sound frame of a type that version 1 does not know.
    case unknownType(UInt16)
    /// A field of the payload is missing, out of its range or followed by too many bytes.
    case badPayload(type: UInt16, field: String)
}

extension FrameError: CustomStringConvertible {
    /// One clause for logs and for the text of an ERROR message.
    public var description: String {
        switch self {
        case .truncated(let have, let need): "truncated frame: \(have) of \(need) bytes"
        case .badMagic: "no frame: the first bytes are not BELL"
        case .oversized(let length): "oversized frame: \(length) bytes of payload, at most \(Frame.maximumPayload)"
        case .lengthMismatch(let declared, let actual): "frame of \(declared) bytes of payload came with \(actual)"
        case .badChecksum: "checksum mismatch (CRC-32C)"
        case .wrongVersion(let version, _): "protocol version \(version), spoken here is \(Frame.version)"
        case .unknownType(let type): "unknown message type 0x\(String(type, radix: 16))"
        case .badPayload(let type, let field):
            "message \(MessageType(rawValue: type)?.name ?? "0x\(String(type, radix: 16))"): bad \(field)"
        }
    }

    /// The error for people.
    public func bellError(at place: String) -> BellError {
        if case .wrongVersion(let version, _) = self {
            return BellError(
                .boardWrongVersion, "The board speaks protocol version \(version); belld speaks \(Frame.version).",
                at: place, fix: "update the board's firmware or bridge to protocol version \(Frame.version)")
        }
        return BellError(
            .boardProtocol, "A message of the board cannot be read.", at: place, cause: description,
            fix: "compare the board's firmware with docs/board-protocol.md")
    }
}
