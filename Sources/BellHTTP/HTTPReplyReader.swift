public import BellModel

/// Reads the answer to one GET that ends with its connection: bytes in, status and body out; no input or output.
///
/// HTTP/1.0 and 1.1 with Content-Length or up to the connection's end; chunks are refused, which a client that asks with
/// HTTP/1.0 is never sent.
/// - SeeAlso: RFC 9112, sections 2 to 6.
public struct HTTPReplyReader: Sendable {
    /// Bytes of the status line and headers.
    public static let mostHeaderBytes = 16384

    /// The status, once the headers have been read.
    public private(set) var status: Int?
    /// What has come of the body.
    public private(set) var body: [UInt8] = []
    private var header: [UInt8] = []
    private var length: Int?
    private let limit: Int

    /// Begins; a body of more than `limit` bytes is refused.
    public init(limit: Int) { self.limit = limit }

    /// Whether all has come that was announced.
    public var isWhole: Bool { status != nil && length.map { body.count >= $0 } ?? false }

    /// Takes bytes as they come.
    ///
    /// - Throws: `http.reply`.
    public mutating func take(_ bytes: some Collection<UInt8>) throws(BellError) {
        if status != nil { return try takeBody(bytes) }
        header += bytes
        guard let end = headerEnd() else {
            if header.count > Self.mostHeaderBytes { throw Self.bad("The answer's headers are too long.") }
            return
        }
        guard end <= Self.mostHeaderBytes else { throw Self.bad("The answer's headers are too long.") }
        let rest = Array(header[end...])
        try readHeader(String(decoding: header[..<end], as: UTF8.self))
        header = []
        try takeBody(rest)
    }

    /// The connection has ended.
    ///
    /// - Throws: `http.reply` when something is missing.
    public func finish() throws(BellError) {
        guard status != nil else { throw Self.bad("The answer ended within its headers.") }
        if let length, body.count < length {
            throw Self.bad("The answer ended after \(body.count) of \(length) bytes.")
        }
    }

    private func headerEnd() -> Int? {
        guard header.count >= 4 else { return nil }
        for i in 0...(header.count - 4) where header[i] == 13 && header[i..<(i + 4)].elementsEqual([13, 10, 13, 10]) {
            return i + 4
        }
        return nil
    }

    private mutating func readHeader(_ text: String) throws(BellError) {
        // In Swift a carriage return and a line feed are one character.
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0", words[1].utf8.count == 3,
            let status = Int(words[1]), (100...599).contains(status)
        else { throw Self.bad("The answer is no HTTP/1.") }
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { throw Self.bad("A header line has no colon.") }
            let value = line[line.index(after: colon)...].trimmingSpaces
            switch line[..<colon].lowercased() {
            case "content-length":
                guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(value),
                    length == nil || length == count
                else { throw Self.bad("The answer's Content-Length is no number, or two.") }
                guard count <= limit else { throw Self.bad("The answer has \(count) bytes; \(limit) are read.") }
                length = count
            case "transfer-encoding": throw Self.bad("The answer comes in chunks, which are not read here.")
            default: break
            }
        }
        self.status = status
    }

    private mutating func takeBody(_ bytes: some Collection<UInt8>) throws(BellError) {
        guard body.count + bytes.count <= length ?? limit else {
            throw Self.bad(
                "The answer has more bytes than \(length == nil ? "the \(limit) that are read" : "it said").")
        }
        body += bytes
    }

    private static func bad(_ what: String) -> BellError {
        BellError(.httpReply, what, fix: "check the address, and what answers there")
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text.drop { $0 == " " || $0 == "\t" }
    }
}
