public import BellModel
import Glibc

/// The testbed of Tests/USB that this process runs in: simulated devices come and go there as the real libusb sees them.
///
/// - SeeAlso: Tests/USB/testbed.py for its commands.
public struct USBTestbed: Sendable {
    /// A device that is plugged in.
    public struct Place: Equatable, Sendable {
        /// For example `1-1`; the same when this device comes again.
        public var port: String
        public var bus: UInt8
        /// Another one each time.
        public var address: UInt8
    }

    private let path: String

    /// The testbed around this process; nil when there is none, as under plain `swift test`.
    public static var current: USBTestbed? { getenv("BELL_USB_TESTBED").map { USBTestbed(path: String(cString: $0)) } }

    /// Whether a real kernel is the host (Tests/USB/kernel/run), and not the usbfs shim.
    public var isKernel: Bool { getenv("BELL_USB_KERNEL") != nil }

    /// Plugs in a device of a USB/IP server; returns when hotplug has been told.
    ///
    /// - Parameter server: The path of a Unix socket, or `127.0.0.1:3240`.
    public func plug(server: String, busID: String) throws(BellError) -> Place {
        let words = try ask("plug \(server) \(busID)").split(separator: " ")
        guard words.count == 3, let bus = UInt8(words[1]), let address = UInt8(words[2]) else {
            throw failure("It answered `\(words.joined(separator: " "))` to a plug.")
        }
        return Place(port: String(words[0]), bus: bus, address: address)
    }

    /// Pulls the cable of a port; returns when hotplug has been told.
    public func unplug(_ port: String) throws(BellError) { _ = try ask("unplug \(port)") }

    /// How often devices were opened so far.
    public func opens() throws(BellError) -> Int { Int(try ask("opens")) ?? -1 }

    private func ask(_ question: String) throws(BellError) -> String {
        let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard connection >= 0 else { throw failure("No socket can be made.") }
        defer { close(connection) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        let line = Array((question + "\n").utf8)
        guard result == 0, send(connection, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw failure("It cannot be asked `\(question)`.")
        }
        var answer: [UInt8] = []
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) == 1, byte != 0x0A { answer.append(byte) }
        let text = String(decoding: answer, as: UTF8.self)
        guard text == "ok" || text.hasPrefix("ok ") else { throw failure("`\(question)`: \(text)") }
        return String(text.dropFirst(3))
    }

    private func failure(_ what: String) -> BellError {
        BellError(BellError.Code("test.usb-testbed", exit: .internal), what, at: path)
    }
}
