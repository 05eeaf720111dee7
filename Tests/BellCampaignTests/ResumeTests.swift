import BellJournal
import BellModel
import Board
import DriverKit
import MockLab
import Testing
import TestSupport

@testable import BellCampaign

/// How far a daemon came before it was killed.
enum Step: String, CaseIterable, Sendable {
    /// The block is open, no arm is committed.
    case opened
    /// Arm 0 is on disk; the boards know nothing of it.
    case committed
    /// Both boards are armed.
    case armed
    /// START was answered.
    case started
    /// Both halves were received.
    case collected
    /// Arm 0 is recorded; no board has heard of it.
    case recorded
    /// The same, with arm 1 committed in the same transaction.
    case recordedWithNext
    /// Boards were told, and the block was closed.
    case closed
}

@Suite struct ResumeTests {
    private static let armSize: UInt32 = 256

    private func arm(_ number: UInt64) -> Arm {
        Arm(number: number, block: 0, firstIndex: number * UInt64(Self.armSize), count: Self.armSize)
    }

    /// Does by hand what a daemon does, up to a step, and then lets everything go.
    private func live(until last: Step, on bench: Bench) async throws {
        let keeper = try bench.createKeeper()
        _ = try await keeper.resumePoint()
        let drivers = Host.drivers(of: bench.lab)
        let boards = PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
        let block = try Bench.compile(bench.sealed, boards)
        for node in Node.allCases { try await drivers[node].load(block.programs[node]) }
        try await keeper.beginBlock(number: 0, firstIndex: 0, block: block, boots: boards.map(\.bootID))
        if last == .opened { return }
        _ = try await keeper.commit(arm(0), bits: nil)
        if last == .committed { return }
        let order = ArmOrder(campaign: bench.campaign, arm: 0, firstIndex: 0, count: Self.armSize)
        for node in Node.allCases { try await drivers[node].arm(order) }
        if last == .armed { return }
        try await drivers.alice.start()
        if last == .started { return }
        var collector = ArmCollector(arm: arm(0))
        for node in Node.allCases {
            for await event in drivers[node].events {
                switch event {
                case .trials(_, _, let chunk): _ = collector.add(chunk)
                case .clock(_, _, _, let records): collector.add(records, of: node)
                case .signature(let signature): collector.add(signature, of: node)
                case .armEnd(_, _, _, _, let made, _): collector.end(node, made: made)
                default: break
                }
                if collector.ended[node] { break }
            }
        }
        #expect(collector.isComplete)
        if last == .collected { return }
        let next = last == .recordedWithNext ? arm(1) : nil
        _ = try await keeper.record(collector, hostBits: nil, thenCommit: next, nextBits: nil)
        guard last == .closed else { return }
        for node in Node.allCases {
            await drivers[node].acknowledge(campaign: bench.campaign, arm: 0, nextIndex: UInt64(Self.armSize))
        }
        try await keeper.closeBlock(0)
    }

    @Test("a daemon killed at any step goes on where the boards and the journal are", arguments: Step.allCases)
    func sameBoards(step: Step) async throws {
        let bench = try Bench(trials: 1000)
        try await live(until: step, on: bench)
        let host = try await Host(bench, keeper: try bench.openKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.nextIndex == 1000)
        // Only an arm that was committed and never started is lost.
        let lost: [Step: ClosedRange<UInt64>] = [
            .committed: 0...255, .armed: 0...255, .recordedWithNext: 256...511,
        ]
        let range = lost[step]
        for index in 0..<1000 as Range<UInt64> {
            let isLost = account.statuses[Int(index)] >= 16
            if isLost != (range?.contains(index) ?? false) { Issue.record("trial \(index): lost \(isLost)") }
        }
        #expect(account.losses == (range == nil ? [:] : [.bothMissing: 256]))
        #expect(try await host.spooled() == PerNode(alice: 0, bob: 0))
    }

    @Test("with boards that were switched off, too, at most the open arm is lost", arguments: Step.allCases)
    func newBoards(step: Step) async throws {
        var bench = try Bench(trials: 1000)
        try await live(until: step, on: bench)
        bench.lab = try Bench.laboratory(seed: 12)
        let host = try await Host(bench, keeper: try bench.openKeeper())
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.nextIndex == 1000)
        let isOpen = ![Step.opened, .recorded, .closed].contains(step)
        #expect(account.losses == (isOpen ? [.bothMissing: 256] : [:]))
        #expect(try await host.spooled() == PerNode(alice: 0, bob: 0))
    }

    @Test("a campaign whose end was announced starts no further trial, whatever ends the daemon")
    func finishing() async throws {
        let bench = try Bench(trials: 100_000)
        let host = try await Host(bench, keeper: try bench.createKeeper())
        host.certifier.hasTheEnd = false
        async let end = host.run()
        try await host.until("running") { $0.started > 500 }
        await host.campaign.request { $0.stop = true }
        try await host.until("finishing") { $0.state == .finishing }
        try await eventually("the end is on disk") {
            try Journal.openReadOnly(at: bench.journal).state().state == "finishing"
        }
        // Ctrl-C while the certifier is away.
        await host.campaign.request { $0.interrupts = 1 }
        #expect(await end == .finishing)
        let before = try bench.account()
        #expect(before.state == "finishing")

        // And a kill -9 right after the restart: nothing but the wait for the certifier goes on.
        let again = try await Host(bench, keeper: try bench.openKeeper())
        #expect(await again.run() == .stopped)
        let after = try bench.account()
        #expect(after.nextIndex == before.nextIndex)
        #expect(after.state == "stopped")
        #expect(!(await again.drivers.alice.isConnected))
    }

    @Test("a full disk at the very end does not lead back from it")
    func finishingOnFullDisk() async throws {
        let bench = try Bench(trials: 512)
        let keeper = try bench.createKeeper()
        let host = try await Host(bench, keeper: keeper)
        host.certifier.hasTheEnd = false
        async let end = host.run()
        try await host.until("finishing") { $0.state == .finishing }
        try await eventually("the end is on disk") {
            try Journal.openReadOnly(at: bench.journal).state().state == "finishing"
        }
        // What a failing disk would make of the state later is not written over the end.
        await keeper.note(state: .suspended, reason: BellError(.planContradiction, "full"))
        #expect(try bench.account().state == "finishing")
        host.certifier.hasTheEnd = true
        #expect(await end == .completed)
        #expect(try bench.account().state == "completed")
    }

    @Test("a campaign that has all its trials needs no board to be finished")
    func finishWithoutBoards() async throws {
        var bench = try Bench(trials: 256)
        try await live(until: .recorded, on: bench)
        bench.lab.stop()
        bench.lab = try Bench.laboratory(seed: 12)
        bench.lab.stop()
        let host = try await Host(bench, keeper: try bench.openKeeper())
        #expect(await host.run() == .completed)
        #expect(try bench.account().tally.valid == 256)
    }

    @Test("a paused campaign stays paused over a restart, however the daemon ended", arguments: [false, true])
    func paused(bySignal: Bool) async throws {
        let bench = try Bench(trials: 100_000)
        do {
            let host = try await Host(bench, keeper: try bench.createKeeper())
            async let end = host.run()
            try await host.until("running") { $0.started > 500 }
            await host.campaign.request { $0.pause = true }
            if !bySignal { try await host.until("paused") { $0.state == .paused } }
            await host.campaign.request { $0.interrupts = 1 }
            #expect(await end == .paused)
        }
        let started = try bench.account().nextIndex
        #expect(try bench.account().state == "paused")

        let parked = try await Host(bench, keeper: try bench.openKeeper())
        async let second = parked.run()
        try await parked.until("parked") { $0.state == .paused }
        await parked.campaign.request { $0.interrupts = 1 }
        #expect(await second == .paused)
        #expect(try bench.account().nextIndex == started)

        // A person's resume goes on.
        let resumed = try await Host(bench, keeper: try bench.openKeeper(unpause: true))
        async let third = resumed.run()
        try await resumed.until("it goes on") { $0.started > started }
        await resumed.campaign.request { $0.stop = true }
        #expect(await third == .stopped)
    }

    @Test("an arm that another host armed and never started does not keep a campaign out")
    func foreignArm() async throws {
        let first = try Bench(trials: 1000)
        try await live(until: .armed, on: first)
        var second = try Bench(trials: 500)
        second.lab = first.lab
        let host = try await Host(second, keeper: try second.createKeeper())
        #expect(await host.run() == .completed)
        #expect(try second.account().tally.valid == 500)
    }
}
