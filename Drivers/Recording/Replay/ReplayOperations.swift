import BellModel
import DriverKit

/// One recorded connection of a USB interface or a stream, put into the order in which it is served.
struct ReplayOperations: Sendable {
    struct Step: Sendable {
        /// Where it stands in the file.
        var offset: Int
        var operation: TraceOperation
        var isDone = false

        var isRead: Bool { if case .read = operation.call { true } else { false } }
    }

    /// What the recording has for a call.
    enum Answer: Sendable {
        case done(Result<[UInt8], BellError>)
        /// Not yet: what the driver did before it in the recording is still to come, or nothing came then.
        case wait
    }

    var device: TraceDevice?
    var openError: BellError?
    var steps: [Step] = []
    /// All steps before it are done.
    private(set) var start = 0

    /// All connections in the order of their opening, without one that was open when the recording began: its greeting is
    /// missing, and no driver could begin there.
    static func all(of trace: Trace) -> [ReplayOperations] {
        var connections: [ReplayOperations] = []
        var places: [UInt32: Int] = [:]
        var order: [[(key: UInt64, step: Step)]] = []
        var left: Set<UInt32> = []
        for entry in trace.entries {
            let record = entry.record
            if case .openFailed(let error) = record.event {
                connections.append(ReplayOperations(openError: error))
                order.append([])
            }
            if case .opened = record.event, record.isContext { left.insert(record.connection) }
            guard record.connection != 0, !left.contains(record.connection) else { continue }
            let place = places[record.connection] ?? connections.count
            if place == connections.count {
                places[record.connection] = place
                connections.append(ReplayOperations())
                order.append([])
            }
            switch record.event {
            case .opened(let device): connections[place].device = device
            case .operation(let operation):
                let step = Step(offset: entry.offset, operation: operation)
                // What the driver does counts from its call, what the device gives from its arrival.
                order[place].append((step.isRead ? record.time : operation.began, step))
            default: break
            }
        }
        for place in connections.indices {
            let sorted = order[place].enumerated().sorted {
                ($0.element.key, $0.offset) < ($1.element.key, $1.offset)
            }
            connections[place].steps = sorted.map(\.element.step)
        }
        return connections
    }

    /// Whether everything that the driver did before a step has been done again.
    func isDue(_ place: Int) -> Bool { steps[start..<place].allSatisfy { $0.isDone || $0.isRead } }

    /// Whether nothing is left that the driver could do.
    var isExhausted: Bool { start == steps.count }

    /// The first step that is not done and fits.
    func next(where fits: (Step) -> Bool) -> Int? { steps[start...].firstIndex { !$0.isDone && fits($0) } }

    mutating func finish(_ place: Int) {
        steps[place].isDone = true
        while start < steps.count, steps[start].isDone { start += 1 }
    }

    /// A read that ended only because its caller gave it up is not given again: it waits until that happens.
    static func isGivenUp(_ operation: TraceOperation) -> Bool {
        guard case .failure(let error) = operation.result else { return false }
        return error.code == .usbCancelled || error.code == .usbClosed
    }

    /// The error of a call that the recording does not have.
    static func divergence(_ what: String, sent: [UInt8], expected: Step?, path: String) -> BellError {
        let recorded =
            expected.map { "recorded: \($0.operation.text) \(Hex.short($0.operation.sent))" }
            ?? "nothing more was recorded there"
        return BellError(
            .replayDivergence, "The driver does \(what), which is not what was recorded.",
            at: expected.map { "\(path), byte \($0.offset)" } ?? path, cause: "now: \(Hex.short(sent)); \(recorded)",
            state: "the replay has ended",
            fix: "see what changed in the driver or in its settings since the recording; if it is meant, record again")
    }
}

extension TraceOperation {
    /// The call in words, without its data.
    var text: String { call.text }
}

extension TraceOperation.Call {
    /// The call in words, without its data.
    var text: String {
        switch self {
        case .write(let bytes, let endpoint): "write of \(bytes.count) bytes to endpoint \(Self.hex(endpoint))"
        case .read(let count, let endpoint): "read of \(count) bytes from endpoint \(Self.hex(endpoint))"
        case .control(let request, _):
            "control request \(Self.hex(request.type)) \(Self.hex(request.request)) value \(request.value) "
                + "index \(request.index) length \(request.length)"
        case .clearHalt(let endpoint): "clear of the halt of endpoint \(Self.hex(endpoint))"
        case .reset: "reset"
        }
    }

    private static func hex(_ byte: UInt8) -> String { "0x" + [byte].hex }
}
