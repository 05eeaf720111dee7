import BellCrypto
public import BellModel
public import DriverKit
import Synchronization

/// The virtual laboratory: a cryostat with two qubits and a link, and a board at each node.
///
/// Boards are reached through ``transport(to:)`` in this process (`mock://`), or through a ``MockLabServer``. Everything
/// it reports is marked simulated. A board talks to the client that sent HELLO last.
public final class VirtualLab: Sendable {
    /// Takes a frame to a board's client; called in order, must not block or call back.
    typealias Sink = @Sendable ([UInt8]) -> Void
    /// Tells the clients of a board apart: a ROUTER's name for them, or a pipe's number.
    typealias ClientID = [UInt8]

    private struct State {
        var core: LabCore
        var sinks: PerNode<(client: ClientID, sink: Sink)?>
        var pipes: UInt64 = 0
        var isStopped = false
        /// Wall time of the timer that is set; nil: none.
        var timer: UInt64?
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    /// Builds a laboratory; nothing runs until a board is told to.
    ///
    /// - Parameter seed: Equal seeds and equal requests give equal records, byte for byte.
    public init(profile: MockProfile, seed: UInt64, pace: Pace = .max, faults: [MockFault] = []) {
        var core = LabCore(profile: profile, seed: seed, pace: pace) {
            randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        for fault in faults { core.faults.add(fault) }
        state = Mutex(State(core: core, sinks: PerNode(alice: nil, bob: nil)))
    }

    /// Adds a fault while the laboratory runs.
    public func inject(_ fault: MockFault) { state.withLock { $0.core.faults.add(fault) } }

    /// The host's end of a connection in this process to a board.
    ///
    /// - Throws: `mocklab.stopped` after ``stop()``.
    public func transport(to node: Node) throws(BellError) -> any Transport {
        let pipe = state.withLock { state -> UInt64? in
            if state.isStopped { return nil }
            state.pipes += 1
            return state.pipes
        }
        guard let pipe else { throw VirtualLab.stoppedError }
        let client = Array("pipe \(pipe)".utf8)
        let (host, board) = makePipe()
        Task {
            let sink: Sink = { frame in try? board.send(frame) }
            do {
                for try await frame in board.incoming { receive(frame, at: node, client: client, sink: sink) }
            } catch {}
            disconnect(node, client: client)
            board.close()
        }
        return host
    }

    /// Ends the laboratory: nothing is played or sent any more.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            state.sinks = PerNode(alice: nil, bob: nil)
        }
    }

    // MARK: What else there is

    /// The profile's gauges.
    public var gauges: [GaugeTruth] { state.withLock { $0.core.profile.gauges } }

    /// Seconds of drift since the start: laboratory time × the profile's `time_factor`.
    public var driftTime: Double {
        state.withLock { $0.core.profile.drift.seconds(at: $0.core.time) }
    }

    /// What is true of the cryostat now; for tests, which compare a calibration with it.
    var truth: PhysicsTruth {
        state.withLock { state in
            state.core.drift(to: state.core.time)
            return state.core.truth
        }
    }

    /// What a gauge shows; nil when it does not answer, or is none.
    func read(gauge: String, _ key: String) -> InstrumentValue? {
        state.withLock { $0.isStopped ? nil : $0.core.readGauge(gauge, key, now: now) }
    }

    /// What a gauge complains of; nil when it does not answer, or is none.
    func problems(ofGauge gauge: String) -> [String]? {
        state.withLock { $0.isStopped ? nil : $0.core.gaugeProblems(gauge, now: now) }
    }

    // MARK: Clients

    /// Handles a client's frame; a HELLO makes it the one that the board talks to.
    func receive(_ frame: [UInt8], at node: Node, client: ClientID, sink: @escaping Sink) {
        state.withLock { state in
            if state.isStopped { return }
            if VirtualLab.isHello(frame) {
                state.sinks[node] = (client, sink)
            } else if state.sinks[node]?.client != client {
                // The board knows another host, or none: answered here, so that the other one is not disturbed.
                let report = ErrorReport(code: .helloRequired, text: "HELLO must come first on this connection")
                let request = (try? Frame.decode(frame))?.sequence ?? 0
                sink(BoardMessage.error(report).encoded(sequence: 1, replyTo: request))
                return
            }
            state.core.receive(frame, at: node, now: now)
            flush(&state)
        }
    }

    /// Forgets a client; its board keeps what it has not acknowledged.
    func disconnect(_ node: Node, client: ClientID) {
        state.withLock { state in
            if state.sinks[node]?.client == client { state.sinks[node] = nil }
        }
    }

    private static func isHello(_ frame: [UInt8]) -> Bool {
        (try? Frame.decode(frame))?.type == MessageType.hello.rawValue
    }

    // MARK: Time

    /// Wall nanoseconds since the laboratory was built, on a monotonic clock; starts at 1 s so that nothing underflows.
    private var now: UInt64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return 1_000_000_000 + UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0)) / 1_000_000_000
    }

    /// Sends what waits and sets the timer; called with the lock held, so that frames keep their order.
    private func flush(_ state: inout State) {
        let frames = state.core.takeOutgoing(now: now)
        for node in Node.allCases {
            guard let sink = state.sinks[node]?.sink else { continue }
            for frame in frames[node] { sink(frame) }
        }
        guard let deadline = state.core.deadline, !state.isStopped else { return }
        if let timer = state.timer, timer <= deadline { return }
        state.timer = deadline
        let delay = deadline > now ? deadline - now : 0
        Task { [weak self] in
            if delay > 0 { try? await Task.sleep(for: .nanoseconds(Int64(clamping: delay)), tolerance: .zero) }
            self?.timerFired(deadline)
        }
    }

    private func timerFired(_ deadline: UInt64) {
        state.withLock { state in
            guard state.timer == deadline, !state.isStopped else { return }
            state.timer = nil
            state.core.advance(now: now)
            flush(&state)
        }
    }
}

extension BellError.Code {
    /// The virtual laboratory has been stopped.
    public static let mockStopped = BellError.Code("mocklab.stopped", exit: .hardware)
}

extension VirtualLab {
    private static var stoppedError: BellError {
        BellError(.mockStopped, "The virtual laboratory has been stopped.", at: "mock://")
    }
}
