import BellHost
public import BellModel
import Synchronization

/// The switch of one device: its driver's connections go through it always, and are recorded while it is on.
///
/// While it is off a call costs one atomic load, and a look at a board frame's type. Start and stop at any moment;
/// neither touches the device.
public final class RecorderTap: Sendable {
    private struct State {
        var recorder: Recorder?
        var connections: UInt32 = 0
        /// The connection that was opened last, while it is open.
        var open: (number: UInt32, device: TraceDevice?)?
        /// Connections that have not ended, so that an end is recorded once.
        var live: Set<UInt32> = []
        var context = ConnectionContext()
    }

    /// The device's name in the laboratory file.
    public let device: String
    /// Its `at:`.
    public let address: String
    public let kind: TraceHeader.Kind
    private let isOn = Atomic<Bool>(false)
    private let state = Mutex(State())

    public init(device: String, address: String, kind: TraceHeader.Kind) {
        self.device = device
        self.address = address
        self.kind = kind
    }

    /// Whether a recording is under way.
    public var isRecording: Bool { isOn.load(ordering: .acquiring) }

    /// Begins a recording in a new file of mode 0600.
    ///
    /// - Parameters:
    ///   - simulated: Whether the device is simulated, when that is known.
    ///   - onEnd: Called once when the recording is over, for whatever reason.
    /// - Throws: `recording.busy`, `recording.write`, `host.system-failed`.
    public func start(
        file path: String, simulated: Bool? = nil, limits: Recorder.Limits = .init(),
        onEnd: @escaping @Sendable (Recorder.End) -> Void = { _ in }
    ) throws(BellError) {
        guard !isRecording else { throw busy }
        try start(to: try RecordingFile(path), simulated: simulated, limits: limits, onEnd: onEnd)
    }

    /// Begins a recording into any sink.
    public func start(
        to sink: any RecordingSink, simulated: Bool? = nil, limits: Recorder.Limits = .init(),
        now: (@Sendable () -> UInt64)? = nil,
        onEnd: @escaping @Sendable (Recorder.End) -> Void = { _ in }
    ) throws(BellError) {
        let header = TraceHeader(
            kind: kind, simulated: simulated, device: device, address: address, software: "belld \(Version.belld)",
            started: wallClockISO8601())
        let recorder = try Recorder(header: header, sink: sink, limits: limits, now: now) { [weak self] end in
            self?.recorderEnded()
            onEnd(end)
        }
        let isFree = state.withLock { state -> Bool in
            if let known = state.recorder, known.end == nil { return false }
            state.recorder = recorder
            if let open = state.open {
                recorder.append(.opened(open.device), connection: open.number, isContext: true)
                for event in state.context.events {
                    recorder.append(event, connection: open.number, isContext: true)
                }
            }
            // The disk may have failed already; then `onEnd` has been, or will be, called after this.
            isOn.store(recorder.end == nil, ordering: .releasing)
            return true
        }
        guard isFree else { throw busy }
    }

    /// Ends the recording and waits until it is on disk; nil when there was none.
    @discardableResult
    public func stop() async -> Recorder.End? {
        isOn.store(false, ordering: .releasing)
        let recorder = state.withLock { state in
            defer { state.recorder = nil }
            return state.recorder
        }
        return await recorder?.stop()
    }

    /// A recorder has ended; another one may have begun since.
    private func recorderEnded() {
        state.withLock { if $0.recorder?.end != nil { isOn.store(false, ordering: .releasing) } }
    }

    private var busy: BellError {
        BellError(
            .recordingBusy, "A recording of this device is under way.", at: device, fix: "stop it first")
    }

    // MARK: What the wrappers call

    /// Nanoseconds since the recording's start; 0 without one.
    var elapsed: UInt64 { isRecording ? state.withLock { $0.recorder?.elapsed ?? 0 } : 0 }

    /// A connection was made; returns its number.
    func opened(_ device: TraceDevice? = nil) -> UInt32 {
        state.withLock { state in
            state.connections &+= 1
            state.open = (state.connections, device)
            state.live.insert(state.connections)
            state.context = ConnectionContext()
            if isRecording { state.recorder?.append(.opened(device), connection: state.connections) }
            return state.connections
        }
    }

    func failedToOpen(_ error: BellError) { note(.openFailed(error), connection: 0) }

    func isOver(_ connection: UInt32, _ event: TraceEvent) {
        let isFirst = state.withLock { state -> Bool in
            if state.open?.number == connection { state.open = nil }
            return state.live.remove(connection) != nil
        }
        if isFirst { note(event, connection: connection) }
    }

    /// Records an event; it is not even made while nothing is recorded.
    func note(_ event: @autoclosure () -> TraceEvent, connection: UInt32) {
        guard isRecording else { return }
        let recorder = state.withLock { $0.recorder }
        recorder?.append(event(), connection: connection)
    }

    func noteHost(_ frame: [UInt8], connection: UInt32) {
        if ConnectionContext.mattersFromHost(frame) {
            noteWithContext(.hostFrame(frame), connection) { $0.noteHost(frame) }
        } else {
            note(.hostFrame(frame), connection: connection)
        }
    }

    func noteBoard(_ frame: [UInt8], connection: UInt32) {
        if ConnectionContext.mattersFromBoard(frame) {
            noteWithContext(.boardFrame(frame), connection) { $0.noteBoard(frame) }
        } else {
            note(.boardFrame(frame), connection: connection)
        }
    }

    /// Both under one lock, so that a recording which begins just now has the frame once.
    private func noteWithContext(
        _ event: TraceEvent, _ connection: UInt32, _ change: (inout ConnectionContext) -> Void
    ) {
        state.withLock { state in
            if state.open?.number == connection { change(&state.context) }
            if isRecording { state.recorder?.append(event, connection: connection) }
        }
    }
}
