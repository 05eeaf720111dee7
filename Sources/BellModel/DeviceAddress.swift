/// Where a device is reached: the `at:` of a laboratory file.
public struct DeviceAddress: Hashable, Sendable {
    /// The ways to reach a device.
    public enum Way: Hashable, Sendable {
        /// `mock://<lab>/<device>`: a simulated device inside the process; a board's name is its node.
        case mock(lab: String, device: String)
        /// `zmq+ipc://@run/<name>`: a socket in the run directory.
        case run(name: String)
        /// `zmq+ipc:///<path>`: a Unix socket.
        case ipc(path: String)
        /// `zmq+tcp://<host>:<port>`; an IPv6 host stands in brackets.
        case tcp(host: String, port: UInt16)
        /// `usb://<vendor>:<product>/<serial>`, vendor and product as four hexadecimal digits.
        case usb(vendor: UInt16, product: UInt16, serial: String)
        /// `tcp://<host>:<port>`: an instrument that takes SCPI lines, usually at port 5025.
        case socket(host: String, port: UInt16)
        /// `replay:///<path>`: a recording, served again as a device.
        case replay(path: String)
    }

    public let way: Way
    /// As it was written.
    public let text: String

    /// Reads an address.
    ///
    /// - Parameter place: What the error calls the address's place, for example `lab.yaml:12 at`.
    /// - Throws: `device.address` with the forms that are understood.
    public init(_ text: String, place: String? = nil) throws(BellError) {
        self.text = text
        guard let way = DeviceAddress.way(of: text) else {
            throw BellError(
                .deviceAddress, "The device address '\(text)' cannot be read.", at: place,
                fix: "write mock://<lab>/<device>, zmq+ipc://@run/<name>, zmq+ipc:///<path>, "
                    + "zmq+tcp://<host>:<port>, usb://<vid>:<pid>/<serial>, tcp://<host>:<port> or replay:///<path>")
        }
        self.way = way
    }

    /// The ZeroMQ endpoint, with `@run` replaced; nil for the other ways.
    public func zeroMQEndpoint(runDirectory: String) -> String? {
        switch way {
        case .run(let name): "ipc://\(runDirectory)/\(name)"
        case .ipc(let path): "ipc://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        case .mock, .usb, .socket, .replay: nil
        }
    }

    /// Whether a board's frames come as a stream of bytes there, and not one message each.
    public var isByteStream: Bool { if case .usb = way { true } else { false } }

    private static func way(of text: String) -> Way? {
        guard let mark = text.firstRange(of: "://"), !text.unicodeScalars.contains(where: isForbidden) else {
            return nil
        }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound] {
        case "mock":
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            return .mock(lab: String(parts[0]), device: String(parts[1]))
        case "zmq+ipc":
            if rest.hasPrefix("@run/") {
                let name = rest.dropFirst(5)
                guard !name.isEmpty, !name.contains("/"), name != "..", name != "." else { return nil }
                return .run(name: String(name))
            }
            return rest.hasPrefix("/") && rest.count > 1 ? .ipc(path: String(rest)) : nil
        case "zmq+tcp":
            return hostAndPort(rest).map { .tcp(host: $0.host, port: $0.port) }
        case "usb":
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            let ids = parts[0].split(separator: ":", omittingEmptySubsequences: false)
            guard ids.count == 2, ids[0].count == 4, ids[1].count == 4, let vendor = number(ids[0], radix: 16),
                let product = number(ids[1], radix: 16)
            else { return nil }
            return .usb(vendor: vendor, product: product, serial: String(parts[1]))
        case "tcp": return hostAndPort(rest).map { .socket(host: $0.host, port: $0.port) }
        case "replay": return rest.hasPrefix("/") && rest.count > 1 ? .replay(path: String(rest)) : nil
        default: return nil
        }
    }

    private static func hostAndPort(_ rest: Substring) -> (host: String, port: UInt16)? {
        guard let colon = rest.lastIndex(of: ":"), let port = number(rest[rest.index(after: colon)...], radix: 10),
            port > 0
        else { return nil }
        let host = rest[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        guard !host.isEmpty, isBracketed || !host.contains(":"), !host.contains("/") else { return nil }
        return (String(host), port)
    }

    /// Digits only: `UInt16("+80")` is a number to Swift.
    private static func number(_ text: Substring, radix: Int) -> UInt16? {
        text.allSatisfy(\.isHexDigit) ? UInt16(text, radix: radix) : nil
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.properties.isWhitespace
    }
}

extension BellError.Code {
    /// A device address in a laboratory file that cannot be read.
    public static let deviceAddress = BellError.Code("device.address", exit: .usage)
}
