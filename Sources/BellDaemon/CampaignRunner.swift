import BellCampaign
import BellHost
import BellModel
import BellSequence
import BellStream
import BellZeroMQ
import Board

/// Starts, resumes and ends campaigns, one at a time.
actor CampaignRunner {
    let store: CampaignStore
    let files: LaboratoryFiles
    let devices: DeviceKeeper
    let instruments: InstrumentKeeper
    let reactor: Reactor
    let log: Logger
    let triggerMaster: Node
    let stall: UInt64
    let report: @Sendable (CampaignSnapshot, [Node: HostBitStatus]) -> Void
    let notify: @Sendable (CampaignID) -> Void
    let isEnded: @Sendable (CampaignID) -> Bool
    let maintenance: MaintenanceHook
    var current: (campaign: Campaign, keeper: JournalKeeper, task: Task<CampaignState, Never>)?
    /// Its sources of host bits.
    var sources: HostBitSources?
    /// Whether a campaign is just being begun or put away: nobody else may begin one meanwhile.
    var isChanging = false
    /// Who has the boards beside campaigns.
    var occupied: Occupation?
    var cancelCheck: (@Sendable () -> Void)?
    /// Devices that a person's request is just setting.
    var visits = 0
    /// An unfinished campaign waits for the end of a check, or of an attempt to begin another one.
    var resumesLater = false
    /// Signals that came so far; a campaign that is begun later hears of them, too.
    var interrupts = 0
    var resumeAttempts = 0

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

    /// Whether a campaign is under way.
    var isRunning: Bool { current != nil }

    // MARK: One campaign

    func begin(_ keeper: JournalKeeper) async throws(BellError) {
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
    func logging(
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
            for alarm in last.newAlarms(snapshot) { log.error("settings failed a health test", alarm) }
            report(snapshot)
        }
    }

    func ended(_ campaign: Campaign, in state: CampaignState) async {
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
}
