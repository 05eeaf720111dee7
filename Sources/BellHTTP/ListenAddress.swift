public import BellModel
import Glibc

/// Where a server listens: an address of this machine's own loopback interface, and a port.
///
/// Anything that others can reach is refused, because nothing here proves who asks (docs/architecture.md): a public beacon
/// stands behind a web server that speaks HTTPS.
public struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// `127.0.0.1` or another of 127.0.0.0/8, or `::1`.
    public let host: String
    /// 0 lets the system choose.
    public var port: UInt16

    /// Reads `127.0.0.1:8079`, `localhost:8079` (127.0.0.1), `[::1]:8079`.
    ///
    /// - Throws: `http.address`.
    public init(_ text: String) throws(BellError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw Self.refused("It cannot be listened at \"\(text.prefix(80))\": that is not HOST:PORT.", text)
        }
        let name = text[..<colon]
        switch name {
        case "localhost": host = "127.0.0.1"
        case "[::1]": host = "::1"
        default:
            var address = in_addr()
            guard inet_pton(AF_INET, String(name), &address) == 1 else {
                throw Self.refused("It cannot be listened at \"\(text.prefix(80))\": that is no address.", text)
            }
            guard UInt32(bigEndian: address.s_addr) >> 24 == 127 else {
                throw Self.refused("The address \(name) can be reached from other machines.", text)
            }
            host = String(name)
        }
        self.port = port
    }

    private static func refused(_ what: String, _ text: String) -> BellError {
        BellError(
            .httpAddress, what, at: "--listen \(text.prefix(80))",
            fix:
                "listen at 127.0.0.1:PORT, localhost:PORT or [::1]:PORT; for others put a web server with HTTPS before it"
        )
    }

    /// `127.0.0.1:8079`, `[::1]:8079`: as it stands in a URL.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A socket that listens; `socket`, `bind`, `listen`.
    ///
    /// - Throws: `http.listen`, for example when the port is taken.
    func listen() throws(BellError) -> Int32 {
        let isSix = host.contains(":")
        let file = socket(isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | SOCK_CLOEXEC_FLAG, 0)
        guard file >= 0 else { throw failure("socket") }
        var yes: Int32 = 1
        // A port that an ended process has just left can be taken at once; one that is in use cannot.
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let result = isSix ? bindSix(file) : bindFour(file)
        guard result == 0, Glibc.listen(file, 64) == 0 else {
            let error = failure("bind")
            close(file)
            throw error
        }
        return file
    }

    private func bindFour(_ file: Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafeBytes(of: &address) { raw in
            bind(file, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
    }

    private func bindSix(_ file: Int32) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        inet_pton(AF_INET6, host, &address.sin6_addr)
        return withUnsafeBytes(of: &address) { raw in
            bind(file, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
    }

    /// The port that a listening socket has got; `getsockname`.
    static func port(of file: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutableBytes(of: &address) { raw in
            getsockname(file, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
        }
        // The port stands at the same place in both families.
        return result == 0 ? UInt16(bigEndian: address.sin6_port) : 0
    }

    private func failure(_ function: StaticString) -> BellError {
        let isTaken = errno == EADDRINUSE
        return BellError(
            .httpListen, isTaken ? "The port \(port) is taken." : "It cannot be listened at \(self).", at: "\(self)",
            cause: systemCause(function),
            fix: isTaken ? "end what listens there, or choose another port with --listen" : "choose another --listen")
    }
}

/// Glibc's constant is an enumeration in C and comes without its value.
private let SOCK_CLOEXEC_FLAG = Int32(SOCK_CLOEXEC.rawValue)
