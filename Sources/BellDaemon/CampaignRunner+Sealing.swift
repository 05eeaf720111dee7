import BellCampaign
import BellCrypto
import BellHost
import BellJournal
import BellModel
import Board
import DriverKit

/// How a campaign comes to be: sealed, anchored, begun, or abandoned.
extension CampaignRunner {
    /// Seals a plan and begins its campaign.
    ///
    /// - Parameter planPath: The plan file; the sequence is beside it.
    func start(planPath: String) async throws(BellError) -> JSON {
        try refuseIfBusy()
        isChanging = true
        defer { changed() }
        await endOfVisits()
        let keeper = try await make(planPath: planPath, beginsAtOnce: true, beacon: nil)
        do throws(BellError) {
            try await begin(keeper)
        } catch {
            store.discard(keeper.campaign)
            throw error
        }
        log.info("campaign started", ["campaign": keeper.campaign, "plan": keeper.sealed.plan.name])
        return Self.answer(keeper)
    }

    /// Seals a plan; its campaign waits for ``start(sealed:)``, and its plan can be anchored until then.
    ///
    /// - Parameter beacon: A beacon's pulse that the plan is to quote.
    func seal(planPath: String, beacon: BeaconPulse?) async throws(BellError) -> JSON {
        try refuseIfBusy()
        isChanging = true
        defer { changed() }
        await endOfVisits()
        let keeper = try await make(planPath: planPath, beginsAtOnce: false, beacon: beacon)
        log.info("plan sealed", ["campaign": keeper.campaign, "plan": keeper.sealed.plan.name])
        return Self.answer(keeper)
    }

    /// Begins a sealed campaign: from here on its other plans and anchors are fixed.
    func start(sealed name: String) async throws(BellError) -> JSON {
        try refuseIfBusy()
        isChanging = true
        defer { changed() }
        await endOfVisits()
        let entry = try store.find(name)
        guard entry.state == .sealed else {
            throw BellError(
                .campaignUnknown, "Campaign \(entry.sealed.number) is \(entry.state.rawValue), not sealed.",
                at: store.folder(of: entry.id), state: "nothing was started",
                fix: entry.state.isFinal
                    ? "start another one with `bellctl campaign start PLAN`"
                    : "`bellctl campaign resume \(entry.sealed.number)` goes on with it")
        }
        try await check(entry.sealed, sequencePath: store.sequence(of: entry.id), boards: try await connectedBoards())
        let chain = try store.chain(of: entry.sealed.number, except: entry.id)
        let keeper = try store.keeper(of: entry.id, unpause: true)
        try await keeper.begin(chain)
        try await begin(keeper)
        log.info("campaign started", ["campaign": entry.id, "plan": entry.sealed.plan.name])
        return Self.answer(keeper)
    }

    /// Stores an outside anchor of a sealed plan.
    func anchor(_ name: String, _ anchor: PlanAnchor) throws(BellError) -> JSON {
        let entry = try store.find(name)
        // Not beside a start, which fixes what is there.
        guard !isChanging else {
            throw BellError(
                .campaignBusy, "A campaign is being sealed or begun.", at: "campaign", state: "nothing was stored",
                fix: "try again in a second; `bellctl campaign show \(entry.sealed.number)` says how it stands")
        }
        // What was begun has its own refusal, with the reason.
        guard entry.state != .abandoned else {
            throw BellError(
                .planAnchor, "Campaign \(entry.sealed.number) is abandoned.", at: store.folder(of: entry.id),
                state: "nothing was stored", fix: "seal the plan anew with `bellctl campaign seal PLAN`")
        }
        try Journal.open(at: store.journal(of: entry.id)).addAnchor(anchor)
        log.info("plan anchored", ["campaign": entry.id, "kind": anchor.kind])
        return [
            "campaign": .string(entry.id.description), "number": JSON(count: entry.sealed.number),
            "anchor": anchor.json,
        ]
    }

    /// Gives a campaign up that was never begun, or that will not go on; it stays listed, in every later certificate.
    func abandon(_ name: String, reason: String) throws(BellError) -> JSON {
        guard !reason.isEmpty, reason.utf8.count <= 500 else {
            throw BellError(
                .jsonShape, "The reason has \(reason.utf8.count) bytes, not 1 to 500.", at: "params.reason",
                state: "nothing was changed", fix: "say in a sentence why, with --reason")
        }
        let entry = try store.find(name)
        if current?.campaign.id == entry.id || isChanging {
            throw BellError(
                .campaignBusy, "Campaign \(entry.sealed.number) is under way, or one is being begun.", at: "campaign",
                state: "nothing was changed", fix: "`bellctl campaign stop` ends it, with a certificate")
        }
        guard !entry.state.isFinal, entry.state != .finishing else {
            throw BellError(
                .campaignUnknown, "Campaign \(entry.sealed.number) is \(entry.state.rawValue): its end is decided.",
                at: store.folder(of: entry.id), state: "nothing was changed", fix: "nothing is to be done")
        }
        try Journal.open(at: store.journal(of: entry.id)).setState(CampaignState.abandoned.rawValue, reason: reason)
        log.info("campaign abandoned", ["campaign": entry.id, "reason": reason])
        return ["campaign": .string(entry.id.description), "number": JSON(count: entry.sealed.number)]
    }

    // MARK: making

    private static func answer(_ keeper: JournalKeeper) -> JSON {
        [
            "campaign": .string(keeper.campaign.description), "number": JSON(count: keeper.sealed.number),
            "plan_hash": .string(Blake2b.hash(text: keeper.sealed.json.text).description),
        ]
    }

    /// Reads and checks a plan, seals it, and makes the campaign's folder; nothing is left of one that is refused.
    ///
    /// The journal is what makes it a campaign: a kill before leaves a folder that nobody lists.
    private func make(
        planPath: String, beginsAtOnce: Bool, beacon: BeaconPulse?
    ) async throws(BellError) -> JournalKeeper {
        let now = wallClockISO8601()
        if let beacon, let clock = UTCTime(now), beacon.time.seconds(since: clock) > BeaconPulse.clockTolerance {
            throw BellError(
                .jsonShape, "The pulse is of \(beacon.time), which is still to come.", at: "params.beacon",
                cause: "this host's clock says \(now)", state: "nothing was sealed",
                fix: "set the host's clock, or give a pulse that was published")
        }
        let text = try readText(planPath)
        let file = try PlanFile(text: text, source: planPath)
        let sequencePath = join(planPath, file.sequence)
        let sequence = try readText(sequencePath)
        let boards = try await connectedBoards()
        let listing = try store.all()
        for broken in listing.damaged { log.error("a campaign cannot be read", broken.error) }
        let sealed = SealedPlan(
            plan: file.plan(sequenceHash: Blake2b.hash(text: sequence)), number: (listing.head?.number ?? 0) + 1,
            previous: listing.head?.hash ?? .zero, sealedAt: wallClockISO8601(),
            beacon: beacon)
        let id = try newCampaignID(of: sealed)
        try makeFolder(store.folder(of: id))
        try writeFileAtomically(store.sequence(of: id), Array(sequence.utf8), mode: 0o600)
        do throws(BellError) {
            try await check(sealed, sequencePath: sequencePath, boards: boards)
            let signers = try store.keys.all()
            let keeper = try JournalKeeper.create(
                at: store.journal(of: id), campaign: id, sealed: sealed,
                devices: try await devices.description(of: boards, signers: signers),
                simulated: boards.alice.simulated || boards.bob.simulated, signers: signers,
                state: beginsAtOnce ? .preparing : .sealed,
                chain: beginsAtOnce ? store.chain(of: sealed.number, in: listing) : nil)
            try writeFileAtomically(store.plan(of: id), text: sealed.json.text)
            return keeper
        } catch {
            store.discard(id)
            throw error
        }
    }

    /// A plan that cannot be compiled is refused now, not at its first block.
    private func check(
        _ sealed: SealedPlan, sequencePath: String, boards: PerNode<Capabilities>
    ) async throws(BellError) {
        try HostBitSources.check(sealed.plan)
        if let policy = sealed.plan.maintenance { try maintenance.check(policy) }
        try await devices.refuseWhileRunning()
        _ = try files.compile(
            sealed, sequencePath: sequencePath, boards: boards,
            instruments: try await instruments.prepare(try files.laboratory()))
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

    /// Follows from the plan, so that what is signed for the campaign is signed for the plan.
    private func newCampaignID(of sealed: SealedPlan) throws(BellError) -> CampaignID {
        let id = CampaignID(planHash: Blake2b.hash(text: sealed.json.text))
        // Once in 2^64 it would look like a calibration's.
        guard !id.isCalibration, !fileExists(store.folder(of: id)) else {
            throw BellError(
                .campaignUnknown, "The campaign's identifier \(id) is taken.", at: store.folder(of: id),
                state: "nothing was sealed", fix: "seal the plan again: the time is part of it")
        }
        return id
    }

    private func join(_ base: String, _ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = base.lastIndex(of: "/") else { return path }
        return base[...slash] + path
    }
}
