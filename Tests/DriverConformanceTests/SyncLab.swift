import BellModel
import Board
import DriverKit
import Synchronization

@testable import MockLab

/// The virtual laboratory without threads or wall time: a frame that is sent is answered before `send` returns, and time
/// passes only when somebody sleeps and nothing is on its way.
final class SyncLab: Sendable {
    struct State {
        var core: LabCore
        /// Wall nanoseconds, moved by the clock's sleepers.
        var now: UInt64 = 10_000_000_000
        /// The end that greeted each board last.
        var ends = PerNode<SyncTransport?>(alice: nil, bob: nil)
        /// Every end that is not closed.
        var open: [SyncTransport] = []
        var mutations = PerNode<Mutation?>(alice: nil, bob: nil)
        /// Something came since the last sleep.
        var hasDelivered = false
    }

    let state: Mutex<State>

    init(seed: UInt64 = 3, pace: Pace = .max, mutation: Mutation? = nil, change: (inout MockProfile) -> Void = { _ in })
        throws
    {
        var profile = try SyncLab.profile()
        change(&profile)
        let core = LabCore(profile: profile, seed: seed, pace: pace) { 0x0123_4567_89AB_CDEF }
        state = Mutex(State(core: core, mutations: PerNode(alice: mutation, bob: nil)))
    }

    static func profile() throws -> MockProfile {
        guard let rate = TickRate(numerator: 8_000_000_000) else { throw CancellationError() }
        return MockProfile(
            name: "conformance", physics: PhysicsTruth(),
            boards: PerNode(alice: BoardTruth(tickRate: rate), bob: BoardTruth(tickRate: rate)))
    }

    /// Makes connections to a board.
    func opener(_ node: Node, stream: StreamHabit? = nil) -> TransportOpener {
        { () async throws(BellError) -> any Transport in
            let end = SyncTransport(lab: self, node: node, stream: stream)
            self.state.withLock { $0.open.append(end) }
            return end
        }
    }

    func inject(_ fault: MockFault) { state.withLock { $0.core.faults.add(fault) } }

    // MARK: Frames

    /// Handles a frame of a board's client, and delivers what comes of it.
    func receive(_ bytes: [UInt8], from end: SyncTransport, at node: Node) {
        state.withLock { state in
            let isHello = (try? Frame.decode(bytes))?.type == MessageType.hello.rawValue
            let isGreeted = state.ends[node] === end
            var frames = [bytes]
            var own: [Wire] = []
            if state.mutations[node] != nil {
                (frames, own) = state.mutations[node]?.fromHost(bytes, isGreeted: isGreeted) ?? ([bytes], [])
            }
            if isHello { state.ends[node] = end }
            if !isHello && !isGreeted {
                if own.isEmpty {
                    let report = ErrorReport(code: .helloRequired, text: "HELLO must come first on this connection")
                    let request = (try? Frame.decode(bytes))?.sequence ?? 0
                    end.deliver(BoardMessage.error(report).encoded(sequence: 1, replyTo: request))
                } else {
                    for wire in own { end.deliver(wire.bytes(sequence: 1)) }
                }
                state.hasDelivered = true
                return
            }
            for frame in frames {
                state.core.receive(frame, at: node, now: state.now)
                SyncLab.flush(&state)
            }
            if !own.isEmpty { SyncLab.deliver(own, node, &state) }
        }
    }

    func closed(_ end: SyncTransport, at node: Node) {
        state.withLock { state in
            if state.ends[node] === end { state.ends[node] = nil }
            state.open.removeAll { $0 === end }
        }
    }

    private static func flush(_ state: inout State) {
        let frames = state.core.takeOutgoing(now: state.now)
        for node in Node.allCases {
            guard state.mutations[node] != nil else {
                for frame in frames[node] { state.ends[node]?.deliver(frame) }
                if !frames[node].isEmpty { state.hasDelivered = true }
                continue
            }
            for frame in frames[node] {
                let now = state.now
                let wires = state.mutations[node]?.fromBoard(frame, now: now) ?? []
                deliver(wires, node, &state)
            }
        }
    }

    private static func deliver(_ wires: [Wire], _ node: Node, _ state: inout State) {
        for wire in wires {
            guard let number = state.mutations[node]?.number() else { continue }
            state.ends[node]?.deliver(wire.bytes(sequence: number))
            state.hasDelivered = true
        }
    }

    // MARK: Time

    /// A clock that moves when somebody sleeps and no frame is on its way.
    var clock: LinkClock {
        LinkClock(
            now: { [self] in .nanoseconds(Int64(clamping: state.withLock { $0.now })) },
            sleep: { [self] span in
                await settle()
                let wasBusy = state.withLock { state in
                    defer { state.hasDelivered = false }
                    return state.hasDelivered
                }
                if wasBusy { return }
                let (seconds, attoseconds) = span.components
                advance(by: UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0)) / 1_000_000_000)
                await settle()
            })
    }

    private func advance(by nanoseconds: UInt64) {
        state.withLock { state in
            state.now += nanoseconds
            repeat {
                state.core.advance(now: state.now)
                SyncLab.flush(&state)
            } while state.core.deadline.map { $0 <= state.now } ?? false
        }
    }

    /// Returns when every open end's reader has taken all that was delivered and waits for more.
    private func settle() async {
        while true {
            if state.withLock({ $0.open }).allSatisfy(\.isSettled) { return }
            await Task.yield()
        }
    }
}

/// How the byte stream in front of a board treats what is no frame.
enum StreamHabit: Sendable {
    /// It goes on at the next sound frame.
    case searches
    /// It loses the frame behind garbage.
    case losesNext
}

/// The host's end of a connection to a ``SyncLab``.
final class SyncTransport: Transport {
    private struct State {
        var frames: [[UInt8]] = []
        var isEnded = false
        var reader: CheckedContinuation<Void, Never>?
        var decoder = FrameStreamDecoder()
        var losses = 0
    }

    private let box = Mutex(State())
    private let lab: SyncLab
    private let node: Node
    private let stream: StreamHabit?

    init(lab: SyncLab, node: Node, stream: StreamHabit?) {
        self.lab = lab
        self.node = node
        self.stream = stream
    }

    var incoming: AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { [self] () async throws -> [UInt8]? in
            while true {
                let (frame, isEnded) = box.withLock { box -> ([UInt8]?, Bool) in
                    box.frames.isEmpty ? (nil, box.isEnded) : (box.frames.removeFirst(), false)
                }
                if let frame { return frame }
                if isEnded { return nil }
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        let isReady = box.withLock { box in
                            if !box.frames.isEmpty || box.isEnded { return true }
                            box.reader = continuation
                            return false
                        }
                        if isReady { continuation.resume() }
                    }
                } onCancel: {
                    close()
                }
            }
        }
    }

    /// Nothing waits, and the reader does.
    var isSettled: Bool { box.withLock { $0.isEnded || ($0.frames.isEmpty && $0.reader != nil) } }

    func deliver(_ frame: [UInt8]) {
        let reader = box.withLock { box -> CheckedContinuation<Void, Never>? in
            if !box.isEnded { box.frames.append(frame) }
            defer { box.reader = nil }
            return box.reader
        }
        reader?.resume()
    }

    func send(_ frame: [UInt8]) throws(BellError) {
        if box.withLock({ $0.isEnded }) { throw BellError(.transportClosed, "closed") }
        guard let stream else { return lab.receive(frame, from: self, at: node) }
        let frames = box.withLock { box -> [[UInt8]] in
            let garbage = box.decoder.garbageBytes
            box.decoder.append(frame)
            var frames: [[UInt8]] = []
            while let next = box.decoder.next() { frames.append(next) }
            if stream == .losesNext, box.decoder.garbageBytes > garbage, !frames.isEmpty { frames.removeFirst() }
            return frames
        }
        for frame in frames { lab.receive(frame, from: self, at: node) }
    }

    func close() {
        let reader = box.withLock { box -> CheckedContinuation<Void, Never>? in
            box.isEnded = true
            box.frames = []
            defer { box.reader = nil }
            return box.reader
        }
        reader?.resume()
        lab.closed(self, at: node)
    }
}
