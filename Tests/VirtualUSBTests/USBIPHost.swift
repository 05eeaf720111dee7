import Glibc

@testable import VirtualUSB

/// The host's side of USB/IP, byte by byte; written from the kernel's documentation, not from the server.
final class USBIPHost {
    let socket: Int32
    private var sequence: UInt32 = 0

    /// Connects to a Unix socket or to TCP on 127.0.0.1; -1 as `socket` when nobody listens.
    init(_ address: USBIPAddress) {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            let made = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let result = withUnsafePointer(to: name) { name in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            socket = result == 0 ? made : -1
        case .tcp(_, let port):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            let made = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let result = withUnsafePointer(to: name) { name in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            socket = result == 0 ? made : -1
        }
        // A test that waits for an answer that never comes fails instead of hanging.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    func send(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let sent = bytes[done...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            done += sent
        }
    }

    /// What comes, at most `count` bytes: fewer when the server ends the connection first.
    func receive(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < count {
            let got = recv(socket, &part, min(part.count, count - bytes.count), 0)
            guard got > 0 else { break }
            bytes += part[..<got]
        }
        return bytes
    }

    /// Whether the server has ended the connection, within the time limit.
    var isEnded: Bool {
        var byte: UInt8 = 0
        let got = recv(socket, &byte, 1, 0)
        return got == 0 || (got < 0 && errno == ECONNRESET)
    }

    static func word(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    /// OP_REQ_IMPORT; the reply's 8 bytes, and 312 more when its status is 0.
    func attach(_ busID: String) -> [UInt8] {
        let name = Array(busID.utf8)
        send([0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0] + name + [UInt8](repeating: 0, count: 32 - name.count))
        let head = receive(8)
        return head.count == 8 && head[7] == 0 ? head + receive(312) : head
    }

    /// USBIP_CMD_SUBMIT; returns its sequence number.
    @discardableResult
    func submit(
        _ endpoint: UInt32, isIn: Bool, length: UInt32, setup: [UInt8] = [UInt8](repeating: 0, count: 8),
        data: [UInt8] = [], flags: UInt32 = 0, packets: UInt32 = 0
    ) -> UInt32 {
        sequence += 1
        let head = [1, sequence, 0x0001_0002, isIn ? 1 : 0, endpoint, flags, length, 0, packets, 0].flatMap(Self.word)
        send(head + setup + data)
        return sequence
    }

    /// USBIP_CMD_UNLINK; returns its sequence number.
    func unlink(_ target: UInt32) -> UInt32 {
        sequence += 1
        send([2, sequence, 0x0001_0002, 0, 0, target].flatMap(Self.word) + [UInt8](repeating: 0, count: 24))
        return sequence
    }

    /// A reply's command, sequence, status and actual length.
    struct Reply: Equatable {
        var command: UInt32
        var sequence: UInt32
        var status: Int32
        var actual: UInt32
    }

    /// The next reply, without data; nil when the connection has ended.
    func reply() -> Reply? {
        let bytes = receive(48)
        guard bytes.count == 48 else { return nil }
        func word(_ offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        return Reply(
            command: word(0), sequence: word(4), status: Int32(bitPattern: word(20)), actual: word(24))
    }

    /// A control request's status and data.
    func control(_ setup: [UInt8], data: [UInt8] = []) -> (status: Int32, data: [UInt8])? {
        let isIn = setup[0] & 0x80 != 0
        let number = submit(0, isIn: isIn, length: UInt32(setup[6]) | UInt32(setup[7]) << 8, setup: setup, data: data)
        guard let reply = reply(), reply.command == 3, reply.sequence == number else { return nil }
        return (reply.status, isIn ? receive(Int(reply.actual)) : [])
    }
}
