import BellHost
import BellModel
import BellZeroMQ
import DriverKit
import Synchronization

/// Both boards' side of the board protocol, with records made beforehand: the fastest laboratory there can be.
///
/// Boards of belld reach it as they reach mocklab. It answers START with the whole arm at once.
final class FramePump: Sendable {
    private struct State {
        var boards: PerNode<PumpBoard>
        var clients = PerNode<[UInt8]>(alice: [], bob: [])
        var pulse: UInt64 = 1000
        /// Monotonic time of the first START.
        var firstStart: UInt64?
        var busy: UInt64 = 0
        var channels = PerNode<Channel?>(alice: nil, bob: nil)
    }

    private let state: Mutex<State>

    /// Binds both boards.
    ///
    /// - Parameters:
    ///   - armTrials: The longest arm that can be played.
    ///   - chunk: Trials in a TRIALS frame.
    init(reactor: Reactor, endpoints: PerNode<String>, armTrials: Int, chunk: Int) throws(BellError) {
        var dice = Dice(seed: 2)
        let halves = SyntheticHalf.pair(count: armTrials, chunk: chunk, dice: &dice)
        let rate = try Bench.boardRate()
        state = Mutex(State(boards: PerNode { PumpBoard(node: $0, rate: rate, half: halves[$0]) }))
        let options = SocketOptions(
            highWaterMark: 1 << 20, lingerMilliseconds: 0, maxMessageBytes: Int64(2 * Frame.maximumSize),
            queuedMessages: 1 << 20, queuedBytes: 1 << 30)
        for node in Node.allCases {
            // A HELLO may arrive before `open` returns; it then waits for this lock.
            try state.withLock { state throws(BellError) in
                state.channels[node] = try reactor.open(.router, bind: [endpoints[node]], options: options) {
                    [weak self] parts in
                    guard parts.count == 2 else { return }
                    self?.receive(parts[1], from: parts[0], at: node)
                }
            }
        }
    }

    /// When the host started its first arm; nil before.
    var firstStart: UInt64? { state.withLock { $0.firstStart } }

    /// Seconds that the pump itself was at work; what belld could not have used on this core.
    var busySeconds: Double { Double(state.withLock { $0.busy }) / 1e9 }

    func close() {
        for node in Node.allCases { state.withLock { $0.channels[node] }?.close() }
    }

    private func receive(_ frame: [UInt8], from client: [UInt8], at node: Node) {
        state.withLock { state in
            let begin = monotonicNanoseconds()
            state.clients[node] = client
            let response = state.boards[node].receive(frame)
            for frame in response.frames { send(frame, node, state) }
            if response.started != nil {
                if state.firstStart == nil { state.firstStart = begin }
                play(&state)
            }
            state.busy += monotonicNanoseconds() - begin
        }
    }

    /// Sends both boards' halves of the armed arm, frame by frame in turns.
    private func play(_ state: inout State) {
        let count = state.boards.alice.armedCount
        guard let alice = state.boards.alice.play(firstPulse: state.pulse),
            let bob = state.boards.bob.play(firstPulse: state.pulse)
        else { return }
        state.pulse += count
        for (a, b) in zip(alice.trials, bob.trials) {
            send(a, .alice, state)
            send(b, .bob, state)
        }
        for frame in alice.end { send(frame, .alice, state) }
        for frame in bob.end { send(frame, .bob, state) }
    }

    private func send(_ frame: [UInt8], _ node: Node, _ state: borrowing State) {
        // What cannot be sent is missed by the host, which shows in the result.
        try? state.channels[node]?.send([state.clients[node], frame])
    }
}
