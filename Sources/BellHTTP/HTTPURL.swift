public import BellModel

/// An `http://` address, strictly read.
public struct HTTPURL: Equatable, Sendable, CustomStringConvertible {
    /// A name or an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    public let port: UInt16
    /// From `/` on.
    public var path: String

    /// Reads `http://HOST[:PORT][/PATH]`; characters that a request line cannot hold are refused.
    ///
    /// - Throws: `http.url`.
    public init(_ text: String) throws(BellError) {
        func refused(_ what: String) -> BellError {
            BellError(
                .httpURL, what, at: String(text.prefix(200)),
                fix: "give http://HOST:PORT/; what stands behind HTTPS is fetched with curl and read from its file")
        }
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw refused("The address is too long or has spaces in it.")
        }
        guard text.hasPrefix("http://") else { throw refused("The address does not begin with http://.") }
        let rest = text.dropFirst("http://".count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        path = slash == rest.endIndex ? "/" : String(rest[slash...])
        let name: Substring
        let after: Substring
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw refused("A bracket is not closed.") }
            name = authority[authority.index(after: authority.startIndex)..<close]
            after = authority[authority.index(after: close)...]
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            name = authority[..<colon]
            after = authority[colon...]
        }
        let isName = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x3a, 0x5f].contains(byte)
        }
        guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy(isName) else {
            throw refused("The address names no host.")
        }
        host = String(name)
        if after.isEmpty {
            port = 80
        } else {
            guard after.hasPrefix(":"), let number = UInt16(after.dropFirst()), number > 0 else {
                throw refused("The port is no number from 1 to 65535.")
            }
            port = number
        }
    }

    /// `HOST:PORT` as the Host header has it.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    public var description: String { "http://\(authority)\(path)" }
}
