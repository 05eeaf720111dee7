import BellModel
import DriverKit

/// Reads the fields of a trace in order; every read checks the bounds first.
struct TraceBytes {
    /// A field is missing or out of its range.
    struct Bad: Error, Equatable {
        var field: String
    }

    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - position }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ field: String, as _: T.Type = T.self
    ) throws(Bad) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw Bad(field: field) }
        let offset = position - bytes.startIndex
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
        position += size
        return T(littleEndian: value)
    }

    mutating func array(_ field: String, count: Int) throws(Bad) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw Bad(field: field) }
        defer { position += count }
        return [UInt8](bytes[position..<position + count])
    }

    /// Reads u16 length and UTF-8; what cannot be shown becomes U+FFFD.
    mutating func text(_ field: String) throws(Bad) -> String {
        let length = Int(try integer(field, as: UInt16.self))
        guard length <= TraceBytes.maximumText else { throw Bad(field: field) }
        var clean = String.UnicodeScalarView()
        for scalar in String(decoding: try array(field, count: length), as: UTF8.self).unicodeScalars {
            clean.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return String(clean)
    }

    /// Reads a text behind a byte that says whether there is one.
    mutating func optionalText(_ field: String) throws(Bad) -> String? {
        try integer(field, as: UInt8.self) == 0 ? nil : try text(field)
    }

    func finish() throws(Bad) {
        guard remaining == 0 else { throw Bad(field: "length: \(remaining) bytes too many") }
    }

    /// The longest text in bytes.
    static let maximumText = 1024
}

extension [UInt8] {
    /// Appends u16 length and UTF-8, cut to 1024 bytes between two characters.
    mutating func appendTraceText(_ text: String) {
        var bytes: [UInt8] = []
        for character in text.unicodeScalars {
            let encoded = UTF8.encode(character).map(Array.init) ?? []
            if bytes.count + encoded.count > TraceBytes.maximumText { break }
            bytes += encoded
        }
        appendLittleEndian(UInt16(bytes.count))
        append(contentsOf: bytes)
    }

    mutating func appendTraceText(_ text: String?) {
        append(text == nil ? 0 : 1)
        if let text { appendTraceText(text) as Void }
    }
}

extension BellError {
    /// Appends the error as docs/recording.md lays it out; further failures are left out.
    func append(toTrace bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: code.exit.rawValue))
        bytes.appendTraceText(code.name)
        bytes.appendTraceText(what)
        for text in [place, cause, state, fix] { bytes.appendTraceText(text) }
    }

    init(trace bytes: inout TraceBytes) throws(TraceBytes.Bad) {
        let exit = ExitCode(rawValue: Int32(try bytes.integer("exit", as: UInt8.self))) ?? .hardware
        let code = Code(try bytes.text("code"), exit: exit)
        self.init(
            code, try bytes.text("what"), at: try bytes.optionalText("place"), cause: try bytes.optionalText("cause"),
            state: try bytes.optionalText("state"), fix: try bytes.optionalText("fix"))
    }
}

extension TraceDevice {
    func append(toTrace bytes: inout [UInt8]) {
        bytes.appendLittleEndian(identity.vendor)
        bytes.appendLittleEndian(identity.product)
        bytes.append(identity.bus)
        bytes.append(identity.address)
        bytes.append(number)
        bytes.append(UInt8(clamping: endpoints.count))
        for endpoint in endpoints.prefix(255) {
            bytes.append(endpoint.address)
            bytes.append(endpoint.kind == .bulk ? 2 : 3)
            bytes.append(endpoint.interval)
            bytes.append(0)
            bytes.appendLittleEndian(UInt32(clamping: endpoint.maximumPacket))
        }
        bytes.appendTraceText(identity.serial)
        for text in [identity.manufacturer, identity.productName, identity.port] {
            bytes.appendTraceText(text) as Void
        }
    }

    init(trace bytes: inout TraceBytes) throws(TraceBytes.Bad) {
        var identity = USBIdentity(
            vendor: try bytes.integer("vendor"), product: try bytes.integer("product"), serial: nil)
        identity.bus = try bytes.integer("bus")
        identity.address = try bytes.integer("address")
        number = try bytes.integer("interface")
        endpoints = []
        for _ in 0..<(try bytes.integer("endpoints", as: UInt8.self)) {
            let address = try bytes.integer("endpoint", as: UInt8.self)
            let kind = try bytes.integer("endpoint kind", as: UInt8.self)
            guard kind == 2 || kind == 3 else { throw TraceBytes.Bad(field: "endpoint kind") }
            let interval = try bytes.integer("interval", as: UInt8.self)
            _ = try bytes.integer("reserved", as: UInt8.self)
            let packet = try bytes.integer("packet size", as: UInt32.self)
            guard packet <= 1 << 16 else { throw TraceBytes.Bad(field: "packet size") }
            endpoints.append(
                USBEndpoint(
                    address: address, kind: kind == 2 ? .bulk : .interrupt, maximumPacket: Int(packet),
                    interval: interval))
        }
        identity.serial = try bytes.optionalText("serial")
        identity.manufacturer = try bytes.text("manufacturer")
        identity.productName = try bytes.text("product name")
        identity.port = try bytes.text("port")
        self.identity = identity
    }
}
