import BellModel
import Board
import DriverKit

/// One board as the kit sees it: raw frames out, everything that comes filed in a ``ProbeLedger``.
actor BoardProbe {
    /// What errors call the board.
    nonisolated let name: String
    private let opener: TransportOpener
    private let clock: LinkClock
    private let timeouts: ConformanceTimeouts
    private let campaign: CampaignID
    private var transport: (any Transport)?
    private var inbox = FrameInbox()
    private var reader: Task<Void, Never>?
    private var counter = SequenceCounter()
    private(set) var ledger = ProbeLedger()

    init(
        name: String, opener: @escaping TransportOpener, clock: LinkClock, timeouts: ConformanceTimeouts,
        campaign: CampaignID
    ) {
        self.name = name
        self.opener = opener
        self.clock = clock
        self.timeouts = timeouts
        self.campaign = campaign
    }

    // MARK: The way

    /// Opens a new connection; an old one is closed.
    func open() async throws(BellError) {
        close()
        let made = try await opener()
        let inbox = FrameInbox()
        let clock = clock
        let name = name
        transport = made
        self.inbox = inbox
        counter = SequenceCounter()
        reader = Task {
            do {
                for try await frame in made.incoming { inbox.push(frame, at: clock.now()) }
                inbox.finish()
            } catch let error as BellError {
                inbox.finish(throwing: error)
            } catch {
                inbox.finish(throwing: BellError(.transportClosed, "The way failed.", at: name, cause: "\(error)"))
            }
        }
    }

    /// Closes the connection as a pulled plug does; what has arrived and was not taken is lost.
    func close() {
        transport?.close()
        transport = nil
        reader?.cancel()
        reader = nil
        inbox.finish()
        ledger.connectionEnded()
        _ = ledger.takeArrivals()
    }

    /// Whether a connection is open at this end.
    var isOpen: Bool { transport != nil && inbox.end == nil }

    // MARK: Out

    /// Sends a message; returns its number.
    @discardableResult
    func post(_ message: BoardMessage) throws(BellError) -> UInt32 {
        let (type, payload) = message.encode()
        return try post(type: type, payload: payload)
    }

    /// Sends a sound frame of any type and payload; returns its number.
    @discardableResult
    func post(type: UInt16, payload: [UInt8]) throws(BellError) -> UInt32 {
        let number = counter.next()
        // ACK is never answered, nor are PONG and ERROR.
        let isSilent = [MessageType.acknowledge, .pong, .error].map(\.rawValue).contains(type)
        if !isSilent { ledger.sent(number) }
        try send(Frame(type: type, sequence: number, payload: payload).encoded())
        return number
    }

    /// Sends bytes that are no request of this kit, for example a damaged frame.
    func postBytes(_ bytes: [UInt8]) throws(BellError) { try send(bytes) }

    /// Registers a number that a hand-made frame has and that the board must answer.
    func numberForHandMade() -> UInt32 {
        let number = counter.next()
        ledger.sent(number)
        return number
    }

    private func send(_ bytes: [UInt8]) throws(BellError) {
        guard let transport else {
            throw BellError(.transportClosed, "The connection is closed.", at: name)
        }
        try transport.send(bytes)
    }

    // MARK: In

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: `conformance.no-answer`; `conformance.violation` when the answer cannot be read.
    func ask(_ message: BoardMessage) async throws(BellError) -> BoardMessage {
        try read(try await answer(to: try post(message), for: message.type), to: message.type.name)
    }

    /// Waits for the answer to a request that was sent before.
    func reply(to number: UInt32, of type: MessageType) async throws(BellError) -> BoardMessage {
        try read(try await answer(to: number, for: type), to: type.name)
    }

    private func read(_ arrival: ProbeLedger.Arrival, to request: String) throws(BellError) -> BoardMessage {
        guard let message = arrival.message else {
            throw BellError(
                .conformanceViolation, "The answer to \(request) cannot be read.", at: name,
                cause: arrival.problem?.description)
        }
        return message
    }

    /// Waits for the answer to a request, as it came.
    func answer(to number: UInt32, for type: MessageType?) async throws(BellError) -> ProbeLedger.Arrival {
        let span =
            switch type {
            case .program, .hostBits, .shotsRequest, .rawRandomRequest: timeouts.transfer
            default: timeouts.request
            }
        let deadline = clock.now() + span
        while true {
            if let answer = ledger.takeAnswer(number) { return answer }
            guard await receive(before: deadline) else { break }
        }
        ledger.giveUp(number)
        throw ended
            ?? BellError(
                .conformanceNoAnswer, "\(type?.name ?? "A request") was not answered within \(span.inSeconds) s.",
                at: name)
    }

    /// Why the connection has ended, when it has.
    private var ended: BellError? {
        switch inbox.end {
        case nil: nil
        case .success: BellError(.conformanceNoAnswer, "The connection has ended.", at: name)
        case .failure(let error): error
        }
    }

    /// Files what comes until `isEnough` or the time is over; tells which.
    @discardableResult
    func collect(
        within span: Duration, until isEnough: @Sendable (ProbeLedger) -> Bool = { _ in false }
    ) async -> Bool {
        let deadline = clock.now() + span
        while !isEnough(ledger) {
            guard await receive(before: deadline) else { return isEnough(ledger) }
        }
        return true
    }

    /// Lets `span` pass and then everything come that the board sent before it.
    func settle(for span: Duration) async throws(BellError) {
        await collect(within: span)
        _ = try await ask(.ping(token: 0x5e77_1e00))
    }

    func takeArrivals() -> [ProbeLedger.Arrival] { ledger.takeArrivals() }
    func takeStrayErrors() -> [ErrorReport] { ledger.takeStrayErrors() }

    /// Files one frame; false when the time is over, the way has ended or the task is cancelled.
    private func receive(before deadline: Duration) async -> Bool {
        while true {
            if let frame = inbox.take() {
                let action = ledger.receive(frame.bytes, at: frame.at, own: campaign)
                if case .pong(let token, let request) = action {
                    let pong = BoardMessage.pong(token: token).encoded(sequence: counter.next(), replyTo: request)
                    try? send(pong)
                }
                return true
            }
            let left = deadline - clock.now()
            guard inbox.end == nil, left > .zero, !Task.isCancelled else { return false }
            await inbox.wait(atMost: left, clock: clock)
        }
    }
}
