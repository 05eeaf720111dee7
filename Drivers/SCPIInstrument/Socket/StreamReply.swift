import BellModel

/// One answer in a stream of bytes, where nothing but its content marks its end: a newline, or a block's own length.
struct StreamReply: Sendable {
    let kind: SCPIAnswerKind
    let limit: Int
    private var bytes: [UInt8] = []
    /// How far a newline was looked for.
    private var searched = 0

    init(kind: SCPIAnswerKind, limit: Int) {
        self.kind = kind
        self.limit = limit
    }

    /// Bytes that the next read may take.
    var room: Int { max(1, min(64 << 10, limit + 2 - bytes.count)) }

    /// Takes what came.
    ///
    /// - Returns: The whole answer, or nil when more is to come.
    /// - Throws: `instrument.protocol` for one that is too long, or that is followed by another; the stream is of no
    ///   further use then.
    mutating func take(_ piece: [UInt8]) throws(BellError) -> [UInt8]? {
        bytes += piece
        if kind == .block {
            switch SCPIBlock.start(of: bytes) {
            case .open: return nil
            case .indefinite:
                throw .scpi("a block of open length has no end on a raw socket; ask for one of definite length")
            case .definite(let size, _):
                guard size <= limit else {
                    throw .scpi("a block of \(size) bytes, where at most \(limit) were expected")
                }
                // The newline after the block belongs to the answer; without it the next one would begin there.
                return bytes.count > size ? try end(at: size + (bytes[size] == UInt8(ascii: "\r") ? 1 : 0)) : nil
            case .none: break
            }
        }
        guard let newline = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            guard bytes.count <= limit else { throw .scpi("the answer is longer than \(limit) bytes") }
            return nil
        }
        return try end(at: newline)
    }

    private func end(at newline: Int) throws(BellError) -> [UInt8]? {
        guard newline < bytes.count else { return nil }
        guard bytes[newline] == UInt8(ascii: "\n") else { throw .scpi("bytes follow a block of \(newline) bytes") }
        guard newline + 1 == bytes.count else {
            throw .scpi("\(bytes.count - newline - 1) bytes follow the answer; nobody asked for them")
        }
        return bytes
    }
}
