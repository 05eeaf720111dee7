import BellModel
import DriverKit

/// One record in words.
struct TraceText {
    /// `→` from the host, `←` from the device; nil for what is neither.
    var direction: String?
    /// The message's or call's name.
    var name: String
    /// What it carries, in one line.
    var detail = ""
    var size = 0
    var problem: String?
    var simulated: Bool?

    init(_ event: TraceEvent) {
        name = "–"
        switch event {
        case .opened(let device):
            (name, detail) = ("opened", device.map { "\($0.identity.text), interface \($0.number)" } ?? "")
        case .openFailed(let error): fail("could not be opened", error)
        case .closed: name = "closed by the host"
        case .ended:
            name = "ended by the device"
            problem = name
        case .failed(let error): fail("failed", error)
        case .stopped(let reason): (name, detail) = ("recording over", reason.text)
        case .sendFailed(let error): fail("not sent", error)
        case .hostFrame(let bytes): describe(bytes, "→")
        case .boardFrame(let bytes): describe(bytes, "←")
        case .operation(let operation): describe(operation)
        }
    }

    private mutating func fail(_ what: String, _ error: BellError) {
        (name, detail) = (what, "\(error.code.name): \(error.what)")
        problem = "\(what): \(error.code.name): \(error.what)"
    }

    private mutating func describe(_ operation: TraceOperation) {
        switch operation.call {
        case .write: (direction, name) = ("→", "write")
        case .read: (direction, name) = ("←", "read")
        case .control(let request, _): (direction, name) = (request.isIn ? "←" : "→", "control")
        case .clearHalt: (direction, name) = ("→", "clear halt")
        case .reset: (direction, name) = ("→", "reset")
        }
        detail = operation.text
        size = operation.sent.count
        switch operation.result {
        case .success(let bytes):
            size += bytes.count
            if !operation.sent.isEmpty { detail += ": \(Hex.short(operation.sent))" }
            if !bytes.isEmpty { detail += ": \(Hex.short(bytes))" }
        case .failure(let error):
            detail += ": \(error.code.name)"
            problem = "\(operation.text): \(error.code.name): \(error.what)"
        }
    }

    private mutating func describe(_ bytes: [UInt8], _ direction: String) {
        self.direction = direction
        size = bytes.count
        do throws(FrameError) {
            let frame = try Frame.decode(bytes)
            name = ReplayConnection.name(of: frame.type)
            detail = "#\(frame.sequence)" + (frame.replyTo == 0 ? "" : " to #\(frame.replyTo)")
            let message = try BoardMessage(frame)
            let told = TraceText.content(of: message)
            if !told.isEmpty { detail += " \(told)" }
            switch message {
            case .capabilities(let board): simulated = board.simulated
            case .error: problem = "ERROR \(detail)"
            case .fault: problem = "FAULT \(detail)"
            default: break
            }
        } catch {
            if name == "–" { name = "no frame" }
            detail += (detail.isEmpty ? "" : " ") + error.description
            problem = "\(direction) \(name): \(error.description)"
        }
    }

    /// What a message says, without anything that is secret in a private pool.
    private static func content(of message: BoardMessage) -> String {
        switch message {
        case .hello(let hello): "version \(hello.version), \(hello.software)"
        case .program(let bytes): "\(bytes.count) bytes"
        case .hostBits(let bits): "arm \(bits.arm), \(bits.bits.count) bits"
        case .arm(let order), .armed(let order): order.shadowText
        case .start(let name): "arm \(name.arm)"
        case .acknowledge(let message): "below \(message.nextIndex)"
        case .shotsRequest(let request): "\(request.count) shots"
        case .rawRandomRequest(let request): "\(request.count) bits"
        case .capabilities(let board):
            "\(board.node.name), \(board.model) \(board.serial), firmware \(board.firmware), boot \(board.bootID)"
        case .programLoaded(let loaded): "\(loaded.size) bytes, checksum 0x\(String(loaded.checksum, radix: 16))"
        case .status(let status):
            "\(status.state.name), \(status.spoolUsed) kept, \(status.spoolFree) free"
                + (status.armed.map { ", \($0.shadowText)" } ?? "")
        case .fault(let fault): "code \(fault.code.rawValue), \(fault.severity): \(fault.text)"
        case .trials(let trials): "arm \(trials.arm), \(trials.count) records from \(trials.firstIndex)"
        case .clock(let clock): "arm \(clock.arm), \(clock.records.count) records"
        case .armEnd(let end): "\(end.order.shadowText), \(end.made) made, \(end.reason.name)"
        case .shots(let shots): "\(shots.count) shots"
        case .rawRandom(let random): "\(random.bits.count) bits"
        case .chunkSignature(let signature):
            "arm \(signature.arm), \(signature.count) records from \(signature.firstIndex)"
        case .error(let report): "\(report.code.name): \(report.text)"
        case .stop, .safe, .statusRequest, .nodeKeyRequest, .nodeKey, .ok, .ping, .pong: ""
        }
    }

    /// One line: time, connection, direction, name, content.
    static func line(_ entry: Trace.Entry) -> String {
        let record = entry.record
        let told = TraceText(record.event)
        let when = record.isContext ? "before" : time(record.time)
        let line = "\(pad(when, 14)) \(record.connection) \(told.direction ?? " ") "
        return line + (told.detail.isEmpty ? told.name : "\(pad(told.name, 16)) \(told.detail)")
    }

    /// Seconds with microseconds.
    static func time(_ nanoseconds: UInt64) -> String {
        let micros = String(1_000_000 + nanoseconds / 1_000 % 1_000_000).dropFirst()
        return "\(nanoseconds / 1_000_000_000).\(micros) s"
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
