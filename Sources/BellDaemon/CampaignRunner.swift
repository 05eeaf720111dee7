import BellCampaign
import BellControl
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellStream
import BellZeroMQ
import Board
import DriverKit
import Synchronization

/// Starts, resumes and ends campaigns, one at a time.
actor CampaignRunner {
    private let store: CampaignStore
    private let files: LaboratoryFiles
    private let devices: DeviceKeeper
    private let reactor: Reactor
    private let log: Logger
    private let triggerMaster: Node
    private let report: @Sendable (CampaignSnapshot) -> Void
    private let notify: @Sendable (CampaignID) -> Void
    private let isEnded: @Sendable (CampaignID) -> Bool
    private var current: (campaign: Campaign, keeper: JournalKeeper, task: Task<CampaignState, Never>)?
    /// Between two awaits of a start or resume another request may come: there is one campaign all the same.
    private var isBeginning = false
    /// Signals that came so far; a campaign that is begun later hears of them, too.
    private var interrupts = 0

    init(
        store: CampaignStore, files: LaboratoryFiles, devices: DeviceKeeper, reactor: Reactor, log: Logger,
        triggerMaster: Node, report: @escaping @Sendable (CampaignSnapshot) -> Void,
        notify: @escaping @Sendable (CampaignID) -> Void, isEnded: @escaping @Sendable (CampaignID) -> Bool
    ) {
        self.store = store
        self.files = files
        self.devices = devices
        self.reactor = reactor
        self.log = log
        self.triggerMaster = triggerMaster
        self.report = report
        self.notify = notify
        self.isEnded = isEnded
    }

    // MARK: Requests of a person

    /// Seals a plan and begins its campaign.
    ///
    /// - Parameter planPath: The plan file; the sequence is beside it.
    func start(planPath: String) async throws(BellError) -> JSON {
        try refuseIfBusy()
        isBeginning = true
        defer { isBeginning = false }
        let text = try readText(planPath)
        let file = try PlanFile(text: text, source: planPath)
        let sequencePath = join(planPath, file.sequence)
        let sequence = try readText(sequencePath)
        let boards = try await connectedBoards()
        let earlier = try store.all()
        let sealed = SealedPlan(
            plan: file.plan(sequenceHash: Blake2b.hash(text: sequence)),
            number: (earlier.last?.sealed.number ?? 0) + 1, previous: earlier.last?.planHash ?? .zero,
            sealedAt: wallClockISO8601())
        // A plan that cannot be compiled is refused now, not at its first block.
        let id = try newCampaignID()
        try makeFolder(store.folder(of: id))
        try writeFileAtomically(store.sequence(of: id), Array(sequence.utf8), mode: 0o600)
        do throws(BellError) {
            _ = try files.compile(sealed, sequencePath: sequencePath, boards: boards)
            let keeper = try JournalKeeper.create(
                at: store.journal(of: id), campaign: id, sealed: sealed,
                devices: ["alice": boards.alice.json, "bob": boards.bob.json],
                simulated: boards.alice.simulated || boards.bob.simulated)
            try await begin(keeper)
        } catch {
            store.discard(id)
            throw error
        }
        log.info("campaign started", ["campaign": id, "plan": file.name])
        return [
            "campaign": .string(id.description), "number": JSON(count: sealed.number),
            "plan_hash": .string(Blake2b.hash(text: sealed.json.text).description),
        ]
    }

    /// Goes on with a campaign that is paused, interrupted or waits for a person.
    func resume(_ name: String?) async throws(BellError) -> JSON {
        if let current {
            if let name, try store.find(name).id != current.campaign.id { try refuseIfBusy() }
            await current.campaign.request { $0.pause = false }
            return ["campaign": .string(current.campaign.id.description)]
        }
        try refuseIfBusy()
        isBeginning = true
        defer { isBeginning = false }
        let entry = try store.find(name)
        guard !entry.state.isFinal else {
            throw BellError(
                .campaignUnknown, "Campaign \(entry.sealed.number) is \(entry.state.rawValue); it cannot go on.",
                at: store.folder(of: entry.id), fix: "start a new one with `bellctl campaign start PLAN`")
        }
        try await begin(try JournalKeeper.open(at: store.journal(of: entry.id), unpause: true))
        return ["campaign": .string(entry.id.description)]
    }

    /// Pauses or stops the campaign that is under way.
    func request(_ name: String?, _ change: @Sendable (inout CampaignRequests) -> Void) async throws(BellError) -> JSON
    {
        guard let current else {
            throw BellError(
                .campaignUnknown, "No campaign is under way.", at: "campaign",
                fix: "see `bellctl campaign list`; `bellctl campaign resume` goes on with an interrupted one")
        }
        if let name, try store.find(name).id != current.campaign.id {
            throw BellError(
                .campaignUnknown, "Campaign \"\(name)\" is not the one under way.", at: "campaign",
                fix: "see `bellctl campaign list`")
        }
        await current.campaign.request(change)
        return ["campaign": .string(current.campaign.id.description)]
    }

    func list() throws(BellError) -> JSON { .array(try store.all().map(\.json)) }

    func show(_ name: String?) async throws(BellError) -> JSON {
        let entry = try store.find(name)
        var object = entry.json.objectValue ?? [:]
        object["plan"] = entry.sealed.json
        return .object(object)
    }

    /// Whether a campaign is under way.
    var isRunning: Bool { current != nil }

    // MARK: Life

    /// Goes on with what was unfinished when the daemon ended, as each plan's `on_restart` says.
    func resumeUnfinished() async {
        do throws(BellError) {
            for entry in try store.all() where !entry.state.isFinal {
                guard entry.sealed.plan.onRestart == .resume, current == nil, !isBeginning else { continue }
                isBeginning = true
                defer { isBeginning = false }
                log.info("campaign resumed", ["campaign": entry.id])
                try await begin(try JournalKeeper.open(at: store.journal(of: entry.id), unpause: false))
            }
        } catch {
            log.error("an unfinished campaign cannot be resumed", error)
        }
    }

    /// One signal ends after the block, two after the arm; returns when no campaign is under way.
    func interrupt(times: Int) async {
        interrupts = max(interrupts, times)
        guard let current else { return }
        let all = interrupts
        await current.campaign.request { $0.interrupts = max($0.interrupts, all) }
        if times == 1 { _ = await current.task.value }
    }

    private func begin(_ keeper: JournalKeeper) async throws(BellError) {
        let id = keeper.campaign
        let (store, files, reactor) = (store, files, reactor)
        let sources = HostBitSources(reactor: reactor)
        let sealed = keeper.sealed
        let services = CampaignServices(
            compile: { (sealed, boards) throws(BellError) in
                try files.compile(sealed, sequencePath: store.sequence(of: id), boards: boards)
            },
            hostBits: { (node, range) throws(BellError) in
                try sources.source(of: node, in: sealed.plan).bits(for: range)
            },
            isUnfinished: { other in (try? store.entry(other)).map { !$0.state.isFinal } ?? false },
            now: monotonicNanoseconds, time: wallClockISO8601, endIsAcknowledged: { [isEnded] in isEnded(id) },
            triggerMaster: triggerMaster, report: report, journalGrew: { [notify] in notify(id) })
        let campaign = try await Campaign(keeper: keeper, boards: devices.boards, services: services)
        await devices.lend(to: campaign)
        if interrupts > 0 {
            let times = interrupts
            await campaign.request { $0.interrupts = times }
        }
        let task = Task { await campaign.run() }
        current = (campaign, keeper, task)
        notify(id)
        Task { [weak self] in
            let state = await task.value
            await self?.ended(campaign, in: state)
        }
    }

    private func ended(_ campaign: Campaign, in state: CampaignState) async {
        guard let ended = current, ended.campaign === campaign else { return }
        log.info("campaign ended", ["campaign": campaign.id, "state": state.rawValue])
        await ended.keeper.close()
        await devices.lend(to: nil)
        // Only now may another one begin: its boards would else be taken from it by the lines above.
        current = nil
    }

    private func refuseIfBusy() throws(BellError) {
        guard !isBeginning else {
            throw BellError(
                .campaignBusy, "Another campaign is just being started.", at: "campaign", state: "nothing was started",
                fix: "see `bellctl status`")
        }
        guard let current else { return }
        throw BellError(
            .campaignBusy,
            "Campaign \(current.campaign.sealed.number) (\(current.campaign.sealed.plan.name)) is under way.",
            at: "campaign", state: "nothing was started",
            fix: "wait for its end, or `bellctl campaign stop` ends it now")
    }

    /// Both boards; waits a few seconds for a laboratory that has just been switched on.
    private func connectedBoards() async throws(BellError) -> PerNode<Capabilities> {
        var boards = await devices.connected
        for _ in 0..<50 where boards.alice == nil || boards.bob == nil {
            try? await Task.sleep(for: .milliseconds(100))
            boards = await devices.connected
        }
        guard let alice = boards.alice, let bob = boards.bob else {
            throw BellError(
                .campaignBoards, "\(boards.alice == nil ? "alice" : "bob")'s board is not connected.",
                at: "lab.yaml devices",
                state: "nothing was sealed", fix: "see `bellctl device list` for the reason")
        }
        return PerNode(alice: alice, bob: bob)
    }

    private func newCampaignID() throws(BellError) -> CampaignID {
        guard let id = CampaignID(bytes: randomBytes(16)) else { throw BellError(.campaignUnknown, "No identifier.") }
        return id
    }

    private func join(_ base: String, _ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = base.lastIndex(of: "/") else { return path }
        return base[...slash] + path
    }
}

/// The host's sources of a campaign, opened at their first use.
private final class HostBitSources: Sendable {
    private let reactor: Reactor
    private let open = Mutex<[Node: HostBitSource]>([:])

    init(reactor: Reactor) { self.reactor = reactor }

    func source(of node: Node, in plan: Plan) throws(BellError) -> HostBitSource {
        try open.withLock { (open) throws(BellError) in
            if let source = open[node] { return source }
            let source = try HostBitSource(address: plan.hostBits?[node] ?? "", reactor: reactor)
            open[node] = source
            return source
        }
    }
}
