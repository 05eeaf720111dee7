import BellModel
import Board
import DriverKit
import MockLab
import Testing

@testable import Recording

@Suite("Record a board, serve it again")
struct BoardReplayTests {
    /// Records alice's board of a virtual laboratory while a driver runs arms on it.
    private func record(
        arms: Int = 2, count: UInt32 = 300, faults: [MockFault] = [], acknowledges: Bool = true
    ) async throws -> (Trace, Conversation) {
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4, faults: faults)
        let tap = RecorderTap(device: "alice/board", address: "mock://mocklab/alice", kind: .board)
        let sink = MemorySink()
        try tap.start(to: sink, simulated: true)
        var conversation = Conversation(
            .alice, open: tap.recording { () async throws(BellError) in try lab.transport(to: .alice) })
        try await conversation.run(
            arms: arms, count: count, campaign: Scene.campaign, acknowledges: acknowledges)
        await conversation.driver.close()
        let end = try #require(await tap.stop())
        #expect(end.reason == .requested)
        #expect(end.bytes <= UInt64(sink.bytes.count))
        lab.stop()
        return (try Trace(parsing: sink.bytes), conversation)
    }

    @Test(
        "A driver sees the same events, at once and in the recorded time, with its own campaign's id",
        arguments: [ReplayOptions.Speed.max, .factor(4)], [true, false])
    func sameEvents(speed: ReplayOptions.Speed, isSameCampaign: Bool) async throws {
        let (trace, recorded) = try await record()
        #expect(trace.tail == .stopped(.requested))
        #expect(trace.header.simulated == true)
        let replay = try BoardReplay(trace, options: ReplayOptions(speed: speed))
        var again = Conversation(.alice, open: replay.opener)
        try await again.run(
            arms: 2, count: 300, campaign: isSameCampaign ? Scene.campaign : Scene.otherCampaign)
        #expect(replay.divergence == nil)
        #expect(replay.unsentRequests == 0)
        let events = try again.data(as: Scene.campaign)
        #expect(events == (try recorded.data(as: Scene.campaign)))
        #expect(events.contains { if case .armEnd(_, 1, 300, 300, 300, .completed) = $0 { true } else { false } })
        #expect(again.events.contains { if case .fault = $0 { true } else { false } } == false)
        if !isSameCampaign {
            let own = try #require(Scene.otherCampaign)
            for case .trials(let campaign, _, _) in again.events { #expect(campaign == own) }
        }
    }

    @Test("Exact matching takes no other campaign for the recorded one")
    func exact() async throws {
        let (trace, _) = try await record(arms: 1)
        let replay = try BoardReplay(trace, options: ReplayOptions(matching: .exact))
        var again = Conversation(.alice, open: replay.opener)
        let error = await #expect(throws: BellError.self) {
            try await again.run(arms: 1, count: 300, campaign: Scene.otherCampaign)
        }
        #expect(error?.code == .replayDivergence)
    }

    @Test("A driver that does something else is told what, where, and what was recorded")
    func divergence() async throws {
        let (trace, _) = try await record(arms: 1)
        let replay = try BoardReplay(trace, path: "bug.belltrace")
        var again = Conversation(.alice, open: replay.opener)
        let error = await #expect(throws: BellError.self) {
            try await again.run(arms: 1, count: 301, campaign: Scene.campaign)
        }
        #expect(error?.code == .replayDivergence)
        #expect(error == replay.divergence)
        let arm = try #require(
            trace.entries.first { entry in
                if case .hostFrame(let bytes) = entry.record.event { bytes[6] == 4 } else { false }
            })
        #expect(error?.place == "bug.belltrace, byte \(arm.offset), connection 1")
        #expect(error?.cause?.contains("sent: ARM 0707") == true)
        #expect(error?.cause?.contains("expected next: ARM 0707") == true)
        #expect(error?.what == "The driver sent ARM, which is not in the rest of the recorded connection.")
        // It stays that way: nobody takes a replay that has diverged for one that works.
        let after = #expect(throws: BellError.self) { _ = try replay.open() }
        #expect(after?.code == .replayDivergence)
    }

    @Test(
        "What was wrong with a frame is wrong again",
        arguments: [MockFault.Kind.corrupt, .truncate, .garbage, .repeat, .drop])
    func faults(kind: MockFault.Kind) async throws {
        let fault = MockFault(kind, node: .alice, trial: 150)
        let (trace, recorded) = try await record(arms: 1, faults: [fault], acknowledges: false)
        let replay = try BoardReplay(trace)
        var again = Conversation(.alice, open: replay.opener)
        try await again.run(arms: 1, count: 300, campaign: Scene.campaign, acknowledges: false)
        #expect(replay.divergence == nil)
        let faults = recorded.events.filter { if case .fault = $0 { true } else { false } }
        #expect(again.events.filter { if case .fault = $0 { true } else { false } } == faults)
        if [.corrupt, .truncate, .garbage].contains(kind) { #expect(faults.isEmpty == false) }
        #expect(try again.data(as: Scene.campaign) == (try recorded.data(as: Scene.campaign)))
    }

    @Test("Two connections are served in their order, and there is no third")
    func reconnect() async throws {
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4)
        let tap = RecorderTap(device: "alice/board", address: "mock://mocklab/alice", kind: .board)
        let sink = MemorySink()
        try tap.start(to: sink)
        let open = tap.recording { () async throws(BellError) in try lab.transport(to: .alice) }
        func twice(_ open: @escaping TransportOpener) async throws -> [BoardEvent] {
            var conversation = Conversation(.alice, open: open)
            try await conversation.run(arms: 1, count: 200, campaign: Scene.campaign, acknowledges: false)
            var second = Conversation(.alice, open: open)
            _ = try await second.driver.connect()
            try await second.collect(until: 0)
            return try conversation.data(as: Scene.campaign) + second.data(as: Scene.campaign)
        }
        let first = try await twice(open)
        lab.stop()
        let failed = await #expect(throws: BellError.self) { _ = try await open() }
        await tap.stop()
        let replay = try BoardReplay(try Trace(parsing: sink.bytes))
        #expect(try await twice(replay.opener) == first)
        let again = #expect(throws: BellError.self) { _ = try replay.open() }
        #expect(again == failed)
        let exhausted = #expect(throws: BellError.self) { _ = try replay.open() }
        #expect(exhausted?.code == .replayExhausted)
    }

    @Test(
        "Both boards of one session are served again to another campaign, at once and in the recorded time",
        arguments: [ReplayOptions.Speed.max, .factor(1)])
    func bothBoards(speed: ReplayOptions.Speed) async throws {
        /// Runs two arms on both boards; returns each driver's data.
        func run(_ open: PerNode<TransportOpener>, _ campaign: CampaignID?) async throws -> PerNode<[BoardEvent]> {
            var alice = Conversation(.alice, open: open.alice)
            var bob = Conversation(.bob, open: open.bob)
            for driver in [alice.driver, bob.driver] {
                _ = try await driver.connect()
                try await driver.load(try Scene.program(driver.node))
            }
            let campaign = try #require(campaign)
            for arm in 0..<2 as Range<UInt64> {
                let order = ArmOrder(campaign: campaign, arm: arm, firstIndex: 400 * arm, count: 400)
                try await alice.driver.arm(order)
                try await bob.driver.arm(order)
                try await alice.driver.start()
                try await alice.collect(until: arm)
                try await bob.collect(until: arm)
                for driver in [alice.driver, bob.driver] {
                    await driver.acknowledge(campaign: campaign, arm: arm, nextIndex: 400 * arm + 400)
                    _ = try await driver.status()
                }
            }
            await alice.driver.close()
            await bob.driver.close()
            return PerNode(alice: try alice.data(as: Scene.campaign), bob: try bob.data(as: Scene.campaign))
        }
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4)
        let taps = PerNode { RecorderTap(device: $0.name, address: "mock://mocklab/\($0.name)", kind: .board) }
        let sinks = PerNode { _ in MemorySink() }
        for node in Node.allCases { try taps[node].start(to: sinks[node]) }
        let open = PerNode<TransportOpener> { node in
            taps[node].recording { () async throws(BellError) in try lab.transport(to: node) }
        }
        let recorded = try await run(open, Scene.campaign)
        for node in Node.allCases { await taps[node].stop() }
        lab.stop()
        let replays = try PerNode { node in
            try BoardReplay(try Trace(parsing: sinks[node].bytes), options: ReplayOptions(speed: speed))
        }
        let again = try await run(replays.map { $0.opener }, Scene.otherCampaign)
        for node in Node.allCases {
            #expect(replays[node].divergence == nil)
            #expect(replays[node].unsentRequests == 0)
            #expect(again[node] == recorded[node])
            #expect(again[node].contains { if case .armEnd(_, 1, _, _, 400, _) = $0 { true } else { false } })
        }
    }

    @Test("A recording that begins in the middle of a connection carries the greeting and the program")
    func middle() async throws {
        let lab = VirtualLab(profile: try Scene.profile(), seed: 4)
        let tap = RecorderTap(device: "alice/board", address: "mock://mocklab/alice", kind: .board)
        var conversation = Conversation(
            .alice, open: tap.recording { () async throws(BellError) in try lab.transport(to: .alice) })
        _ = try await conversation.driver.connect()
        try await conversation.driver.load(try Scene.program(.alice))
        let sink = MemorySink()
        try tap.start(to: sink)
        let order = ArmOrder(
            campaign: try #require(Scene.campaign), arm: 3, firstIndex: 900, count: 100)
        func run(_ conversation: inout Conversation) async throws {
            try await conversation.driver.arm(order)
            try await conversation.driver.start()
            try await conversation.collect(until: 3)
        }
        try await run(&conversation)
        await tap.stop()
        let trace = try Trace(parsing: sink.bytes)
        #expect(trace.entries.prefix { $0.record.isContext }.count == 6)
        let replay = try BoardReplay(trace)
        var again = Conversation(.alice, open: replay.opener)
        _ = try await again.driver.connect()
        try await again.driver.load(try Scene.program(.alice))
        try await run(&again)
        let data = try again.data(as: Scene.campaign)
        #expect(data.contains { if case .fault = $0 { true } else { false } } == false)
        #expect(data == (try conversation.data(as: Scene.campaign)))
    }

    @Test("A USB recording is no board")
    func wrongKind() throws {
        let header = TraceHeader(
            kind: .usb, device: "a", address: "b", software: "c", started: "2026-11-21T00:00:00.000Z")
        let trace = Trace(header: header, entries: [], tail: .open)
        let error = #expect(throws: BellError.self) { _ = try BoardReplay(trace) }
        #expect(error?.code == .replayKind)
    }
}
