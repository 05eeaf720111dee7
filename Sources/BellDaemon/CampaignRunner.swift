import BellCampaign
import BellControl
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellSequence
import BellStream
import BellZeroMQ
import Board
import DriverKit

/// Starts, resumes and ends campaigns, one at a time.
actor CampaignRunner {
    private let store: CampaignStore
    private let files: LaboratoryFiles
    private let devices: DeviceKeeper
    private let instruments: InstrumentKeeper
    private let reactor: Reactor
    private let log: Logger
    private let triggerMaster: Node
    private let stall: UInt64
    private let report: @Sendable (CampaignSnapshot, [Node: HostBitStatus]) -> Void
    private let notify: @Sendable (CampaignID) -> Void
    private let isEnded: @Sendable (CampaignID) -> Bool
    private let maintenance: MaintenanceHook
    private var current: (campaign: Campaign, keeper: JournalKeeper, task: Task<CampaignState, Never>)?
    /// Its sources of host bits.
    private var sources: HostBitSources?
    /// Whether a campaign is just being begun or put away: nobody else may begin one meanwhile.
    private var isChanging = false
    /// Who has the boards beside campaigns.
    private var occupied: Occupation?
    private var cancelCheck: (@Sendable () -> Void)?
    /// Devices that a person's request is just setting.
    private var visits = 0
    /// An unfinished campaign waits for the end of a check, or of an attempt to begin another one.
    private var resumesLater = false
    /// Signals that came so far; a campaign that is begun later hears of them, too.
    private var interrupts = 0
    private var resumeAttempts = 0

    init(
        store: CampaignStore, files: LaboratoryFiles, devices: DeviceKeeper, instruments: InstrumentKeeper,
        reactor: Reactor, log: Logger, triggerMaster: Node, stall: UInt64,
        report: @escaping @Sendable (CampaignSnapshot, [Node: HostBitStatus]) -> Void,
        notify: @escaping @Sendable (CampaignID) -> Void, isEnded: @escaping @Sendable (CampaignID) -> Bool,
        maintenance: MaintenanceHook
    ) {
        self.store = store
        self.files = files
        self.devices = devices
        self.instruments = instruments
        self.reactor = reactor
        self.log = log
        self.triggerMaster = triggerMaster
        self.stall = stall
        self.report = report
        self.notify = notify
        self.isEnded = isEnded
        self.maintenance = maintenance
    }

    // MARK: Requests of a person

    /// Seals a plan and begins its campaign.
    ///
    /// - Parameter planPath: The plan file; the sequence is beside it.
    func start(planPath: String) async throws(BellError) -> JSON {
        try refuseIfBusy()
        isChanging = true
        defer { changed() }
        await endOfVisits()
        let text = try readText(planPath)
        let file = try PlanFile(text: text, source: planPath)
        let sequencePath = join(planPath, file.sequence)
        let sequence = try readText(sequencePath)
        let boards = try await connectedBoards()
        let listing = try store.all()
        for broken in listing.damaged { log.error("a campaign cannot be read", broken.error) }
        let sealed = SealedPlan(
            plan: file.plan(sequenceHash: Blake2b.hash(text: sequence)), number: (listing.head?.number ?? 0) + 1,
            previous: listing.head?.hash ?? .zero, sealedAt: wallClockISO8601())
        try HostBitSources.check(sealed.plan)
        if let policy = sealed.plan.maintenance { try maintenance.check(policy) }
        // A plan that cannot be compiled is refused now, not at its first block.
        let id = try newCampaignID()
        try makeFolder(store.folder(of: id))
        try writeFileAtomically(store.sequence(of: id), Array(sequence.utf8), mode: 0o600)
        do throws(BellError) {
            try await devices.refuseWhileRunning()
            _ = try files.compile(
                sealed, sequencePath: sequencePath, boards: boards,
                instruments: try await instruments.prepare(try files.laboratory()))
            let signers = try store.keys.all()
            let keeper = try JournalKeeper.create(
                at: store.journal(of: id), campaign: id, sealed: sealed,
                devices: try await devices.description(of: boards, signers: signers),
                simulated: boards.alice.simulated || boards.bob.simulated, signers: signers)
            try writeFileAtomically(store.plan(of: id), text: sealed.json.text)
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
            // Its next block needs the boards.
            if occupied != nil { try refuseIfBusy() }
            sources?.reset()
            await current.campaign.request {
                $0.pause = false
                $0.resumes += 1
            }
            return ["campaign": .string(current.campaign.id.description)]
        }
        try refuseIfBusy()
        isChanging = true
        defer { changed() }
        await endOfVisits()
        let entry = try store.find(name)
        guard !entry.state.isFinal else {
            throw BellError(
                .campaignUnknown, "Campaign \(entry.sealed.number) is \(entry.state.rawValue); it cannot go on.",
                at: store.folder(of: entry.id), fix: "start a new one with `bellctl campaign start PLAN`")
        }
        try await begin(try store.keeper(of: entry.id, unpause: true))
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

    /// All campaigns; those that cannot be read come last, with the reason.
    func list() throws(BellError) -> JSON {
        let listing = try store.all()
        return .array(listing.entries.map { row($0) } + listing.damaged.map(\.json))
    }

    func show(_ name: String?) async throws(BellError) -> JSON {
        let entry = try store.find(name)
        var object = row(entry).objectValue ?? [:]
        if let current, current.campaign.id == entry.id {
            object["needs_person"] = .bool(await current.campaign.snapshot().needsPerson)
        }
        object["plan"] = entry.sealed.json
        return .object(object)
    }

    private func row(_ entry: CampaignStore.Entry) -> JSON {
        entry.json(isUnderWay: current?.campaign.id == entry.id)
    }

    /// Whether a campaign is under way.
    var isRunning: Bool { current != nil }

    /// Begins what may not happen while a campaign has the boards, or a block its frozen settings; ``endVisit()`` must
    /// follow. A campaign that is begun meanwhile waits for it, so that nothing is set behind the back of its first block.
    func beginVisit(_ what: String) throws(BellError) {
        if let occupied {
            throw BellError(
                .campaignBusy, "\(what) while \(occupied.text).", at: occupied.place, state: "nothing was changed",
                fix: occupied.fix)
        }
        guard let current else {
            guard isChanging else { return visits += 1 }
            throw BellError(
                .campaignBusy, "\(what) while a campaign is being begun.", at: "campaign", state: "nothing was changed",
                fix: "see `bellctl status`")
        }
        throw BellError(
            .campaignBusy, "\(what) while campaign \(current.campaign.sealed.number) is under way.", at: "campaign",
            state: "nothing was changed",
            fix: "wait for its end; an instrument's `settings` in lab.yaml take effect at the next block")
    }

    func endVisit() { visits -= 1 }

    private func endOfVisits() async {
        while visits > 0 { try? await Task.sleep(for: .milliseconds(5)) }
    }

    /// Keeps campaigns away from the boards until ``endCheck()``.
    func beginCheck(of device: String) throws(BellError) {
        try refuseIfBusy()
        occupied = .check(device)
    }

    /// Keeps campaigns, checks and settings away from the boards until ``endCheck()``. A campaign that is paused between
    /// two blocks does not mind: it goes on with a block of its own, compiled anew.
    ///
    /// - Parameters:
    ///   - what: What is calibrated, and for whom.
    func beginCalibration(_ what: String, by person: String) async throws(BellError) {
        if let current {
            try refuseIfBusy(isParked: true)
            occupied = .calibration(what, person)
            guard await current.campaign.isParked else {
                occupied = nil
                try refuseIfBusy()
                throw BellError(.campaignBusy, "A campaign is under way.", at: "campaign")
            }
            return
        }
        try refuseIfBusy()
        occupied = .calibration(what, person)
    }

    /// Lends the boards of a campaign to what looks after it between two blocks, until ``endCheck()``.
    func beginMaintenance(_ what: String, by policy: String, of campaign: CampaignID) throws(BellError) {
        if interrupts > 0 {
            throw BellError(.campaignBusy, "The daemon is ending.", at: "campaign", state: "nothing was measured")
        }
        if let occupied {
            throw BellError(
                .campaignBusy, "\(occupied.text).", at: occupied.place, state: "nothing was measured",
                fix: occupied.fix)
        }
        guard current?.campaign.id == campaign else {
            throw BellError(
                .campaignBusy, "The campaign is not under way any more.", at: "campaign", state: "nothing was measured")
        }
        occupied = .calibration(what, policy)
    }

    /// What ends the check early and leaves its device safe, when the daemon is to end.
    func setCancellation(ofCheck cancel: @escaping @Sendable () -> Void) {
        cancelCheck = cancel
        if interrupts > 0 { cancel() }
    }

    func endCheck() {
        occupied = nil
        cancelCheck = nil
        resumeWaiting()
    }

    /// A person's campaign is begun, or could not be.
    private func changed() {
        isChanging = false
        resumeWaiting()
    }

    private func resumeWaiting() {
        guard resumesLater, occupied == nil, !isChanging else { return }
        resumesLater = false
        Task { [weak self] in await self?.resumeUnfinished() }
    }

    // MARK: Life

    /// Goes on with what was unfinished when the daemon ended, as each plan's `on_restart` says; one whose end is decided
    /// always. What fails for the disk's sake is tried again.
    func resumeUnfinished() async {
        // What is being begun may fail, and leave nothing under way.
        guard occupied == nil, !isChanging else {
            resumesLater = true
            return
        }
        var failure: BellError?
        do throws(BellError) {
            let listing = try store.all()
            for broken in listing.damaged { log.error("a campaign cannot be read", broken.error) }
            for entry in listing.entries where current == nil && !isChanging && interrupts == 0 {
                guard !entry.state.isFinal, entry.sealed.plan.onRestart == .resume || entry.state == .finishing
                else { continue }
                isChanging = true
                defer { isChanging = false }
                await endOfVisits()
                do throws(BellError) {
                    try await begin(try store.keeper(of: entry.id, unpause: false))
                    log.info("campaign resumed", ["campaign": entry.id])
                } catch {
                    log.error("an unfinished campaign cannot be resumed", error)
                    failure = error
                }
            }
        } catch {
            log.error("unfinished campaigns cannot be listed", error)
            failure = error
        }
        guard let failure, failure.code.exit == .hardware || failure.code.exit == .internal, current == nil else {
            resumeAttempts = 0
            return
        }
        resumeAttempts += 1
        let pause = CampaignMachine.backoff(attempt: resumeAttempts)
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(pause))
            await self?.resumeUnfinished()
        }
    }

    /// One signal ends after the block, two after the arm; the first call returns when no campaign is under way.
    ///
    /// - Returns: Whether a campaign was left that can go on.
    @discardableResult
    func interrupt(times: Int) async -> Bool {
        interrupts = max(interrupts, times)
        if let current {
            let all = interrupts
            await current.campaign.request { $0.interrupts = max($0.interrupts, all) }
        }
        cancelCheck?()
        guard times == 1 else { return false }
        var isLeft = false
        while current != nil || isChanging || occupied != nil {
            if let state = await current?.task.value { isLeft = !state.isFinal }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return isLeft
    }

    private func begin(_ keeper: JournalKeeper) async throws(BellError) {
        let id = keeper.campaign
        let (store, files, reactor) = (store, files, reactor)
        let sources = HostBitSources(reactor: reactor)
        let sealed = keeper.sealed
        let services = CampaignServices(
            compile: { [instruments, devices] (sealed, boards) async throws(BellError) in
                try await devices.refuseWhileRunning()
                return try files.compile(
                    sealed, sequencePath: store.sequence(of: id), boards: boards,
                    instruments: try await instruments.prepare(try files.laboratory()))
            },
            hostBits: { (node, range) async throws(BellError) in
                try await sources.source(of: node, in: sealed.plan).bits(for: range)
            },
            now: monotonicNanoseconds, time: wallClockISO8601, endIsAcknowledged: { [isEnded] in isEnded(id) },
            triggerMaster: triggerMaster, report: logging { [report] in report($0, sources.statuses) },
            journalGrew: { [notify] in notify(id) }, stall: stall,
            unsettled: { [instruments] isClosing in
                if isClosing { await instruments.confirm() }
                return await instruments.unsettled
            },
            maintain: { [maintenance] (moment, record) in await maintenance.maintain(moment, sealed, record) },
            callPerson: { [files, log] error in
                guard let laboratory = try? files.laboratory() else { return }
                await PersonCall(command: laboratory.callPerson, log: log).call(error, campaign: sealed.number)
            })
        let campaign = try await Campaign(keeper: keeper, boards: devices.boards, services: services)
        let checkpoints = try CheckpointThread(path: store.journal(of: id), log: log)
        await devices.lend(to: campaign)
        if interrupts > 0 {
            let times = interrupts
            await campaign.request { $0.interrupts = times }
        }
        let task = Task { await campaign.run() }
        current = (campaign, keeper, task)
        self.sources = sources
        notify(id)
        Task { [weak self] in
            let state = await task.value
            checkpoints.stop()
            await self?.ended(campaign, in: state)
        }
    }

    /// Reports, and logs each new state with its reason.
    private func logging(
        _ report: @escaping @Sendable (CampaignSnapshot) -> Void
    ) -> @Sendable (CampaignSnapshot) -> Void {
        let (log, last) = (log, LastState())
        return { snapshot in
            if last.isNews(snapshot) {
                if snapshot.state == .suspended, let reason = snapshot.reason {
                    log.error("campaign suspended", reason)
                } else {
                    log.info("campaign", ["campaign": snapshot.id, "state": snapshot.state.rawValue])
                }
            }
            report(snapshot)
        }
    }

    private func ended(_ campaign: Campaign, in state: CampaignState) async {
        guard let ended = current, ended.campaign === campaign else { return }
        log.info("campaign ended", ["campaign": campaign.id, "state": state.rawValue])
        // Until all is put away nobody may begin another one.
        await devices.takeBack(from: campaign)
        await instruments.endBlock()
        await ended.keeper.drain()
        current = nil
        sources = nil
        if state.isFinal { await resumeUnfinished() }
    }

    /// - Parameter isParked: A campaign that is under way is known to rest.
    private func refuseIfBusy(isParked: Bool = false) throws(BellError) {
        if interrupts > 0 {
            throw BellError(.campaignBusy, "The daemon is ending.", at: "campaign", state: "nothing was started")
        }
        if isChanging {
            throw BellError(
                .campaignBusy, "Another campaign is just being started.", at: "campaign", state: "nothing was started",
                fix: "see `bellctl status`")
        }
        if let occupied {
            throw BellError(
                .campaignBusy, "\(occupied.text).", at: occupied.place, state: "nothing was started", fix: occupied.fix)
        }
        guard let current, !isParked else { return }
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
        // Once in 2^64 it would look like a calibration's.
        while let id = CampaignID(bytes: randomBytes(16)) { if !id.isCalibration { return id } }
        throw BellError(.campaignUnknown, "No identifier.")
    }

    private func join(_ base: String, _ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = base.lastIndex(of: "/") else { return path }
        return base[...slash] + path
    }
}
