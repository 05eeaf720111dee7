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
            try transport.send(BoardMessage.stop.encoded(sequence: 1))
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
