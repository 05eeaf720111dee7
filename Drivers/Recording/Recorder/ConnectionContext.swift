import DriverKit

/// What a replay must know of a connection that was up before the recording began: greeting, program, last status.
///
/// Kept while nothing is recorded, so it looks at a frame's type and at nothing else of most frames.
struct ConnectionContext: Sendable {
    private struct Exchange {
        var request: [UInt8]
        var answer: [UInt8]?

        var events: [TraceEvent] {
            guard let answer else { return [] }
            return [.hostFrame(request), .boardFrame(answer)]
        }

        /// Takes a frame if it answers the request.
        mutating func take(_ frame: [UInt8]) {
            if answer == nil, ConnectionContext.word(frame, 12) == ConnectionContext.word(request, 8) { answer = frame }
        }
    }

    private var greeting: Exchange?
    private var program: Exchange?
    private var status: [UInt8]?

    /// Whether a frame of the host matters here; costs two comparisons.
    static func mattersFromHost(_ frame: [UInt8]) -> Bool {
        let type = type(of: frame)
        return type == MessageType.hello.rawValue || type == MessageType.program.rawValue
            || type == MessageType.safe.rawValue
    }

    /// Whether a frame of the board matters here; costs three comparisons.
    static func mattersFromBoard(_ frame: [UInt8]) -> Bool {
        let type = type(of: frame)
        return type == MessageType.capabilities.rawValue || type == MessageType.programLoaded.rawValue
            || type == MessageType.status.rawValue
    }

    mutating func noteHost(_ frame: [UInt8]) {
        switch ConnectionContext.type(of: frame) {
        case MessageType.hello.rawValue: greeting = Exchange(request: frame)
        case MessageType.program.rawValue: program = Exchange(request: frame)
        default: program = nil
        }
    }

    mutating func noteBoard(_ frame: [UInt8]) {
        switch ConnectionContext.type(of: frame) {
        case MessageType.capabilities.rawValue: greeting?.take(frame)
        case MessageType.programLoaded.rawValue: program?.take(frame)
        default: status = frame
        }
    }

    /// The records that a recording begins with when the connection is up already.
    var events: [TraceEvent] {
        guard let greeting, greeting.answer != nil else { return [] }
        var events = greeting.events
        if let status { events.append(.boardFrame(status)) }
        return events + (program?.events ?? [])
    }

    private static func type(of frame: [UInt8]) -> UInt16 {
        frame.count < Frame.headerSize ? 0 : UInt16(frame[6]) | UInt16(frame[7]) << 8
    }

    private static func word(_ frame: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(frame[offset + $1]) << (8 * UInt32($1)) }
    }
}
