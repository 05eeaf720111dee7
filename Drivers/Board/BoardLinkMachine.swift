public import BellModel
public import DriverKit

/// The host's side of the board protocol as a value: takes what happens, says what to do. No I/O, no clock of its own.
///
/// One machine serves a board for the life of its driver, over any number of connections, so that it knows a reboot
/// and a repeated record when it sees one. Times are spans since any fixed origin.
///
/// - SeeAlso: docs/board-protocol.md, "The host's side".
public struct BoardLinkMachine: Sendable {
    /// What happens.
    public enum Input: Sendable {
        /// A new transport is open; `token` is completed with ``BoardReply/capabilities(_:)``.
        case opened(token: UInt64)
        /// Bytes arrived as one frame.
        case frame([UInt8])
        case request(BoardRequest, token: UInt64)
        /// Everything of the campaign below an index is on disk.
        case acknowledge(Acknowledgement)
        /// Time has passed.
        case tick
        /// The transport failed or ended.
        case failed(BellError)
        /// The owner gives the connection up.
        case close
    }

    /// What is to be done, in this order.
    public enum Action: Equatable, Sendable {
        case send([UInt8])
        case deliver(BoardEvent)
        case complete(token: UInt64, Result<BoardReply, BellError>)
        /// Close the transport; the connection is over.
        case disconnect
    }

    enum Phase: Equatable { case down, greeting, up }

    struct Pending {
        /// Nil for HELLO.
        var request: BoardRequest?
        /// Nil when nobody waits: a HELLO that repairs a gap.
        var token: UInt64?
        var deadline: Duration
    }

    let name: String
    let node: Node
    let timeouts: BoardTimeouts
    /// The host's name in HELLO.
    let software: String

    var phase = Phase.down
    public internal(set) var capabilities: Capabilities?
    var isReplaying = false
    /// From the discovery of a gap to the end of the replay that fills it: no arm's end is delivered.
    var isRepairing = false
    var replayDeadline = Duration.zero
    var failedReplays = 0
    /// A gap was found while a replay was under way, or too soon after one.
    var wantsResync = false
    var numbers = SequenceCounter()
    /// The number that the board's next frame should have.
    var expected: UInt32?
    var pending: [UInt32: Pending] = [:]
    var ledger: SpoolLedger
    var lastReceived = Duration.zero
    var lastSent = Duration.zero
    var faultsInWindow = 0
    var suppressedFaults: UInt64 = 0
    var windowStart = Duration.zero
    var actions: [Action] = []
    /// Frames whose content had come before, since the machine was made.
    public internal(set) var repeatedMessages: UInt64 = 0

    /// - Parameters:
    ///   - name: The device's name in the laboratory file, for errors.
    ///   - software: What HELLO calls the host.
    public init(name: String, node: Node, timeouts: BoardTimeouts = .init(), software: String = "belld") {
        self.name = name
        self.node = node
        self.timeouts = timeouts
        self.software = software
        ledger = SpoolLedger(node: node)
    }

    /// Takes one input.
    public mutating func handle(_ input: Input, at now: Duration) -> [Action] {
        switch input {
        case .opened(let token): open(token: token, at: now)
        case .frame(let bytes): if phase != .down { receive(bytes, at: now) }
        case .request(let request, let token): ask(request, token: token, at: now)
        case .acknowledge(let message):
            ledger.acknowledge(message)
            if phase == .up { send(.acknowledge(message), at: now) }
        case .tick: if phase != .down { tick(at: now) }
        case .failed(let error): fail(error)
        case .close: fail(BellError(.boardClosed, "The connection was closed.", at: name))
        }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Whether a connection is up.
    public var isConnected: Bool { phase == .up }

    // MARK: Connection

    private mutating func open(token: UInt64, at now: Duration) {
        if phase != .down { fail(BellError(.boardClosed, "A new connection replaces this one.", at: name)) }
        phase = .greeting
        numbers = SequenceCounter()
        expected = nil
        isReplaying = false
        isRepairing = false
        wantsResync = false
        failedReplays = 0
        lastReceived = now
        windowStart = now
        faultsInWindow = 0
        greet(token: token, at: now)
    }

    mutating func greet(token: UInt64?, at now: Duration) {
        let sequence = send(.hello(Hello(software: software)), at: now)
        pending[sequence] = Pending(request: nil, token: token, deadline: now + timeouts.request)
    }

    /// Ends the connection; everything that waits fails.
    mutating func fail(_ error: BellError) {
        guard phase != .down else { return }
        let wasUp = phase == .up
        phase = .down
        isReplaying = false
        let waiting = pending.sorted { $0.key < $1.key }.compactMap(\.value.token)
        pending = [:]
        for token in waiting { actions.append(.complete(token: token, .failure(error))) }
        if wasUp { actions.append(.deliver(.disconnected(error))) }
        actions.append(.disconnect)
    }

    /// Whether a HELLO is not answered yet, or its replay is under way.
    private var isResyncing: Bool { isReplaying || pending.values.contains { $0.request == nil } }

    /// Asks for everything unacknowledged again, on the same connection.
    mutating func resync(at now: Duration) {
        guard !isResyncing else {
            wantsResync = true
            return
        }
        wantsResync = false
        isRepairing = true
        greet(token: nil, at: now)
    }

    // MARK: Requests

    private mutating func ask(_ request: BoardRequest, token: UInt64, at now: Duration) {
        guard phase == .up else {
            let error = BellError(
                .boardNotConnected, "The board is not connected.", at: name,
                fix: "check cable and power; belld tries again by itself")
            actions.append(.complete(token: token, .failure(error)))
            return
        }
        // Records may come before ARMED is looked at, so the arm is known from now on.
        if case .arm(let order) = request { ledger.expect(order) }
        let sequence = send(request.message, at: now)
        pending[sequence] = Pending(request: request, token: token, deadline: now + request.timeout(timeouts))
    }

    @discardableResult
    mutating func send(_ message: BoardMessage, replyTo: UInt32 = 0, at now: Duration) -> UInt32 {
        let sequence = numbers.next()
        actions.append(.send(message.encoded(sequence: sequence, replyTo: replyTo)))
        lastSent = now
        return sequence
    }

    // MARK: Time

    private mutating func tick(at now: Duration) {
        if now - windowStart >= .seconds(1) {
            if suppressedFaults > 0 { actions.append(.deliver(.fault(.suppressed(count: suppressedFaults)))) }
            windowStart = now
            faultsInWindow = 0
            suppressedFaults = 0
        }
        if now - lastReceived >= timeouts.silence {
            return fail(
                BellError(
                    .boardSilent, "The board has not said anything for \(timeouts.silence).", at: name,
                    state: "what the board keeps is asked for again after the next connection",
                    fix: "check the board's power, cable and bridge process"))
        }
        if isReplaying, now >= replayDeadline {
            return fail(
                BellError(
                    .boardTimeout, "The board did not end its replay within \(timeouts.replay).", at: name,
                    fix: "compare the board's firmware with docs/board-protocol.md, \"Replay\""))
        }
        for (sequence, request) in pending.sorted(by: { $0.key < $1.key }) where now >= request.deadline {
            pending[sequence] = nil
            let what = request.request?.message.type ?? .hello
            let error = BellError(
                .boardTimeout, "The board did not answer \(what.name) within \(request.deadlineSpan(timeouts)).",
                at: name, fix: "check the board; `bellctl device check` shows whether it answers")
            if request.request == nil { return fail(replacing(request, with: error)) }
            if let token = request.token { actions.append(.complete(token: token, .failure(error))) }
        }
        guard phase == .up else { return }
        let isOverdue = ledger.oldestHeld.map { now - $0 >= timeouts.gap } ?? false
        if (isOverdue || wantsResync) && !isResyncing { resync(at: now) }
        if now - lastSent >= timeouts.heartbeat { send(.ping(token: 0), at: now) }
    }

    /// Completes a HELLO that was taken out of `pending`, and hands the error on.
    private mutating func replacing(_ request: Pending, with error: BellError) -> BellError {
        if let token = request.token { actions.append(.complete(token: token, .failure(error))) }
        return error
    }

    /// Tells of something wrong; more than 64 a second are only counted.
    mutating func report(_ fault: BoardFault) {
        faultsInWindow += 1
        if faultsInWindow > 64 {
            suppressedFaults += 1
        } else {
            actions.append(.deliver(.fault(fault)))
        }
    }
}

extension BoardLinkMachine.Pending {
    func deadlineSpan(_ timeouts: BoardTimeouts) -> Duration { request?.timeout(timeouts) ?? timeouts.request }
}
