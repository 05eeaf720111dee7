public import BellModel
import DriverKit

/// What is in a recording, for `bellctl device recording FILE`.
public struct RecordingSummary: Equatable, Sendable {
    /// One kind of message or call.
    public struct Line: Equatable, Sendable {
        /// `→` from the host, `←` from the device.
        public var direction: String
        public var name: String
        public var count: Int
        public var bytes: Int
    }

    public var header: TraceHeader
    public var tail: Trace.Tail
    public var records: Int
    /// Times at which a connection was opened.
    public var connections: Int
    /// Nanoseconds from the first to the last record that is not context.
    public var span: UInt64
    /// By direction and name.
    public var lines: [Line]
    /// Failed calls, refused requests, faults and lost connections, oldest first; at most 32 are kept.
    public var problems: [String]
    public var problemCount: Int
    /// What CAPABILITIES or the header say; nil when neither does.
    public var simulated: Bool?
    /// First lines of the trace, one record each.
    public var frames: [String]

    /// - Parameter frames: How many records are told one by one.
    public init(_ trace: Trace, frames count: Int = 0) {
        header = trace.header
        tail = trace.tail
        records = trace.entries.count
        connections = 0
        simulated = trace.header.simulated
        problems = []
        problemCount = 0
        var found: [String: Line] = [:]
        let times = trace.entries.filter { !$0.record.isContext }.map(\.record.time)
        span = (times.max() ?? 0) - (times.first ?? 0)
        frames = trace.entries.prefix(count).map { TraceText.line($0) }
        lines = []
        for entry in trace.entries {
            if case .opened = entry.record.event { connections += 1 }
            let described = TraceText(entry.record.event)
            if let isSimulated = described.simulated { simulated = isSimulated }
            if let problem = described.problem {
                problemCount += 1
                if problems.count < 32 { problems.append("\(TraceText.time(entry.record.time))  \(problem)") }
            }
            guard let direction = described.direction else { continue }
            let line = found[direction + described.name]
            found[direction + described.name] = Line(
                direction: direction, name: described.name, count: (line?.count ?? 0) + 1,
                bytes: (line?.bytes ?? 0) + described.size)
        }
        lines = found.values.sorted { ($0.direction, $0.name) > ($1.direction, $1.name) }
    }

    /// The whole text, without a final line break.
    public var text: String {
        var rows = [
            "\(header.kind.name) recording of \(header.device) at \(header.address)",
            "recorded by \(header.software), started \(header.started)",
            "device: " + (simulated.map { $0 ? "simulated" : "not simulated" } ?? "not known whether simulated"),
            "\(records) records in \(TraceText.time(span)), \(connections) "
                + (connections == 1 ? "connection" : "connections"),
            "end: " + tail.text, "",
        ]
        for line in lines {
            rows.append(
                "  \(line.direction) \(TraceText.pad(line.name, 18)) "
                    + "\(TraceText.pad("\(line.count)", 10)) \(line.bytes) bytes")
        }
        rows += ["", problemCount == 0 ? "no errors" : "errors: \(problemCount)"]
        rows += problems.map { "  " + $0 }
        if problemCount > problems.count { rows.append("  and \(problemCount - problems.count) more") }
        if !frames.isEmpty { rows += [""] + frames }
        return rows.joined(separator: "\n")
    }

    /// The same for programs.
    public var json: JSON {
        .object([
            "kind": .string(header.kind.name), "device": .string(header.device), "address": .string(header.address),
            "software": .string(header.software), "started": .string(header.started),
            "simulated": simulated.map { .bool($0) } ?? .null, "records": .int(Int64(records)),
            "connections": .int(Int64(connections)), "span_ns": .int(Int64(clamping: span)),
            "end": .string(tail.text), "errors": .int(Int64(problemCount)),
            "messages": .array(
                lines.map { line in
                    .object([
                        "from_host": .bool(line.direction == "→"), "name": .string(line.name),
                        "count": .int(Int64(line.count)), "bytes": .int(Int64(line.bytes)),
                    ])
                }),
            "frames": .array(frames.map { .string($0) }),
        ])
    }
}

extension Trace.Tail {
    /// How the file ends, in words.
    public var text: String {
        switch self {
        case .stopped(let reason): reason.text
        case .open: "the recorder was cut off after a whole record"
        case .torn(let offset, let bytes):
            "the recorder was cut off within a record: \(bytes) bytes from byte \(offset) on are not usable"
        case .damaged(let offset, let bytes, let cause):
            "damaged at byte \(offset) (\(cause)): \(bytes) bytes were not read"
        }
    }
}
