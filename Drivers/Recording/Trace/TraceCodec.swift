import BellModel
import DriverKit

extension TraceHeader {
    /// `BELLTRCE`.
    static let magic = Array("BELLTRCE".utf8)
    /// Bytes before the texts.
    static let fixedSize = 16
    /// The most bytes that the texts may have.
    static let maximumBody = 1 << 16

    /// The header's bytes, checksum included.
    func encoded() -> [UInt8] {
        var body: [UInt8] = []
        for text in [device, address, software, started] { body.appendTraceText(text) as Void }
        var bytes = TraceHeader.magic
        bytes.appendLittleEndian(TraceHeader.version)
        bytes.append(kind.rawValue)
        bytes.append((simulated == nil ? 0 : 1) | (simulated == true ? 2 : 0))
        bytes.appendLittleEndian(UInt32(body.count))
        bytes += body
        bytes.appendLittleEndian(crc32c(bytes))
        return bytes
    }

    /// Reads texts and flags; the caller has checked sizes and checksum.
    init(kind: Kind, flags: UInt8, body: ArraySlice<UInt8>) throws(TraceBytes.Bad) {
        var reader = TraceBytes(body)
        self.init(
            kind: kind, simulated: flags & 1 == 0 ? nil : flags & 2 != 0, device: try reader.text("device"),
            address: try reader.text("address"), software: try reader.text("software"),
            started: try reader.text("start"))
        try reader.finish()
    }
}

extension TraceRecord {
    /// Bytes before a record's content.
    static let headSize = 20
    /// The most bytes of content: 16 MiB of data and what stands around it.
    static let maximumContent = 1 << 24 + 1 << 16

    /// The record's bytes, checksum included; nil when its content is larger than the format allows.
    func encoded() -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(TraceRecord.headSize + 4 + event.sizeHint)
        bytes.appendLittleEndian(UInt32(0))
        bytes.append(event.number)
        bytes.append(isContext ? 1 : 0)
        bytes.appendLittleEndian(UInt16(0))
        bytes.appendLittleEndian(connection)
        bytes.appendLittleEndian(time)
        event.append(to: &bytes)
        let size = bytes.count - TraceRecord.headSize
        guard size <= TraceRecord.maximumContent else { return nil }
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: UInt32(size).littleEndian, as: UInt32.self) }
        bytes.appendLittleEndian(crc32c(bytes))
        return bytes
    }

    /// Reads head and content; the caller has checked sizes and checksum.
    init(head: ArraySlice<UInt8>, content: ArraySlice<UInt8>) throws(TraceBytes.Bad) {
        var reader = TraceBytes(head)
        _ = try reader.integer("length", as: UInt32.self)
        let number = try reader.integer("kind", as: UInt8.self)
        isContext = try reader.integer("flags", as: UInt8.self) & 1 != 0
        _ = try reader.integer("reserved", as: UInt16.self)
        connection = try reader.integer("connection")
        time = try reader.integer("time")
        event = try TraceEvent(number: number, content: content)
    }
}

extension TraceEvent {
    var number: UInt8 {
        switch self {
        case .opened: 1
        case .openFailed: 2
        case .closed: 3
        case .ended: 4
        case .failed: 5
        case .stopped: 6
        case .hostFrame: 16
        case .boardFrame: 17
        case .sendFailed: 18
        case .operation(let operation):
            switch operation.call {
            case .write: 32
            case .read: 33
            case .control: 34
            case .clearHalt: 35
            case .reset: 36
            }
        }
    }

    /// Roughly the content's size in bytes.
    var sizeHint: Int {
        switch self {
        case .hostFrame(let frame), .boardFrame(let frame): frame.count
        case .operation(let operation): 64 + operation.sent.count + ((try? operation.result.get().count) ?? 256)
        default: 512
        }
    }

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .opened(let device): device?.append(toTrace: &bytes)
        case .openFailed(let error), .failed(let error), .sendFailed(let error): error.append(toTrace: &bytes)
        case .closed, .ended: break
        case .stopped(let reason): bytes.append(reason.rawValue)
        case .hostFrame(let frame), .boardFrame(let frame): bytes += frame
        case .operation(let operation): operation.append(to: &bytes)
        }
    }

    init(number: UInt8, content: ArraySlice<UInt8>) throws(TraceBytes.Bad) {
        var reader = TraceBytes(content)
        switch number {
        case 1: self = .opened(content.isEmpty ? nil : try TraceDevice(trace: &reader))
        case 2: self = .openFailed(try BellError(trace: &reader))
        case 3: self = .closed
        case 4: self = .ended
        case 5: self = .failed(try BellError(trace: &reader))
        case 6:
            guard let reason = TraceStop(rawValue: try reader.integer("reason")) else {
                throw TraceBytes.Bad(field: "reason")
            }
            self = .stopped(reason)
        case 16: self = .hostFrame(try reader.array("frame", count: reader.remaining))
        case 17: self = .boardFrame(try reader.array("frame", count: reader.remaining))
        case 18: self = .sendFailed(try BellError(trace: &reader))
        case 32...36: self = .operation(try TraceOperation(number: number, reading: &reader))
        default: throw TraceBytes.Bad(field: "kind \(number)")
        }
        try reader.finish()
    }
}

extension TraceOperation {
    /// What the call hands to the device.
    var sent: [UInt8] {
        switch call {
        case .write(let bytes, _): bytes
        case .control(_, let data): data
        case .read, .clearHalt, .reset: []
        }
    }

    /// The endpoint; 0 for control transfers and resets.
    var endpoint: UInt8 {
        switch call {
        case .write(_, let endpoint), .read(_, let endpoint), .clearHalt(let endpoint): endpoint
        case .control, .reset: 0
        }
    }

    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(began)
        bytes.append(endpoint)
        if case .failure = result { bytes.append(1) } else { bytes.append(0) }
        bytes.appendLittleEndian(UInt16(0))
        if case .read(let count, _) = call {
            bytes.appendLittleEndian(UInt32(clamping: count))
        } else {
            bytes.appendLittleEndian(UInt32(0))
        }
        var setup = USBControlRequest(type: 0, request: 0)
        if case .control(let request, _) = call { setup = request }
        bytes.append(setup.type)
        bytes.append(setup.request)
        for word in [setup.value, setup.index, setup.length] { bytes.appendLittleEndian(word) }
        bytes.appendLittleEndian(UInt32(clamping: sent.count))
        bytes += sent
        switch result {
        case .success(let received): bytes += received
        case .failure(let error): error.append(toTrace: &bytes)
        }
    }

    init(number: UInt8, reading reader: inout TraceBytes) throws(TraceBytes.Bad) {
        began = try reader.integer("began")
        let endpoint = try reader.integer("endpoint", as: UInt8.self)
        let failed = try reader.integer("result", as: UInt8.self)
        guard failed <= 1 else { throw TraceBytes.Bad(field: "result") }
        _ = try reader.integer("reserved", as: UInt16.self)
        let count = try reader.integer("count", as: UInt32.self)
        let setup = USBControlRequest(
            type: try reader.integer("request type"), request: try reader.integer("request"),
            value: try reader.integer("value"), index: try reader.integer("index"),
            length: try reader.integer("request length"))
        let sent = try reader.array("sent", count: Int(try reader.integer("sent", as: UInt32.self)))
        call =
            switch number {
            case 32: .write(sent, endpoint: endpoint)
            case 33: .read(Int(count), endpoint: endpoint)
            case 34: .control(setup, data: sent)
            case 35: .clearHalt(endpoint)
            default: .reset
            }
        result =
            failed == 1
            ? .failure(try BellError(trace: &reader))
            : .success(try reader.array("received", count: reader.remaining))
    }
}
