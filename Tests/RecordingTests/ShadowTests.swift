import BellModel
import Board
import DriverKit
import MockLab
import Synchronization
import Testing

@testable import Recording

@Suite("A simulated board in the shadow of another one")
struct ShadowTests {
    /// Runs a conversation with a shadow beside it; returns what it told and the primary's events.
    private func run(
        node: Node = .alice, arms: Int = 3, watch: ShadowWatch = ShadowWatch(), faults: [MockFault] = [],
        shadow change: @escaping (inout MockProfile) -> Void = { _ in }
    ) async throws -> ([ShadowNotice], ShadowSummary, Conversation) {
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4)
        let other = VirtualLab(profile: try Scene.profile(change), seed: 99, faults: faults)
        var conversation = Conversation(
            node,
            open: watch.opener(
                primary: { () async throws(BellError) in try lab.transport(to: node) },
                shadow: { () async throws(BellError) in try other.transport(to: node) }))
        try await conversation.run(arms: arms, count: 200, campaign: Scene.campaign)
        // The shadow answers in its own time.
        let deadline = ContinuousClock.now + .seconds(20)
        while watch.summary.arms + watch.summary.incomparableArms < UInt64(arms), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        await conversation.driver.close()
        lab.stop()
        other.stop()
        return (await told(watch), watch.summary, conversation)
    }

    /// What is waiting to be read.
    private func told(_ watch: ShadowWatch) async -> [ShadowNotice] {
        let reader = Task {
            var notices: [ShadowNotice] = []
            for await notice in watch.notices { notices.append(notice) }
            return notices
        }
        try? await Task.sleep(for: .milliseconds(50))
        reader.cancel()
        return await reader.value
    }

    @Test("Two equal boards with other random numbers do not differ, over whole arms")
    func same() async throws {
        let (notices, summary, conversation) = try await run()
        #expect(notices == [])
        #expect(summary.arms == 3)
        // HELLO, PROGRAM, NODE_KEY_REQUEST; ARM, STATUS_REQUEST and START three times; perhaps the last STATUS_REQUEST.
        #expect(summary.answers >= 12)
        #expect(summary.shadowLatency != nil)
        let data = try conversation.data(as: Scene.campaign)
        #expect(data.contains { if case .armEnd(_, 2, 400, 200, 200, .completed) = $0 { true } else { false } })
        #expect(data.contains { if case .fault = $0 { true } else { false } } == false)
    }

    @Test("Another spool is found, and the driver notices nothing of the shadow")
    func spool() async throws {
        let (notices, summary, conversation) = try await run(shadow: { $0.boards.alice.spoolTrials = 4_096 })
        #expect(
            notices == [
                .difference(
                    ShadowDifference(.capabilities, "HELLO: spool", primary: "65536", shadow: "4096"))
            ])
        #expect(summary.arms == 3)
        let (_, _, alone) = try await run()
        #expect(conversation.events.count == alone.events.count)
    }

    @Test("A chunk that the shadow loses is found")
    func lostChunk() async throws {
        let watch = ShadowWatch(options: ShadowOptions(patience: .seconds(2)))
        let fault = MockFault(.drop, node: .alice, trial: 250)
        let (notices, _, _) = try await run(watch: watch, faults: [fault])
        let differences = notices.compactMap { if case .difference(let found) = $0 { found } else { nil } }
        #expect(differences.contains { $0.what == .arm && $0.subject == "arm 1: records that came" })
        #expect(differences.filter { !$0.subject.hasPrefix("arm 1") } == [])
    }

    @Test("Bob's shadow, which nobody triggers, is stopped and goes on with the next arm")
    func noTrigger() async throws {
        let watch = ShadowWatch(options: ShadowOptions(grace: .milliseconds(30)))
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4)
        let other = VirtualLab(profile: try Scene.profile(), seed: 5)
        let campaign = try #require(Scene.campaign)
        let alice = BoardDriver(name: "alice", node: .alice) { () async throws(BellError) in
            try lab.transport(to: .alice)
        }
        var bob = Conversation(
            .bob,
            open: watch.opener(
                primary: { () async throws(BellError) in try lab.transport(to: .bob) },
                shadow: { () async throws(BellError) in try other.transport(to: .bob) }))
        for driver in [alice, bob.driver] {
            _ = try await driver.connect()
            try await driver.load(try Scene.program(driver.node))
        }
        for arm in 0..<4 as Range<UInt64> {
            let order = ArmOrder(campaign: campaign, arm: arm, firstIndex: 50 * arm, count: 50)
            try await alice.arm(order)
            try await bob.driver.arm(order)
            try await alice.start()
            try await bob.collect(until: arm)
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while watch.summary.incomparableArms < 3, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        await bob.driver.close()
        await alice.close()
        #expect(await told(watch) == [.notComparable(arm: 0)])
        #expect(watch.summary.incomparableArms == 3)
    }

    @Test("A shadow that cannot be opened, dies, floods or does not read is given up; the primary goes on")
    func givenUp() async throws {
        struct Case {
            var name: String
            var cause: String
            var shadow: TransportOpener
        }
        let dead = ScriptedTransport()
        dead.fail(BellError(.transportClosed, "The cable was pulled."))
        let flood = FloodingTransport()
        let cases = [
            Case(
                name: "opening", cause: "it could not be opened: no such board",
                shadow: { () async throws(BellError) in throw BellError(.transportClosed, "no such board") }),
            Case(name: "dead", cause: "The cable was pulled.", shadow: { () async throws(BellError) in dead }),
            Case(
                name: "flood", cause: "more than 100000 bytes waited for it",
                shadow: { () async throws(BellError) in flood }),
            Case(name: "full", cause: "It does not read.", shadow: { () async throws(BellError) in FullTransport() }),
        ]
        for test in cases {
            let watch = ShadowWatch(options: ShadowOptions(waiting: 100_000))
            let scripted = ScriptedTransport { _ in [BoardMessage.ok.encoded(sequence: 1, replyTo: 1)] }
            let open = watch.opener(
                primary: { () async throws(BellError) in scripted }, shadow: test.shadow)
            let transport = try await open()
            var incoming = transport.incoming.makeAsyncIterator()
            try transport.send(BoardMessage.hello(Hello(software: "test")).encoded(sequence: 1))
            #expect(try await incoming.next() != nil)
            var notices = watch.notices.makeAsyncIterator()
            guard case .dropped(let error)? = await notices.next() else {
                Issue.record("\(test.name): not given up")
                continue
            }
            #expect(error.cause == test.cause)
            for _ in 0..<1_000 {
                try transport.send([UInt8](repeating: 1, count: 1_000))
                #expect(try await incoming.next() != nil)
            }
            #expect(scripted.sent.count == 1_001)
            transport.close()
        }
    }
}

/// What a board that is simulated or not answers to HELLO with the number 1.
private func capabilities(simulated: Bool) throws -> [UInt8] {
    let rate = try #require(TickRate(numerator: 8_000_000_000, denominator: 1))
    let board = Capabilities(
        node: .alice, model: "AWG", serial: "R-7", firmware: "1", simulated: simulated, tickRate: rate,
        ticksPerSample: 4, channels: 4, waveformMemory: 65_536, maxEvents: 256, spoolTrials: 1_024, hasRNG: true,
        hasSigningKey: false, bootID: 9)
    return BoardMessage.capabilities(board).encoded(sequence: 1, replyTo: 1)
}

/// Answers HELLO and nothing else.
private func greeting(simulated: Bool) throws -> ScriptedTransport {
    let answer = try capabilities(simulated: simulated)
    return ScriptedTransport { (bytes: [UInt8]) -> [[UInt8]] in
        (try? Frame.decode(bytes))?.type == MessageType.hello.rawValue ? [answer] : []
    }
}

@Suite("What stands at a shadow's address")
struct ShadowGateTests {
    private func type(_ bytes: [UInt8]) throws -> UInt16 { try Frame.decode(bytes).type }

    @Test("A board that does not say that it is simulated gets a HELLO and nothing else, and is given up")
    func real() async throws {
        let (primary, shadow) = (try greeting(simulated: false), try greeting(simulated: false))
        let watch = ShadowWatch()
        let transport = try await watch.opener(
            primary: { () async throws(BellError) in primary }, shadow: { () async throws(BellError) in shadow })()
        var incoming = transport.incoming.makeAsyncIterator()
        try transport.send(BoardMessage.hello(Hello(software: "test")).encoded(sequence: 1))
        try transport.send(BoardMessage.safe.encoded(sequence: 2))
        // The board beside it, which is real, is heard as ever.
        #expect(try type(try #require(try await incoming.next())) == MessageType.capabilities.rawValue)
        try transport.send(BoardMessage.stop.encoded(sequence: 3))
        var notices = watch.notices.makeAsyncIterator()
        guard case .dropped(let error)? = await notices.next() else {
            Issue.record("it is not given up")
            return
        }
        #expect(error.cause?.contains("AWG, serial R-7, does not say that it is simulated") == true)
        #expect(error.fix?.contains("must be a simulated board") == true)
        #expect(try shadow.sent.map(type) == [MessageType.hello.rawValue])
        #expect(primary.sent.count == 3)
        transport.close()
    }

    @Test("What waits for a simulated shadow's CAPABILITIES goes out in its order, within a bound")
    func order() throws {
        let hello = BoardMessage.hello(Hello(software: "test")).encoded(sequence: 1)
        let others = [BoardMessage.safe.encoded(sequence: 2), BoardMessage.stop.encoded(sequence: 3), [1, 2, 3]]
        var gate = ShadowGate(limit: 1_000)
        #expect(gate.pass([hello] + others) == [hello])
        #expect(gate.heard([9, 9]) == [])
        #expect(gate.heard(BoardMessage.ok.encoded(sequence: 1, replyTo: 1)) == [])
        let answer = try capabilities(simulated: true)
        #expect(gate.heard(answer) == others)
        #expect(gate.heard(answer) == [])
        #expect(gate.pass(others) == others)
        #expect(gate.refusal == nil)

        var narrow = ShadowGate(limit: 100)
        #expect(narrow.pass([[UInt8](repeating: 1, count: 101)]) == [])
        #expect(narrow.refusal == "more than 100 bytes waited for its CAPABILITIES")
        #expect(narrow.heard(answer) == [])
    }
}

/// Gives frames without an end, faster than anybody compares them.
private final class FloodingTransport: Transport {
    let incoming = AsyncThrowingStream<[UInt8], any Error> { () async throws -> [UInt8]? in
        Task.isCancelled ? nil : [UInt8](repeating: 0, count: 90_000)
    }
    func send(_ frame: [UInt8]) {}
    func close() {}
}

/// Takes nothing.
private final class FullTransport: Transport {
    let incoming = FrameQueue().stream
    func send(_ frame: [UInt8]) throws(BellError) { throw BellError(.transportFull, "It does not read.") }
    func close() {}
}
