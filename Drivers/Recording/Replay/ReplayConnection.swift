import BellModel
import DriverKit

/// One connection of a recorded board, prepared for being served: what the host sent, and what came from the board.
struct ReplayConnection: Sendable {
    /// What the host sent.
    struct Request: Sendable {
        /// Where it stands in the file.
        var offset: Int
        var time: UInt64
        var bytes: [UInt8]
        /// Nil when the bytes are no frame.
        var frame: Frame?
        /// Its place in the conversation counts; not that of heartbeats, acknowledgements and questions for the status.
        var isHard: Bool
        var isMatched = false
        /// Places in ``ReplayConnection/outputs`` of what answers it.
        var answers: [Int] = []

        var name: String { frame.map { ReplayConnection.name(of: $0.type) } ?? "bytes that are no frame" }
    }

    /// What came from the board's side.
    struct Output: Sendable {
        enum What: Sendable {
            /// Sound; `step` is its number's distance from the sound frame before it, nil for the number itself.
            case frame(Frame, step: UInt64?)
            /// Passed on as it was.
            case garbage([UInt8])
            case end(BellError?)
        }

        var time: UInt64
        var what: What
        /// The last hard request before it; −1: none.
        var anchor: Int
        /// The request that it answers.
        var request: Int?
        var isServed = false
    }

    var requests: [Request] = []
    var outputs: [Output] = []
    /// At its end the board answered no PING any more, and the host hung up.
    var fellSilent = false
    /// The connection could not be made.
    var openError: BellError?
    /// Where its last record stands in the file.
    var lastOffset: Int

    /// All connections of a recording, in the order in which they were opened.
    static func all(of trace: Trace) -> [ReplayConnection] {
        var order: [(entries: [Trace.Entry], error: BellError?)] = []
        var places: [UInt32: Int] = [:]
        for entry in trace.entries {
            if case .openFailed(let error) = entry.record.event {
                order.append(([entry], error))
                continue
            }
            if case .stopped = entry.record.event { continue }
            if let place = places[entry.record.connection] {
                order[place].entries.append(entry)
            } else {
                places[entry.record.connection] = order.count
                order.append(([entry], nil))
            }
        }
        return order.map { ReplayConnection($0.entries, openError: $0.error) }
    }

    private init(_ entries: [Trace.Entry], openError: BellError?) {
        self.openError = openError
        lastOffset = entries.last?.offset ?? 0
        var builder = Builder()
        for entry in entries { builder.take(entry, into: &self) }
        fellSilent = builder.unansweredPings >= 2 && builder.isClosedByHost
    }

    static func name(of type: UInt16) -> String {
        MessageType(rawValue: type)?.name ?? "type 0x" + String(type, radix: 16)
    }

    /// Types whose frames the driver sends when its own clock says so, and not because of what came before.
    static func isSoft(_ type: UInt16) -> Bool {
        switch MessageType(rawValue: type) {
        case .ping, .pong, .acknowledge, .statusRequest, .error: true
        default: false
        }
    }
}

extension ReplayConnection {
    /// Reads a connection's records in order.
    private struct Builder {
        /// Requests by their recorded number; the latest one counts.
        var bySequence: [UInt32: Int] = [:]
        var anchor = -1
        var last: UInt32?
        var lastWasContext = false
        var unansweredPings = 0
        var isClosedByHost = false

        mutating func take(_ entry: Trace.Entry, into connection: inout ReplayConnection) {
            let record = entry.record
            switch record.event {
            case .hostFrame(let bytes): takeHost(bytes, entry, into: &connection)
            case .boardFrame(let bytes):
                unansweredPings = 0
                takeBoard(bytes, record, into: &connection)
            case .ended: add(.end(nil), record, to: &connection)
            case .failed(let error): add(.end(error), record, to: &connection)
            case .closed: isClosedByHost = true
            case .opened, .openFailed, .stopped, .sendFailed, .operation: break
            }
        }

        private mutating func takeHost(
            _ bytes: [UInt8], _ entry: Trace.Entry, into connection: inout ReplayConnection
        ) {
            let frame = try? Frame.decode(bytes)
            let isHard = frame.map { !ReplayConnection.isSoft($0.type) } ?? true
            if let frame { bySequence[frame.sequence] = connection.requests.count }
            if frame?.type == MessageType.ping.rawValue { unansweredPings += 1 }
            if isHard { anchor = connection.requests.count }
            connection.requests.append(
                Request(offset: entry.offset, time: entry.record.time, bytes: bytes, frame: frame, isHard: isHard))
        }

        private mutating func takeBoard(
            _ bytes: [UInt8], _ record: TraceRecord, into connection: inout ReplayConnection
        ) {
            guard var frame = try? Frame.decode(bytes) else {
                return add(.garbage(bytes), record, to: &connection)
            }
            let step = self.step(to: frame.sequence, isContext: record.isContext)
            // What was kept from before the recording ends the greeting's replay, whatever it answered then.
            if record.isContext, frame.type == MessageType.status.rawValue { frame.replyTo = 0 }
            // PINGs are answered anew.
            if frame.type == MessageType.pong.rawValue { return }
            var request = frame.replyTo == 0 ? nil : bySequence[frame.replyTo]
            if frame.replyTo != 0, request == nil { frame.replyTo = ReplayConnection.unknownRequest }
            if let place = request, connection.requests[place].frame?.type == MessageType.ping.rawValue {
                // Something else than a PONG, such as ERROR hello-required, still has to be told.
                frame.replyTo = 0
                request = nil
            }
            add(.frame(frame, step: step), record, request: request, to: &connection)
        }

        /// How far the board's number went on since the last sound frame, in the ring 1 … 2^32 − 1.
        private mutating func step(to sequence: UInt32, isContext: Bool) -> UInt64? {
            guard sequence != 0 else { return nil }
            defer {
                last = sequence
                lastWasContext = isContext
            }
            guard let last else { return nil }
            // Between what was kept from before and the recording, numbers are missing that nobody has lost.
            if isContext || lastWasContext { return 1 }
            return (UInt64(sequence) + ReplayConnection.ring - UInt64(last)) % ReplayConnection.ring
        }

        private func add(
            _ what: Output.What, _ record: TraceRecord, request: Int? = nil, to connection: inout ReplayConnection
        ) {
            if let request { connection.requests[request].answers.append(connection.outputs.count) }
            connection.outputs.append(Output(time: record.time, what: what, anchor: anchor, request: request))
        }
    }

    /// What an answer to a request that is not in the recording answers: no number that a host reaches in a connection,
    /// so that it is not taken for the answer to a request of the replay that happens to have the recorded number.
    static let unknownRequest = UInt32.max

    /// There are 2^32 − 1 numbers: 0 is not one.
    static let ring = UInt64(UInt32.max)
}
