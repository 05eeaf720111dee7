import BellHost
import BellModel
import Glibc

/// Where a USB/IP server listens.
public enum USBIPAddress: Equatable, Sendable {
    /// An IPv4 or IPv6 address; port 0 lets the system choose. 3240 is USB/IP's.
    case tcp(address: String = "127.0.0.1", port: UInt16 = 3240)
    /// A Unix socket; one that is left over at this path is replaced.
    case unix(path: String)

    /// `127.0.0.1:3240`, `[::1]:3240` or the path.
    public var text: String {
        switch self {
        case .tcp(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unix(let path): path
        }
    }
}

/// A listening socket and the thread that accepts on it.
struct USBIPListener: Sendable {
    /// With the port that the system chose.
    let address: USBIPAddress
    private let socket: Int32

    /// - Parameter accepted: Owns the connected socket that it is given.
    init(_ address: USBIPAddress, accepted: @escaping @Sendable (Int32) -> Void) throws(BellError) {
        let listening = try USBIPListener.listen(address)
        socket = listening
        self.address = USBIPListener.bound(address, listening)
        try startThread(named: "usbip-accept") {
            while true {
                let connected = accept(listening, nil, nil)
                if connected >= 0 {
                    _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
                    accepted(connected)
                } else if errno == EINVAL || errno == EBADF {
                    // The end of the listening.
                    break
                } else {
                    // Without this a process that has no descriptor left would spin.
                    usleep(10_000)
                }
            }
            Glibc.close(listening)
        }
    }

    /// Ends the listening; the thread closes the socket.
    func close() {
        shutdown(socket, Int32(SHUT_RDWR))
        if case .unix(let path) = address { unlink(path) }
    }

    private static func listen(_ address: USBIPAddress) throws(BellError) -> Int32 {
        switch address {
        case .unix(let path): return try listen(onPath: path)
        case .tcp(let text, let port): return try listen(onAddress: text, port)
        }
    }

    private static func listen(onPath path: String) throws(BellError) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: name.sun_path)
        guard path.utf8.count < room else {
            throw failure(.unix(path: path), "the path has \(path.utf8.count) bytes, at most \(room - 1) are possible")
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        let made = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        try start(made, .unix(path: path)) {
            let result = withUnsafePointer(to: name) { name in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(made, $0, size) }
            }
            // Only this user may plug the devices in.
            return result == 0 ? chmod(path, 0o600) : result
        }
        return made
    }

    private static func listen(onAddress text: String, _ port: UInt16) throws(BellError) -> Int32 {
        var four = sockaddr_in()
        var six = sockaddr_in6()
        let isFour = inet_pton(AF_INET, text, &four.sin_addr) == 1
        guard isFour || inet_pton(AF_INET6, text, &six.sin6_addr) == 1 else {
            throw failure(.tcp(address: text, port: port), "`\(text)` is no IP address")
        }
        (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
        (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), port.bigEndian)
        let family = isFour ? AF_INET : AF_INET6
        let made = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        try start(made, .tcp(address: text, port: port)) {
            if isFour {
                return withUnsafePointer(to: four) { name in
                    name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            return withUnsafePointer(to: six) { name in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(made, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        return made
    }

    private static func start(_ socket: Int32, _ address: USBIPAddress, _ bind: () -> Int32) throws(BellError) {
        guard socket >= 0 else { throw failure(address, "socket: " + String(cString: strerror(errno))) }
        guard bind() == 0, Glibc.listen(socket, 16) == 0 else {
            let reason = String(cString: strerror(errno))
            Glibc.close(socket)
            throw failure(address, "bind: " + reason)
        }
    }

    /// The address with the port that the system chose.
    private static func bound(_ address: USBIPAddress, _ socket: Int32) -> USBIPAddress {
        guard case .tcp(let text, 0) = address else { return address }
        // The port stands at the same place in both families' addresses.
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &size) }
        }
        return .tcp(address: text, port: UInt16(bigEndian: name.sin6_port))
    }

    private static func failure(_ address: USBIPAddress, _ cause: String) -> BellError {
        BellError(
            .systemFailed, "The USB/IP server cannot listen at \(address.text).", cause: cause,
            fix: "choose another port or path, or end the program that has this one")
    }
}
