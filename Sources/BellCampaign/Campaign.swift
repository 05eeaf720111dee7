import BellAudit
import BellJournal
public import BellModel
import BellStatistics
import BellTiming
public import Board
import DriverKit

/// Runs one campaign: performs what ``CampaignMachine`` decides, one action at a time.
///
/// The actor owns the campaign's journal through a ``JournalKeeper`` and borrows both boards. Board events arrive at any
/// moment through ``received(_:from:)``; requests through ``request(_:)``. Nothing here decides about trials: indices are
/// handed out by the machine, validity by `BellAudit`.
public actor Campaign {
    public nonisolated let id: CampaignID
    public nonisolated let sealed: SealedPlan

    let keeper: JournalKeeper
    let services: CampaignServices
    let boards: PerNode<BoardDriver>
    var machine: CampaignMachine
    var links = PerNode(alice: BoardLink(), bob: BoardLink())
    var compiled: CompiledBlock?
    var collector: ArmCollector?
    /// Bits that the host committed to for the arm under way; nil for board bits.
    var hostBits: BellJournal.HostBits?
    var totals: CampaignTotals
    /// When the settings' health tests fail, and what was told of those that did, in its order.
    let healthBudget: HealthBudget
    var alarms: [BellError] = []
    /// The state that is on disk and is reported.
    private var shown: (state: CampaignState, reason: BellError?)
    private var waiter: CheckedContinuation<Void, Never>?
    private var lastReport: UInt64 = 0
    /// What came of the maintenance under way; nil while it lasts.
    var maintained: MaintenanceVerdict?
    /// What the journal was told last of instruments that left a block's settings.
    private var notedUnsettled: BellError?
    private var rate = RateMeter()

    /// Takes over an open journal.
    ///
    /// - Parameters:
    ///   - keeper: Owns the campaign's journal, new or half full.
    ///   - boards: Both drivers; connected or not.
    public init(keeper: JournalKeeper, boards: PerNode<BoardDriver>, services: CampaignServices) async throws(BellError)
    {
        let opened = try await keeper.resumePoint()
        id = keeper.campaign
        sealed = keeper.sealed
        self.keeper = keeper
        self.boards = boards
        self.services = services
        totals = opened.totals
        healthBudget = HealthBudget(trials: keeper.sealed.plan.trials, opened.totals.process.model)
        machine = CampaignMachine(
            plan: keeper.sealed.plan, nextIndex: opened.nextIndex, nextArm: opened.nextArm,
            nextBlock: opened.nextBlock, openBlock: opened.openBlock, unresolved: opened.unresolved,
            isStopRuleMet: opened.totals.stopRule?.isMet ?? false, isPaused: opened.wasPaused,
            finishing: opened.finishing)
        shown = (machine.state, machine.reason)
        // What the boards still hold of it may come as soon as the campaign hears them.
        if let arm = opened.unresolved { collector = ArmCollector(arm: arm) }
        alarms = totals.health.extremes.failures(healthBudget).map(alarm)
    }

    /// Runs until the campaign ends or leaves; returns the state it is left in.
    public func run() async -> CampaignState {
        let ticker = Task { [weak self] in
            while !Task.isCancelled, await self?.tick() != nil {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        defer { ticker.cancel() }
        var action = machine.begin()
        var isNews = true
        while true {
            if isNews {
                // First on disk, then shown: what is reported survives a crash.
                let new = (state: machine.state, reason: machine.reason)
                await keeper.note(state: new.state, reason: new.reason)
                shown = new
            }
            report(force: isNews)
            if case .end(let state) = action { return state }
            action = machine.handle(await perform(action))
            isNews = shown != (machine.state, machine.reason)
        }
    }

    /// Takes a request of a person or a signal; it takes effect at the next arm or block.
    public func request(_ change: @Sendable (inout CampaignRequests) -> Void) {
        _ = machine.request(change)
        wake()
        report(force: true)
    }

    private func perform(_ action: CampaignMachine.Action) async -> CampaignMachine.Event {
        do throws(BellError) {
            switch action {
            case .connect:
                return .connected(boots: try await connectBoards())
            case .maintain(let number, let order):
                return await maintain(beforeBlock: number, order)
            case .callPerson(let error):
                await callPerson(error)
            case .openBlock(let number, let firstIndex):
                return try await openBlock(number: number, firstIndex: firstIndex)
            case .commit(let arm):
                if let error = linkProblem { return .linkLost(error) }
                if let error = await unsettled() { return .unsettled(error) }
                hostBits = try await keeper.commit(arm, bits: try await drawHostBits(for: arm))
            case .run(let arm):
                try await runArm(arm)
            case .resolve(let arm):
                return .connected(boots: try await resolveArm(arm))
            case .record(let arm, let next):
                return try await record(arm, thenCommit: next)
            case .closeBlock(let number):
                _ = await unsettled(isClosing: true)
                let isMet = totals.stopRule?.isMet
                note(try await keeper.closeBlock(number, isStopRuleMet: isMet))
                services.journalGrew()
                return .blockClosed(isStopRuleMet: isMet ?? false)
            case .wait(let milliseconds):
                let deadline = services.now() + UInt64(milliseconds) * 1_000_000
                while services.now() < deadline, !machine.hasNewRequest { await pause() }
            case .park:
                while machine.requests.pause, !machine.requests.stop, machine.requests.interrupts == 0 { await pause() }
            case .finish:
                try await keeper.finish()
                services.journalGrew()
                while !services.endIsAcknowledged() {
                    if machine.requests.interrupts > 0 { throw Campaign.leftBeforeTheCertifier }
                    await pause()
                }
            case .end: break
            }
            return .done
        } catch {
            return .failed(error)
        }
    }

    /// Why the open block may take no further arm for its instruments' sake; each reason goes into the journal once.
    ///
    /// The arms that were run count as they are: nobody knows whether a trial felt it, and there is no discard rule.
    func unsettled(isClosing: Bool = false) async -> BellError? {
        guard let error = await services.unsettled(isClosing) else { return nil }
        if error != notedUnsettled {
            notedUnsettled = error
            var detail: [String: JSON] = ["message": .string(error.what), "error": error.json]
            if let block = machine.block { detail["block"] = JSON(count: block) }
            if let arm = collector?.arm.number { detail["last_arm"] = JSON(count: arm) }
            await keeper.addEvent("warning", time: services.time(), detail: .object(detail))
        }
        return error
    }

    private static let leftBeforeTheCertifier = BellError(
        .campaignInterrupted, "The daemon was stopped before the certifier had confirmed the campaign's end.",
        state: "all trials are stored", fix: "start the laboratory again; the certificate is then written")

    // MARK: Waiting

    /// Sleeps until something happens, at most about 100 ms.
    func pause() async {
        await withCheckedContinuation { waiter = $0 }
    }

    func wake() {
        waiter?.resume()
        waiter = nil
    }

    private func tick() -> Bool {
        wake()
        report(force: false)
        return true
    }

    // MARK: Reporting

    /// Reports the state, at most ten times a second unless forced.
    func report(force: Bool) {
        let now = services.now()
        guard force || now - lastReport > 100_000_000 else { return }
        lastReport = now
        rate.note(now: now, count: totals.tally.trials, running: machine.state == .running)
        services.report(snapshot())
    }

    /// Whether it rests until a person asks for more: no block is open, and no board is needed.
    public var isParked: Bool { machine.isParked }

    /// The campaign as it is now.
    public func snapshot() -> CampaignSnapshot {
        CampaignSnapshot(
            id: id, sealed: sealed, state: shown.state, reason: shown.reason, started: machine.nextIndex,
            block: machine.block, arm: collector?.arm.number ?? 0, tally: totals.tally, margins: totals.margins,
            requiredMargin: compiled.map { $0.audit.k * $0.audit.survey.u },
            log10LivePValue: -max(0, totals.process.log10Max),
            simulated: totals.simulated, rate: rate.perSecond, isMaintaining: machine.isMaintaining,
            needsPerson: machine.needsPerson, isStopRuleMet: totals.stopRule.map { _ in machine.isStopRuleMet },
            health: totals.health.extremes, healthBudget: healthBudget, alarms: alarms)
    }
}

extension BellError.Code {
    /// The daemon was stopped while a campaign was under way.
    public static let campaignInterrupted = BellError.Code("campaign.interrupted", exit: .interrupted)
    /// A board does not send what it should.
    public static let campaignBoardSilent = BellError.Code("campaign.board-silent", exit: .hardware)
    /// The two boards cannot run one campaign.
    public static let campaignBoards = BellError.Code("campaign.boards", exit: .hardware)
}

/// What a campaign knows of one board's link.
struct BoardLink: Sendable {
    var capabilities: Capabilities?
    /// Its own public key, once it was asked for; a board keeps it as long as it is connected.
    var key: [UInt8]?
    /// Why the link is down, or nil when it is up.
    var error: BellError?
    /// Whether everything that the board had kept has come since it was connected.
    var replayed = false
    /// Whether the campaign connects it just now: the end of the connection that is replaced is then no news.
    var isConnecting = false
    /// When something last came, in nanoseconds.
    var heard: UInt64 = 0
    var isUp: Bool { capabilities != nil && error == nil }
}

/// Sums over all recorded arms.
struct CampaignTotals: Sendable {
    var tally = TrialTally()
    var margins = MarginSummary()
    var process: EProcess
    /// The plan's stop rule; nil without one.
    var stopRule: StopRule?
    /// Of the settings, trial by trial.
    var health = PerNode<SettingHealth>()
    var simulated = false
}

/// Trials a second over the last seconds of running.
struct RateMeter {
    private var points: [(time: UInt64, count: UInt64)] = []
    private(set) var perSecond = 0.0

    mutating func note(now: UInt64, count: UInt64, running: Bool) {
        guard running else {
            points = []
            perSecond = 0
            return
        }
        points.append((now, count))
        while points.count > 2, now - points[0].time > 5_000_000_000 { points.removeFirst() }
        guard let first = points.first, now > first.time else { return }
        perSecond = Double(count - first.count) / (Double(now - first.time) / 1e9)
    }
}
