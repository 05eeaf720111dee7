public import BellModel
public import DriverKit

/// One board: performs what its ``BoardLinkMachine`` says, over any transport.
///
/// Everything that the board reports comes out of ``events``; a slow consumer of them never delays a request. The
/// driver does not reconnect by itself: after ``BoardEvent/disconnected(_:)`` its owner calls ``connect()`` again.
public actor BoardDriver {
    /// The device's name in the laboratory file.
    public nonisolated let name: String
    public nonisolated let node: Node
    /// For one consumer; not bounded in length, but by the board's spool, since what is not acknowledged is not
    /// replaced. Ends with the driver.
    public nonisolated let events: AsyncStream<BoardEvent>

    private let consumer: AsyncStream<BoardEvent>.Continuation
    private let opener: TransportOpener
    private let clock: LinkClock
    private let resolution: Duration
    private var machine: BoardLinkMachine
    private var transport: (any Transport)?
    private var tasks: [Task<Void, Never>] = []
    /// Counts connections, so that what comes late from an old transport is known.
    private var generation: UInt64 = 0
    private var isConnecting = false
    private var lastToken: UInt64 = 0
    private var waiting: [UInt64: CheckedContinuation<Result<BoardReply, BellError>, Never>] = [:]
    private var armed: ArmOrder?

    /// - Parameters:
    ///   - open: Makes a transport; called at each ``connect()``.
    ///   - clock: Measures the time-outs; tests hand in their own.
    public init(
        name: String, node: Node, timeouts: BoardTimeouts = .init(), clock: LinkClock = .system,
        open: @escaping TransportOpener
    ) {
        self.name = name
        self.node = node
        self.clock = clock
        opener = open
        resolution = timeouts.resolution
        machine = BoardLinkMachine(name: name, node: node, timeouts: timeouts, software: "belld \(Version.belld)")
        (events, consumer) = AsyncStream.makeStream(of: BoardEvent.self)
    }

    deinit {
        for task in tasks { task.cancel() }
        transport?.close()
        consumer.finish()
    }

    // MARK: Connection

    /// Whether a connection is up.
    public var isConnected: Bool { machine.isConnected }
    /// What the board said of itself at the last connection.
    public var capabilities: Capabilities? { machine.capabilities }

    /// Opens a transport and greets the board; an existing connection is given up first.
    ///
    /// The board's answer is also the event ``BoardEvent/connected(_:isReboot:)``, and its replay follows as events.
    ///
    /// - Throws: what the opener throws, `board.busy` when another call is under way, `board.timeout`,
    ///   `board.wrong-version`, `board.wrong-node`, `board.refused` or `transport.closed`.
    public func connect() async throws(BellError) -> Capabilities {
        guard !isConnecting else {
            throw BellError(.boardBusy, "A connection to the board is already being made.", at: name)
        }
        isConnecting = true
        defer { isConnecting = false }
        // Whoever connects anew would take the old connection's end, heard late, for the new one's.
        let old = machine.handle(.close, at: clock.now())
        let (wasConnected, ending) = (old.contains(where: BoardDriver.isEnd), old.filter { !BoardDriver.isEnd($0) })
        perform(ending)
        generation += 1
        let current = generation
        let transport: any Transport
        do throws(BellError) {
            transport = try await opener()
        } catch {
            if wasConnected { consumer.yield(.disconnected(error)) }
            throw error
        }
        guard current == generation else {
            transport.close()
            let error = BellError(.boardClosed, "The driver was closed while it connected.", at: name)
            if wasConnected { consumer.yield(.disconnected(error)) }
            throw error
        }
        self.transport = transport
        tasks = [reader(of: transport, generation: current), ticker(generation: current)]
        let reply = try await complete { .opened(token: $0) }
        guard case .capabilities(let board) = reply else { throw wrongAnswer }
        return board
    }

    private static func isEnd(_ action: BoardLinkMachine.Action) -> Bool {
        if case .deliver(.disconnected) = action { true } else { false }
    }

    /// Ends the connection; the board goes on with what it does.
    public func close() {
        generation += 1
        perform(machine.handle(.close, at: clock.now()))
    }

    // MARK: Trials

    /// Loads a program and compares what the board read back.
    ///
    /// - Throws: `board.program` when it breaks a limit of the board, `board.program-mismatch`, or a request's errors.
    public func load(_ program: NodeProgram) async throws(BellError) {
        if let board = machine.capabilities, let problem = program.problem(for: board) {
            throw BellError(
                .boardProgram, "The program cannot be loaded: \(problem).", at: name,
                fix: "compile the sequence for this board's limits")
        }
        try await request(.load(program: program.encoded()))
    }

    /// Sends the input bits of an arm, MSB first, one a trial, before it is armed.
    public func sendHostBits(campaign: CampaignID, arm: UInt64, bits: PackedBits) async throws(BellError) {
        try await request(.hostBits(HostBits(campaign: campaign, arm: arm, bits: bits)))
    }

    /// Arms the board; returns when it reports ARMED.
    ///
    /// - Throws: `board.spool-full`, `board.state`, `board.no-host-bits`, or a request's errors. After `board.timeout`
    ///   or `board.closed` the board may be armed all the same; the next status tells.
    public func arm(_ order: ArmOrder) async throws(BellError) {
        armed = nil
        try await request(.arm(order))
        armed = order
    }

    /// Starts the arm that was armed last; for the trigger master only. Returns when the board says OK, before or
    /// while the first trials run.
    public func start() async throws(BellError) {
        guard let order = armed else { throw BellError(.boardState, "No arm is armed.", at: name) }
        try await request(.start(ArmName(campaign: order.campaign, arm: order.arm)))
    }

    /// Ends the running or armed arm, if there is one; its ARM_END comes as an event.
    public func stop() async throws(BellError) { try await request(.stop) }

    /// Switches the outputs off, ends the arm and drops the program; also leads out of the fault state.
    public func safe() async throws(BellError) { try await request(.safe) }

    /// Lets the board drop everything of a campaign below an index. Sent at once, never answered; what the board did
    /// not hear is repeated after the next connection.
    public func acknowledge(campaign: CampaignID, arm: UInt64, nextIndex: UInt64) {
        let message = Acknowledgement(campaign: campaign, arm: arm, nextIndex: nextIndex)
        perform(machine.handle(.acknowledge(message), at: clock.now()))
    }

    // MARK: Questions

    /// What the board is doing.
    public func status() async throws(BellError) -> BoardStatus {
        let reply = try await request(.status)
        guard case .status(let status) = reply else { throw wrongAnswer }
        return status
    }

    /// The time to the board and back.
    @discardableResult
    public func ping() async throws(BellError) -> Duration {
        let start = clock.now()
        try await request(.ping(token: lastToken &+ 1))
        return clock.now() - start
    }

    /// Bits of the board's own random number generator, as it made them; 1 … 8 388 544.
    public func rawRandomBits(_ count: UInt32) async throws(BellError) -> PackedBits {
        let reply = try await request(.rawRandom(RawRandomRequest(count: count)))
        guard case .rawRandom(let random) = reply else { throw wrongAnswer }
        return random.bits
    }

    /// Plays the loaded program on the board's own trigger and returns IQ points; 1 … 200 000 shots.
    public func shots(_ count: UInt32, averaged: Bool) async throws(BellError) -> Shots {
        let reply = try await request(.shots(ShotsRequest(count: count, averaged: averaged)))
        guard case .shots(let shots) = reply else { throw wrongAnswer }
        return shots
    }

    /// The board's public signing key, 32 bytes.
    public func nodeKey() async throws(BellError) -> [UInt8] {
        let reply = try await request(.nodeKey)
        guard case .nodeKey(let key) = reply else { throw wrongAnswer }
        return key.publicKey
    }

    // MARK: Performing

    @discardableResult
    private func request(_ request: BoardRequest) async throws(BellError) -> BoardReply {
        try await complete { .request(request, token: $0) }
    }

    /// Hands the machine an input with a new token, and waits until the machine completes it.
    private func complete(
        _ input: (UInt64) -> BoardLinkMachine.Input
    ) async throws(BellError) -> BoardReply {
        lastToken += 1
        let token = lastToken
        let input = input(token)
        let result = await withCheckedContinuation { continuation in
            waiting[token] = continuation
            perform(machine.handle(input, at: clock.now()))
        }
        return try result.get()
    }

    private func perform(_ actions: [BoardLinkMachine.Action]) {
        var failure: BellError?
        for action in actions {
            switch action {
            case .send(let frame):
                do throws(BellError) { try transport?.send(frame) } catch { failure = error }
            case .deliver(let event): consumer.yield(event)
            case .complete(let token, let result): waiting.removeValue(forKey: token)?.resume(returning: result)
            case .disconnect:
                for task in tasks { task.cancel() }
                tasks = []
                transport?.close()
                transport = nil
                armed = nil
                failure = nil
            }
        }
        if let failure { perform(machine.handle(.failed(failure), at: clock.now())) }
    }

    private var wrongAnswer: BellError {
        BellError(.boardProtocol, "The board's answer is of another kind than the request.", at: name)
    }

    private func receive(_ frame: [UInt8], generation: UInt64) {
        guard generation == self.generation else { return }
        perform(machine.handle(.frame(frame), at: clock.now()))
    }

    private func ended(_ error: BellError, generation: UInt64) {
        guard generation == self.generation else { return }
        perform(machine.handle(.failed(error), at: clock.now()))
    }

    private func tick(generation: UInt64) {
        guard generation == self.generation else { return }
        perform(machine.handle(.tick, at: clock.now()))
    }

    private func reader(of transport: any Transport, generation: UInt64) -> Task<Void, Never> {
        Task { [weak self, name] in
            var failure = BellError(.transportClosed, "The board's side closed the connection.", at: name)
            do {
                for try await frame in transport.incoming {
                    guard let self else { return }
                    await self.receive(frame, generation: generation)
                }
            } catch let error as BellError {
                failure = error
            } catch {
                failure.cause = String(describing: error)
            }
            await self?.ended(failure, generation: generation)
        }
    }

    private func ticker(generation: UInt64) -> Task<Void, Never> {
        Task { [weak self, clock, resolution] in
            while !Task.isCancelled {
                do { try await clock.sleep(resolution) } catch { return }
                guard let self else { return }
                await self.tick(generation: generation)
            }
        }
    }
}
