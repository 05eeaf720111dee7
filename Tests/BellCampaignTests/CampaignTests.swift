import BellJournal
import BellModel
import Board
import DriverKit
import MockLab
import Synchronization
import Testing
import TestSupport

@testable import BellCampaign

@Suite struct CampaignTests {
    @Test("a whole campaign accounts for every index, and both spools are empty at its end")
    func whole() async throws {
        let bench = try Bench(trials: 20_000, perArm: 1024, perBlock: 8192)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.nextIndex == 20_000)
        #expect(account.tally.trials == 20_000)
        #expect(account.losses == [:])
        #expect(account.blocks.map(\.header.firstIndex) == [0, 8192, 16_384])
        #expect(account.state == "completed")
        #expect(!host.reports.states.contains(.suspended))
        let snapshot = try #require(host.reports.last)
        #expect(snapshot.tally == account.tally)
        #expect(snapshot.simulated)
        #expect(try await host.spooled() == PerNode(alice: 0, bob: 0))
    }

    @Test("an arm is on disk before START is sent")
    func commitBeforeStart() async throws {
        let bench = try Bench(trials: 2000)
        let path = bench.journal
        let seen = Mutex<[UInt64: Bool]>([:])
        let host = try await Host(
            bench, keeper: try bench.createKeeper(),
            onSend: { _, frame in
                guard let frame = try? Frame.decode(frame), case .start(let name)? = try? BoardMessage(frame) else {
                    return
                }
                let header = try? Journal.openReadOnly(at: path).header(of: name.arm)
                seen.withLock { $0[name.arm] = header != nil }
            })
        #expect(await host.run() == .completed)
        #expect(seen.withLock { $0.count } == 8)
        #expect(seen.withLock { $0.values.allSatisfy { $0 } })
    }

    @Test("a half that never leaves its board is lost by its cause, and nothing else is", arguments: Node.allCases)
    func droppedHalf(node: Node) async throws {
        let bench = try Bench(trials: 2048, faults: ["drop:\(node.name)@700"])
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.losses == [node == .alice ? .aliceMissing : .bobMissing: 256])
        #expect(account.tally.trials == 2048)
        // Nothing was wrong with the board: the campaign did not even stop.
        #expect(!host.reports.states.contains(.suspended))
    }

    @Test(
        "frames that are damaged, repeated or no frames cost nothing",
        arguments: ["corrupt:bob@300", "truncate:alice@300", "repeat:bob@300", "garbage:alice@300"])
    func badFrames(fault: String) async throws {
        let bench = try Bench(trials: 1024, faults: [fault])
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.losses == [:])
        #expect(account.tally.valid == 1024)
    }

    @Test("a board that reboots costs the rest of its arm, and a new block begins", arguments: Node.allCases)
    func reboot(node: Node) async throws {
        let bench = try Bench(trials: 3000, faults: ["reboot:\(node.name)@1100"])
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.nextIndex == 3000)
        // Arm 4 has the trials 1024..<1280.
        let lost = account.statuses.indices.filter { account.statuses[$0] >= 16 }
        #expect(lost.allSatisfy { (1024..<1280).contains($0) })
        #expect(!lost.isEmpty)
        #expect(account.blocks.count == 2)
        #expect(account.blocks[0].header.bootIDs[node] != account.blocks[1].header.bootIDs[node])
        #expect(account.blocks[0].header.bootIDs[node.other] == account.blocks[1].header.bootIDs[node.other])
        #expect(host.reports.states.contains(.suspended))
    }

    @Test("a board that goes silent suspends the campaign with a reason, and it goes on by itself without a loss")
    func mute() async throws {
        let bench = try Bench(trials: 3000, faults: ["mute:bob:2@1100"])
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.losses == [:])
        #expect(account.tally.valid == 3000)
        #expect(account.blocks.count == 1)
        let reason = try #require(host.reports.reasons.first)
        #expect([BellError.Code.boardSilent, .boardTimeout].contains(reason.code))
        #expect(reason.place == "bob")
        #expect(host.reports.states.contains(.suspended))
    }

    @Test("a board that is not there suspends the campaign; stop then ends it with the rest as losses")
    func stopWithoutBoard() async throws {
        var bench = try Bench(trials: 3000)
        bench.lab.stop()
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("suspended") { $0.state == .suspended && $0.reason?.code == .mockStopped }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        let account = try bench.account()
        #expect(account.nextIndex == 0)
        #expect(account.state == "stopped")
        bench.lab = try Bench.laboratory()
    }

    @Test("pause parks between blocks, resume goes on where it was")
    func pause() async throws {
        // Slow enough that the campaign is not over before it is asked to pause.
        let bench = try Bench(trials: 4000, pace: .trialsPerSecond(5000))
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        await host.campaign.request { $0.pause = true }
        try await host.until("paused") { $0.state == .paused }
        let parked = try bench.account()
        #expect(parked.state == "paused")
        #expect(parked.nextIndex < 4000)
        await host.campaign.request { $0.pause = false }
        #expect(await end == .completed)
        #expect(try bench.account().tally.valid == 4000)
        #expect(try bench.account().blocks.count == 2)
    }

    @Test("stop ends at the arm; what was not run is told apart from what was started")
    func stop() async throws {
        let bench = try Bench(trials: 1_000_000)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        let account = try bench.account()
        #expect(account.tally.trials == account.nextIndex)
        #expect(account.tally.losses == 0)
        #expect(account.nextIndex < 1_000_000)
        #expect(account.state == "stopped")
    }

    @Test("one signal finishes the block, two the arm; both leave the campaign interrupted", arguments: [1, 2])
    func interrupts(times: Int) async throws {
        let bench = try Bench(trials: 100_000, perArm: 64, perBlock: 2048)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("running") { $0.started > 100 }
        await host.campaign.request { $0.interrupts = times }
        #expect(await end == .interrupted)
        let account = try bench.account()
        #expect(account.state == "interrupted")
        #expect(account.tally.valid == account.nextIndex)
        if times == 1 { #expect(account.nextIndex % 2048 == 0) }
        let again = try await Host(bench, keeper: try bench.openKeeper())
        async let second = again.run()
        try await again.until("it goes on") { $0.started > account.nextIndex + 100 }
        await again.campaign.request { $0.interrupts = 2 }
        #expect(await second == .interrupted)
        let later = try bench.account()
        #expect(later.tally.valid == later.nextIndex)
    }

    @Test("a full disk suspends the campaign, acknowledges nothing, and costs nothing")
    func fullDisk() async throws {
        let bench = try Bench(trials: 20_000, perArm: 512)
        let keeper = try bench.createKeeper()
        let host = try await Host(bench, keeper: keeper)
        try await keeper.limitJournal(toPages: try await keeper.journalPages() + 20)
        async let end = host.run()
        try await host.until("full") { $0.state == .suspended && $0.reason?.code.name == "sqlite.full" }
        let kept = try Journal.openReadOnly(at: bench.journal)
        // Every started trial that is not on disk is still with both boards.
        let spooled = try await host.spooled()
        #expect(UInt64(spooled.alice) == kept.nextIndex - kept.recordedIndex)
        #expect(UInt64(spooled.bob) == kept.nextIndex - kept.recordedIndex)
        #expect(kept.nextIndex < 20_000)
        try await keeper.limitJournal(toPages: 1 << 30)
        #expect(await end == .completed)
        let account = try bench.account()
        #expect(account.losses == [:])
        #expect(account.tally.valid == 20_000)
        #expect(try await host.spooled() == PerNode(alice: 0, bob: 0))
    }

    @Test("an arm never asks for more than the smaller spool holds")
    func spool() async throws {
        let bench = try Bench(trials: 1000, perArm: 1024, spool: 300)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.arms.map(\.count) == [300, 300, 300, 100])
        #expect(account.tally.valid == 1000)
    }

    @Test("a board that keeps refusing arms does not use up the campaign")
    func refusals() async throws {
        // One block only: a new one would load the program anew before an arm is refused.
        let bench = try Bench(trials: 2_000_000, perBlock: 1_000_000, pace: .trialsPerSecond(20_000))
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        // Another host's SAFE drops bob's program: every arm is refused until it is loaded anew.
        try await host.drivers.bob.safe()
        try await host.until("it lost an arm") { $0.state == .suspended }
        let before = try #require(host.reports.last).started
        try await host.until("it goes on") { $0.state == .running && $0.started > before + 2000 }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        let account = try bench.account()
        #expect(account.tally.losses <= 3 * 256)
        #expect(account.blocks.count >= 2)
    }

    @Test("instruments that may have left a block's settings end the block, not the trials")
    func unsettled() async throws {
        let bench = try Bench(trials: 1_000_000, perBlock: 1_000_000)
        let instruments = Host.Instruments()
        let host = try await Host(bench, keeper: try bench.createKeeper(), instruments: instruments)
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        instruments.problem = BellError(.campaignBoardSilent, "lo was switched off and on.")
        try await eventually("it is suspended for that") {
            host.reports.reasons.contains { $0.what == "lo was switched off and on." }
        }
        let before = try #require(host.reports.last).started
        try await host.until("it goes on") { $0.state == .running && $0.started > before + 2000 }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        #expect(host.reports.states.prefix(3) == [.preparing, .running, .suspended])
        let account = try bench.account()
        #expect(account.tally.losses == 0)
        // The new block records what the instruments were set to anew.
        #expect(account.blocks.count == 2)
        let events = try Journal.openReadOnly(at: bench.journal).events()
        let told = events.filter { $0.detail["message"] == "lo was switched off and on." }
        #expect(told.count == 1)
        #expect(told.first?.kind == "warning")
        #expect(told.first?.detail["block"] == 0)
        #expect(told.first?.detail["last_arm"]?.countValue == account.arms.last { $0.block == 0 }?.arm)
    }

    @Test("a campaign that was begun on real boards takes no simulated ones")
    func simulatedStaysSimulated() async throws {
        let bench = try Bench(trials: 1000)
        let keeper = try JournalKeeper.create(
            at: bench.journal, campaign: bench.campaign, sealed: bench.sealed, devices: [:], simulated: false)
        let host = try await Host(bench, keeper: keeper)
        async let end = host.run()
        try await host.until("refused") { $0.state == .suspended && $0.reason?.code == .campaignBoards }
        #expect(host.reports.last?.reason?.what.contains("begun on real boards") == true)
        await host.campaign.request { $0.interrupts = 1 }
        #expect(await end == .interrupted)
        #expect(try bench.account().nextIndex == 0)
    }

    @Test("the journal is its owner's only")
    func privateFiles() async throws {
        let bench = try Bench(trials: 100_000)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
            #expect(mode(of: bench.folder.file(name)) == 0o600, "\(name)")
        }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
    }
}
