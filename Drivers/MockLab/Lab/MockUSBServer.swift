public import BellModel
import Dispatch
import DriverKit
import Synchronization
public import VirtualUSB

/// Shows a virtual laboratory's boards and instruments as USB devices, over USB/IP.
///
/// The boards are the ones that ``MockLabServer`` shows over ZeroMQ: each talks to whoever sent HELLO last.
public final class MockUSBServer: Sendable {
    /// A device that is shown.
    public struct Export: Sendable {
        /// `alice`, `bob`, or the instrument's name in the profile.
        public var name: String
        /// What `usbip attach -b` wants.
        public var busID: String
        /// What lab.yaml wants: `usb://1209:be11/ALICE01`.
        public var address: String
    }

    public let exports: [Export]
    /// Where it listens, with the ports that the system chose.
    public let addresses: [USBIPAddress]
    private let server: USBIPServer
    private let boards: [VirtualUSBBoard]

    /// Starts to listen.
    ///
    /// - Throws: `mocklab.instrument` for a model that is not simulated, `host.system-failed` when an address is taken.
    public init(lab: VirtualLab, instruments: [MockInstrument], at addresses: [USBIPAddress]) throws(BellError) {
        let server = try USBIPServer(at: addresses)
        var exports: [Export] = []
        var boards: [VirtualUSBBoard] = []
        for node in Node.allCases {
            let board = MockUSBServer.board(node, lab: lab)
            boards.append(board)
            exports.append(Export(name: node.name, busID: server.add(board.device), address: board.device.address))
        }
        for instrument in instruments {
            let device = try instrument.device()
            exports.append(Export(name: instrument.name, busID: server.add(device), address: device.address))
        }
        self.server = server
        self.boards = boards
        self.exports = exports
        self.addresses = server.addresses
    }

    /// Stops listening: all devices are unplugged from their hosts.
    public func close() { server.close() }

    /// A board's frames go to the laboratory on a queue of their own, because the laboratory answers under its lock and
    /// an answer may find the host's next frames.
    static func board(_ node: Node, lab: VirtualLab) -> VirtualUSBBoard {
        let queue = DispatchQueue(label: "mocklab.usb.\(node.name)")
        let answering = Answering()
        let board = VirtualUSBBoard(
            serial: "\(node.name.uppercased())01",
            disconnected: { connection in
                queue.async { lab.disconnect(node, client: Array("usb \(connection)".utf8)) }
            },
            receive: { frame, connection in
                queue.async {
                    lab.receive(frame, at: node, client: Array("usb \(connection)".utf8)) { answer in
                        // What a host that is gone does not take is sent again after its next HELLO.
                        _ = answering.board?.send(answer, on: connection)
                    }
                }
            })
        answering.set(board)
        return board
    }

    /// The board that answers; it is made after the closure that answers, and its owner's, so that its thread can end.
    private final class Answering: Sendable {
        private struct Held {
            weak var board: VirtualUSBBoard?
        }

        private let held = Mutex(Held())

        var board: VirtualUSBBoard? { held.withLock { $0.board } }
        func set(_ board: VirtualUSBBoard) { held.withLock { $0.board = board } }
    }
}

extension VirtualUSBDevice {
    /// As lab.yaml names it.
    fileprivate var address: String {
        let numbers = [descriptors.vendor, descriptors.product].map(USBIdentity.hexadecimal).joined(separator: ":")
        return "usb://\(numbers)/\(descriptors.serial ?? "")"
    }
}

extension USBIPAddress {
    /// Reads `HOST:PORT`, `[HOST]:PORT` or a path; a host is a loopback address or `localhost`.
    ///
    /// - Throws: `mocklab.usbip`.
    public init(parsing text: String) throws(BellError) {
        if text.hasPrefix("/") {
            self = .unix(path: text)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let host = parts.dropLast().joined(separator: ":")
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard let last = parts.last, let port = UInt16(last), last.allSatisfy(\.isNumber), !host.isEmpty, isBracketed || parts.count == 2 else {
            throw BellError(
                .mockUSBIP, "\"\(text.prefix(80))\" is no address to listen at.", at: "--usbip",
                fix: "write 127.0.0.1:3240, or the path of a socket that begins with /")
        }
        let name = host == "localhost" ? "127.0.0.1" : host
        let isLoopback = name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." } || name == "[::1]"
        guard isLoopback else {
            throw BellError(
                .mockUSBIP, "\(host.prefix(60)) is not of this computer's loopback.", at: "--usbip",
                cause: "USB/IP protects nothing: whoever reaches it has the devices",
                fix: "listen at 127.0.0.1:\(port), and reach it from elsewhere by `ssh -L \(port):127.0.0.1:\(port)`")
        }
        self = .tcp(address: isBracketed ? String(name.dropFirst().dropLast()) : name, port: port)
    }
}

extension BellError.Code {
    /// An address for USB/IP cannot be read.
    public static let mockUSBIP = BellError.Code("mocklab.usbip", exit: .usage)
}
