import BellHost
import BellJournal
import BellModel
import BellSequence
import BellYAML
import Board
import DriverKit
import MockLab
import Synchronization
import Testing
import TestSupport

@testable import BellCampaign
@testable import BellDaemon

@Suite struct DeviceKeeperTests {
    private let laboratory: TestLaboratory
    private let unfinished = Unfinished()
    private let shown = Shown()

    /// The campaigns that may go on.
    private final class Unfinished: Sendable {
        private let campaigns = Mutex<Set<CampaignID>>([])
        func insert(_ id: CampaignID) { _ = campaigns.withLock { $0.insert(id) } }
        func contains(_ id: CampaignID) -> Bool { campaigns.withLock { $0.contains(id) } }
    }

    /// What telemetry showed.
    private final class Shown: Sendable {
        private let all = Mutex<[(kind: String, data: JSON)]>([])
        func withLock<R>(_ body: (inout [(kind: String, data: JSON)]) -> R) -> R { all.withLock { body(&$0) } }
        var warnings: [JSON] {
            all.withLock { $0.filter { $0.kind == "event" && $0.data["level"] == "warn" }.map(\.data) }
        }
    }

    /// Nothing here is about time-outs, and beside other tests an answer may be slow to come.
    private static let patience: Duration = .seconds(120)
    private static let timeouts = BoardTimeouts(
        request: patience, transfer: patience, replay: patience, silence: patience, gap: .milliseconds(50),
        resolution: .milliseconds(10))

    init() throws { laboratory = try TestLaboratory() }

    private static func opener(_ lab: VirtualLab, _ node: Node) -> TransportOpener {
        { () async throws(BellError) in try lab.transport(to: node) }
    }

    private func keeper(
        standing: (@Sendable (CampaignID) -> CampaignStanding)? = nil
    ) async throws -> DeviceKeeper {
        let lab = laboratory.virtual
        let keeper = DeviceKeeper(
            laboratory: try LaboratoryFiles(path: laboratory.lab).laboratory(),
            openers: PerNode(alice: Self.opener(lab, .alice), bob: Self.opener(lab, .bob)),
            timeouts: Self.timeouts,
            telemetry: { [shown] kind, data in shown.withLock { $0.append((kind, data)) } },
            standing: standing ?? { [unfinished] in unfinished.contains($0) ? .unfinished : .finished })
        await keeper.listen()
        return keeper
    }

    private func campaign(_ id: CampaignID, on devices: DeviceKeeper) async throws -> Campaign {
        let files = LaboratoryFiles(path: laboratory.lab)
        let store = laboratory.store
        return try await Campaign(
            keeper: try JournalKeeper.open(at: store.journal(of: id), unpause: false), boards: devices.boards,
            services: CampaignServices(
                compile: { (sealed, boards) throws(BellError) in
                    try files.compile(sealed, sequencePath: store.sequence(of: id), boards: boards)
                },
                hostBits: { (_, range) async throws(BellError) in [UInt8](repeating: 0, count: range.count) },
                now: monotonicNanoseconds, time: wallClockISO8601, endIsAcknowledged: { true }, triggerMaster: .alice,
                report: { _ in }, journalGrew: {}, stall: UInt64(Self.patience / .nanoseconds(1))))
    }

    /// Leaves a campaign as a daemon does that is killed right after START.
    private func abandon(_ id: CampaignID) async throws {
        let lab = laboratory.virtual
        let drivers = PerNode { node in
            BoardDriver(name: node.name, node: node, timeouts: Self.timeouts, open: Self.opener(lab, node))
        }
        let boards = PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
        let keeper = try JournalKeeper.open(at: laboratory.store.journal(of: id), unpause: false)
        _ = try await keeper.resumePoint()
        let block = try LaboratoryFiles(path: laboratory.lab).compile(
            keeper.sealed, sequencePath: laboratory.store.sequence(of: id), boards: boards)
        try await keeper.beginBlock(number: 0, firstIndex: 0, block: block, boots: boards.map(\.bootID))
        _ = try await keeper.commit(Arm(number: 0, block: 0, firstIndex: 0, count: 256), bits: nil)
        for node in Node.allCases {
            try await drivers[node].load(block.programs[node])
            try await drivers[node].arm(ArmOrder(campaign: id, arm: 0, firstIndex: 0, count: 256))
        }
        try await drivers.alice.start()
        for node in Node.allCases {
            try await eventually("\(node.name)'s arm is over and all of it in the spool") {
                let status = try await drivers[node].status()
                return status.armed == nil && status.spoolUsed == 256
            }
        }
    }

    private func losses(_ id: CampaignID) throws -> UInt64 {
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        try journal.verifyStructure()
        var tally = TrialTally()
        for arm in try journal.arms() {
            for byte in try #require(arm.result).statuses { tally.add(try #require(TrialStatus(rawValue: byte))) }
        }
        #expect(tally.trials == 1000)
        return tally.losses
    }

    @Test("what boards replay before a campaign goes on is kept for it", arguments: [false, true])
    func backlog(connectsFirst: Bool) async throws {
        let (id, _) = try laboratory.seal(1)
        unfinished.insert(id)
        try await abandon(id)
        let devices = try await keeper()
        if connectsFirst {
            for node in Node.allCases {
                _ = try await devices.boards[node].connect()
                // Everything is replayed, and would not come again.
                _ = try await devices.boards[node].status()
            }
            try await eventually("all that was replayed is kept") { await devices.hasReplayed }
        }
        let campaign = try await campaign(id, on: devices)
        await devices.lend(to: campaign)
        #expect(await campaign.run() == .completed)
        await devices.takeBack(from: campaign)
        #expect(try losses(id) == 0)
        for node in Node.allCases { #expect(try await devices.boards[node].status().spoolUsed == 0) }
        await devices.stop()
    }

    @Test("another campaign between a crash and its end takes nothing from the one that waits")
    func twoCampaigns() async throws {
        let (waiting, _) = try laboratory.seal(1)
        let (other, _) = try laboratory.seal(2)
        unfinished.insert(waiting)
        unfinished.insert(other)
        try await abandon(waiting)
        let devices = try await keeper()
        for id in [other, waiting] {
            let campaign = try await campaign(id, on: devices)
            await devices.lend(to: campaign)
            #expect(await campaign.run() == .completed)
            await devices.takeBack(from: campaign)
            #expect(try losses(id) == 0)
        }
        for node in Node.allCases { #expect(try await devices.boards[node].status().spoolUsed == 0) }
        await devices.stop()
    }

    @Test("what boards keep of a campaign that is over for good is dropped")
    func finished() async throws {
        let (id, _) = try laboratory.seal(1)
        try await abandon(id)
        let devices = try await keeper()
        for node in Node.allCases { _ = try await devices.boards[node].connect() }
        for node in Node.allCases {
            try await eventually("\(node.name)'s spool is empty") {
                try await devices.boards[node].status().spoolUsed == 0
            }
        }
        await devices.stop()
    }

    @Test("what boards keep of another belld's campaign stays on them, and a person is told once")
    func foreign() async throws {
        let (id, _) = try laboratory.seal(1)
        try await abandon(id)
        // This belld has another state directory, in which nothing is known of the campaign.
        let store = CampaignStore(folder: laboratory.folder.file("elsewhere"))
        let devices = try await keeper(standing: { store.standing(of: $0) })
        for node in Node.allCases { _ = try await devices.boards[node].connect() }
        try await eventually("both boards' records were seen") { shown.warnings.count >= 2 }
        for node in Node.allCases {
            #expect(try await devices.boards[node].status().spoolUsed == 256)
            let board = await devices.json(named: node.name)
            #expect(board?["state"] == "connected")
            #expect(board?["foreign_campaigns"] == [.string(id.description)])
        }
        #expect(shown.warnings.count == 2)
        for warning in shown.warnings {
            #expect(warning["message"]?.stringValue?.contains(id.description) == true)
            #expect(warning["error"]?["code"] == "board.foreign-campaign")
            #expect(warning["error"]?["fix"]?.stringValue?.contains("--state") == true)
        }
        await devices.stop()

        // Its own belld finds everything there.
        unfinished.insert(id)
        let own = try await keeper()
        let campaign = try await campaign(id, on: own)
        await own.lend(to: campaign)
        #expect(await campaign.run() == .completed)
        #expect(try losses(id) == 0)
        await own.stop()
    }

    @Test("instruments are left alone while a board is at work on an arm that a crash left open")
    func running() async throws {
        var slow = laboratory
        // The arm would take 50 s: it ends because it is stopped.
        slow.virtual = try TestLaboratory.virtual(laboratory.folder, pace: .trialsPerSecond(10))
        let lab = slow.virtual
        let keeper = DeviceKeeper(
            laboratory: try LaboratoryFiles(path: laboratory.lab).laboratory(),
            openers: PerNode(alice: Self.opener(lab, .alice), bob: Self.opener(lab, .bob)),
            timeouts: Self.timeouts, telemetry: { _, _ in }, standing: { _ in .unfinished })
        await keeper.listen()
        let boards = PerNode(
            alice: try await keeper.boards.alice.connect(), bob: try await keeper.boards.bob.connect())
        try await keeper.refuseWhileRunning()
        let (id, sealed) = try laboratory.seal(1)
        let block = try LaboratoryFiles(path: laboratory.lab).compile(
            sealed, sequencePath: laboratory.store.sequence(of: id), boards: boards)
        for node in Node.allCases {
            try await keeper.boards[node].load(block.programs[node])
            try await keeper.boards[node].arm(ArmOrder(campaign: id, arm: 3, firstIndex: 0, count: 500))
        }
        // One that only waits for its trigger may wait for ever.
        try await keeper.refuseWhileRunning()
        try await keeper.boards.alice.start()
        let error = await #expect(throws: BellError.self) { try await keeper.refuseWhileRunning() }
        #expect(error?.code == .campaignBusy)
        #expect(error?.what.contains("arm 3 of campaign \(id)") == true)
        for node in Node.allCases { try await keeper.boards[node].stop() }
        try await keeper.refuseWhileRunning()
        await keeper.stop()
        lab.stop()
    }

    @Test("only the campaign that has the boards gives them back")
    func takeBack() async throws {
        let (first, _) = try laboratory.seal(1)
        let (second, _) = try laboratory.seal(2)
        let devices = try await keeper()
        let old = try await campaign(first, on: devices)
        let new = try await campaign(second, on: devices)
        await devices.lend(to: new)
        await devices.takeBack(from: old)
        #expect(await new.run() == .completed)
        #expect(try losses(second) == 0)
        await devices.stop()
    }

    @Test("at the end outputs are switched off, but a board at work is left to its arm")
    func safe() async throws {
        let (id, _) = try laboratory.seal(1)
        unfinished.insert(id)
        let devices = try await keeper()
        let campaign = try await campaign(id, on: devices)
        await devices.lend(to: campaign)
        #expect(await campaign.run() == .completed)
        #expect(try await devices.boards.alice.status().state == .ready)
        await devices.stop()
        #expect(await !devices.boards.alice.isConnected)
        // The program went with the outputs.
        _ = try await devices.boards.alice.connect()
        #expect(try await devices.boards.alice.status().state == .idle)
    }
}
