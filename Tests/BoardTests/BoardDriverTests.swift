import BellModel
import Board
import DriverKit
import Synchronization
import Testing

/// A clock that a test moves by hand; sleepers wake when the time has come.
final class ManualClock: Sendable {
    private struct State {
        var now = Duration.zero
        var sleepers: [(deadline: Duration, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    var link: LinkClock {
        LinkClock(
            now: { self.state.withLock { $0.now } },
            sleep: { span in
                try Task.checkCancellation()
                await withCheckedContinuation { continuation in
                    self.state.withLock { $0.sleepers.append(($0.now + span, continuation)) }
                }
            })
    }

    var sleeping: Int { state.withLock { $0.sleepers.count } }

    func advance(by span: Duration) {
        let due = state.withLock { state in
            state.now += span
            let due = state.sleepers.filter { $0.deadline <= state.now }
            state.sleepers.removeAll { $0.deadline <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}

@Suite("The board driver")
struct BoardDriverTests {
    /// Answers everything as a healthy board does, and runs an arm at START.
    @Sendable static func healthy(_ message: BoardMessage) -> [BoardMessage] {
        do {
            switch message {
            case .hello: return [.capabilities(try BoardSide.capabilities())]
            case .program(let program): return [.programLoaded(ProgramLoaded(program: program))]
            case .arm(let order): return [.armed(order)]
            case .start(let name):
                return [
                    .ok, try BoardSide.trials(arm: name.arm, count: 8), try BoardSide.clock(arm: name.arm),
                    try BoardSide.end(arm: name.arm),
                ]
            case .ping(let token): return [.pong(token: token)]
            case .statusRequest: return [.status(BoardSide.status())]
            case .rawRandomRequest(let request):
                return [.rawRandom(RawRandom(bits: PackedBits(count: request.count, bytes: [0xa5])))]
            case .nodeKeyRequest: return [.nodeKey(NodeKey(publicKey: Array(0..<32)))]
            case .shotsRequest(let request): return [.shots(Shots(count: request.count, points: .mean(i: 1, q: 2)))]
            case .hostBits, .stop, .safe: return [.ok]
            default: return []
            }
        } catch { return [] }
    }

    private func driver(
        clock: LinkClock = .system, _ transport: ScriptedTransport = ScriptedTransport(respond: healthy)
    ) -> BoardDriver {
        BoardDriver(name: "alice/board", node: .alice, clock: clock) { transport }
    }

    private func program() throws -> NodeProgram {
        NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 4, inputBits: .board, waveforms: [],
            events: [ProgramEvent(kind: .inputBit, tick: 1, duration: 0)],
            discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }

    @Test("a whole arm: connect, load, arm, start, events, acknowledge")
    func wholeArm() async throws {
        let transport = ScriptedTransport(respond: BoardDriverTests.healthy)
        let driver = driver(transport)
        #expect(try await driver.connect() == (try BoardSide.capabilities()))
        try await driver.load(program())
        try await driver.sendHostBits(
            campaign: try #require(BoardSide.campaign), arm: 1, bits: PackedBits(bits: [1, 0]))
        try await driver.arm(BoardSide.order())
        try await driver.start()
        var events = driver.events.makeAsyncIterator()
        if case .connected(_, isReboot: false)? = await events.next() {} else { Issue.record("not connected") }
        guard case .trials(let campaign, 1, let chunk)? = await events.next() else {
            Issue.record("no trials")
            return
        }
        #expect(chunk.range == 0..<8)
        if case .clock? = await events.next() {} else { Issue.record("no clock") }
        guard case .armEnd(campaign, 1, first: 0, count: 8, made: 8, reason: .completed)? = await events.next() else {
            Issue.record("no end")
            return
        }
        await driver.acknowledge(campaign: campaign, arm: 1, nextIndex: 8)
        #expect(
            transport.sentMessages.last
                == .acknowledge(Acknowledgement(campaign: campaign, arm: 1, nextIndex: 8)))
        #expect(transport.sentMessages.map(\.type) == [.hello, .program, .hostBits, .arm, .start, .acknowledge])
    }

    @Test("questions get their answers")
    func questions() async throws {
        let driver = driver()
        _ = try await driver.connect()
        #expect(try await driver.status() == BoardSide.status())
        #expect(try await driver.ping() >= .zero)
        #expect(try await driver.rawRandomBits(4).bytes == [0xa0])
        #expect(try await driver.nodeKey().count == 32)
        #expect(try await driver.shots(10, averaged: true) == Shots(count: 10, points: .mean(i: 1, q: 2)))
        try await driver.stop()
        try await driver.safe()
        #expect(await driver.isConnected)
        #expect(await driver.capabilities == (try BoardSide.capabilities()))
    }

    @Test("a program over the board's limits is not sent")
    func badProgram() async throws {
        let transport = ScriptedTransport(respond: BoardDriverTests.healthy)
        let driver = driver(transport)
        _ = try await driver.connect()
        var program = try program()
        program.node = .bob
        let error = await #expect(throws: BellError.self) { try await driver.load(program) }
        #expect(error?.code == .boardProgram)
        #expect(error?.what == "The program cannot be loaded: it is for bob, the board is alice's.")
        #expect(transport.sentMessages.map(\.type) == [.hello])
    }

    @Test("START without an armed arm is not sent")
    func startUnarmed() async throws {
        let transport = ScriptedTransport(respond: BoardDriverTests.healthy)
        let driver = driver(transport)
        _ = try await driver.connect()
        let error = await #expect(throws: BellError.self) { try await driver.start() }
        #expect(error?.code == .boardState)
        #expect(transport.sentMessages.map(\.type) == [.hello])
    }

    @Test("a thousand arms pass while nobody consumes the events, and all are there afterwards")
    func unconsumed() async throws {
        let driver = driver()
        _ = try await driver.connect()
        let campaign = try #require(BoardSide.campaign)
        for arm in 1...1000 as ClosedRange<UInt64> {
            try await driver.arm(BoardSide.order(arm: arm))
            try await driver.start()
        }
        // The answer comes after everything that the board sent before it.
        _ = try await driver.status()
        await driver.acknowledge(campaign: campaign, arm: 1000, nextIndex: 8)
        await driver.close()
        var ends = 0
        var chunks = 0
        for await event in driver.events {
            if case .armEnd = event { ends += 1 }
            if case .trials = event { chunks += 1 }
            if case .disconnected = event { break }
        }
        #expect(ends == 1000)
        #expect(chunks == 1000)
    }

    @Test("a pulled plug fails what waits and is an event; connect makes a new link")
    func pulled() async throws {
        let transports = Mutex<[ScriptedTransport]>([])
        let driver = BoardDriver(name: "alice/board", node: .alice) {
            let transport = ScriptedTransport { message in
                if case .statusRequest = message { [] } else { BoardDriverTests.healthy(message) }
            }
            transports.withLock { $0.append(transport) }
            return transport
        }
        _ = try await driver.connect()
        let first = try #require(transports.withLock { $0.first })
        async let waiting: Result<BoardStatus, any Error> = Result { try await driver.status() }
        while first.sentMessages.last?.type != .statusRequest { await Task.yield() }
        let cause = BellError(.transportClosed, "USB device gone")
        first.fail(cause)
        let result = await waiting
        #expect(throws: cause) { try result.get() }
        var events = driver.events.makeAsyncIterator()
        if case .connected? = await events.next() {} else { Issue.record("not connected") }
        #expect(await events.next() == .disconnected(cause))
        #expect(await driver.isConnected == false)
        let error = await #expect(throws: BellError.self) { try await driver.stop() }
        #expect(error?.code == .boardNotConnected)
        _ = try await driver.connect()
        #expect(transports.withLock { $0.count } == 2)
        if case .connected(_, isReboot: false)? = await events.next() {} else { Issue.record("not connected again") }
    }

    @Test("connecting anew tells of the new link only, or of the failure to make one")
    func anew() async throws {
        let attempts = Mutex(0)
        let cause = BellError(.transportClosed, "USB device gone")
        let driver = BoardDriver(name: "alice/board", node: .alice) { () async throws(BellError) in
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            if attempt == 3 { throw cause }
            return ScriptedTransport(respond: BoardDriverTests.healthy)
        }
        _ = try await driver.connect()
        _ = try await driver.connect()
        await #expect(throws: cause) { _ = try await driver.connect() }
        var told: [String] = []
        for await event in driver.events {
            if case .connected = event { told.append("connected") }
            if case .disconnected(let error) = event {
                told.append(error.what)
                break
            }
        }
        #expect(told == ["connected", "connected", cause.what])
        #expect(await driver.isConnected == false)
    }

    @Test("a board that goes silent is noticed by the injected clock")
    func silent() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport { message in
            if case .ping = message { [] } else { BoardDriverTests.healthy(message) }
        }
        let driver = driver(clock: clock.link, transport)
        _ = try await driver.connect()
        for _ in 0..<31 {
            while clock.sleeping == 0, await driver.isConnected { await Task.yield() }
            clock.advance(by: .milliseconds(100))
        }
        var events = driver.events.makeAsyncIterator()
        if case .connected? = await events.next() {} else { Issue.record("not connected") }
        guard case .disconnected(let error)? = await events.next() else {
            Issue.record("not disconnected")
            return
        }
        #expect(error.code == .boardSilent)
        #expect(error.place == "alice/board")
        #expect(transport.sentMessages.contains(.ping(token: 0)))
        clock.advance(by: .seconds(1))
    }

    @Test("an opener that fails makes connect fail with its error; the next call works")
    func opener() async throws {
        let attempts = Mutex(0)
        let cause = BellError(.transportClosed, "no such socket")
        let driver = BoardDriver(name: "alice/board", node: .alice) { () throws(BellError) in
            if attempts.withLock({
                $0 += 1; return $0
            }) == 1 {
                throw cause
            }
            return ScriptedTransport(respond: BoardDriverTests.healthy)
        }
        await #expect(throws: cause) { try await driver.connect() }
        _ = try await driver.connect()
        #expect(await driver.isConnected)
    }

    @Test("a driver that is let go closes its transport")
    func released() async throws {
        let transport = ScriptedTransport(respond: BoardDriverTests.healthy)
        var driver: BoardDriver? = driver(transport)
        _ = try await driver?.connect()
        driver = nil
        // The queue has ended, so that an answer can no longer be delivered.
        var failed = false
        for _ in 0..<10_000 where !failed {
            await Task.yield()
            do { try transport.send(BoardMessage.ping(token: 1).encoded(sequence: 99)) } catch { failed = true }
        }
        #expect(failed)
    }
}

extension Result where Failure == any Error {
    /// Runs an asynchronous body and keeps how it ended.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
