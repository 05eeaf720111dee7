import BellHost
public import BellModel
import Dispatch
import Synchronization

/// Writes one recording on a thread of its own, so that a slow disk never slows the device.
///
/// ``append(_:connection:isContext:)`` costs a lock and an array slot. When more waits than ``Limits/waiting``, when the
/// file has reached ``Limits/file``, or when the disk refuses, the recording ends, and the device goes on.
public final class Recorder: Sendable {
    /// What a recording may take.
    public struct Limits: Hashable, Sendable {
        /// Bytes of the file.
        public var file: UInt64
        /// Bytes that wait in memory for the disk.
        public var waiting: Int

        public init(file: UInt64 = 1 << 30, waiting: Int = 64 << 20) {
            self.file = file
            self.waiting = waiting
        }
    }

    /// How a recording ended.
    public struct End: Equatable, Sendable {
        public var reason: TraceStop
        /// What the disk said; nil unless it refused or was too slow.
        public var error: BellError?
        /// Bytes and records written.
        public var bytes: UInt64
        public var records: UInt64
    }

    private let core: RecorderCore

    /// Writes the header and starts the thread.
    ///
    /// - Parameters:
    ///   - now: Nanoseconds since any fixed origin; nil: the system's monotonic clock.
    ///   - onEnd: Called once, on the recorder's thread.
    /// - Throws: `host.system-failed` without a thread; what the sink throws.
    public init(
        header: TraceHeader, sink: any RecordingSink, limits: Limits = Limits(),
        now: (@Sendable () -> UInt64)? = nil,
        onEnd: @escaping @Sendable (End) -> Void = { _ in }
    ) throws(BellError) {
        let bytes = header.encoded()
        try sink.write(bytes)
        core = RecorderCore(
            sink: sink, limits: limits, now: now ?? { monotonicNanoseconds() }, written: UInt64(bytes.count),
            onEnd: onEnd)
        let core = core
        try startThread(named: "recorder") { core.run() }
    }

    deinit { core.stop() }

    /// Nanoseconds since the recording's start.
    public var elapsed: UInt64 { core.elapsed }

    /// Adds a record with the time of now; does nothing after the end.
    public func append(_ event: TraceEvent, connection: UInt32, isContext: Bool = false) {
        core.append(event, connection: connection, isContext: isContext)
    }

    /// How it ended; nil while it goes on.
    public var end: End? { core.end }

    /// Ends the recording and waits until everything is on disk.
    @discardableResult
    public func stop() async -> End {
        core.stop()
        return await core.ended()
    }
}

/// What the recorder shares with its thread.
private final class RecorderCore: Sendable {
    struct State {
        var waiting: [TraceRecord] = []
        var waitingBytes = 0
        var stop: TraceStop?
        var end: Recorder.End?
        var observers: [CheckedContinuation<Recorder.End, Never>] = []
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let sink: any RecordingSink
    private let limits: Recorder.Limits
    private let now: @Sendable () -> UInt64
    private let start: UInt64
    private let headerSize: UInt64
    private let onEnd: @Sendable (Recorder.End) -> Void
    /// Room that is kept for the last record.
    private static let reserve: UInt64 = 64

    init(
        sink: any RecordingSink, limits: Recorder.Limits, now: @escaping @Sendable () -> UInt64, written: UInt64,
        onEnd: @escaping @Sendable (Recorder.End) -> Void
    ) {
        self.sink = sink
        self.limits = limits
        self.now = now
        self.onEnd = onEnd
        start = now()
        headerSize = written
    }

    var elapsed: UInt64 { now() &- start }
    var end: Recorder.End? { state.withLock { $0.end } }

    func append(_ event: TraceEvent, connection: UInt32, isContext: Bool) {
        let isFirst = state.withLock { state -> Bool in
            guard state.stop == nil else { return false }
            // Taken with the lock held, so that times never go back in the file.
            let time = isContext ? 0 : elapsed
            state.waiting.append(
                TraceRecord(time: time, connection: connection, isContext: isContext, event: event))
            state.waitingBytes += event.sizeHint
            if state.waitingBytes > limits.waiting { state.stop = .slowDisk }
            return state.waiting.count == 1 || state.stop != nil
        }
        if isFirst { wake.signal() }
    }

    func stop() {
        state.withLock { if $0.stop == nil { $0.stop = .requested } }
        wake.signal()
    }

    func ended() async -> Recorder.End {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state -> Recorder.End? in
                if state.end == nil { state.observers.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// The thread: writes until something ends the recording.
    func run() {
        var end = Recorder.End(reason: .requested, error: nil, bytes: headerSize, records: 0)
        do throws(BellError) {
            end.reason = try write(&end)
            if end.reason == .slowDisk { end.error = RecorderCore.slow }
            let last = TraceRecord(time: elapsed, connection: 0, event: .stopped(end.reason))
            try write([last], &end)
            try sink.finish()
        } catch {
            end.reason = .diskFailed
            end.error = error
        }
        let observers = state.withLock { [end] state in
            state.stop = state.stop ?? end.reason
            state.end = end
            state.waiting = []
            defer { state.observers = [] }
            return state.observers
        }
        onEnd(end)
        for observer in observers { observer.resume(returning: end) }
    }

    private func write(_ end: inout Recorder.End) throws(BellError) -> TraceStop {
        while true {
            wake.wait()
            let (batch, stop) = state.withLock { state -> ([TraceRecord], TraceStop?) in
                defer {
                    state.waiting = []
                    state.waitingBytes = 0
                }
                return (state.waiting, state.stop)
            }
            guard try write(batch, &end) else { return .sizeLimit }
            if let stop { return stop }
        }
    }

    /// Returns false when the size limit does not let a record in.
    @discardableResult
    private func write(_ batch: [TraceRecord], _ end: inout Recorder.End) throws(BellError) -> Bool {
        var buffer: [UInt8] = []
        for record in batch {
            var isLast = false
            if case .stopped = record.event { isLast = true }
            // Larger than any transfer: nothing that a driver does; it is left out as if the limit were reached.
            guard let bytes = record.encoded(),
                isLast || end.bytes + UInt64(bytes.count) + RecorderCore.reserve <= limits.file
            else {
                try sink.write(buffer)
                return false
            }
            buffer += bytes
            end.bytes += UInt64(bytes.count)
            end.records += 1
            if buffer.count >= 1 << 20 {
                try sink.write(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        if !buffer.isEmpty { try sink.write(buffer) }
        return true
    }

    private static var slow: BellError {
        BellError(
            .recordingSlow, "The recording ended because the disk was slower than the device.",
            state: "the device goes on; what was written before can be read", fix: "record to a faster disk")
    }
}
