import BellCampaign
import BellControl
import BellCrypto
import BellHost
import BellModel
import Board
import DriverKit

/// What a person asks of campaigns.
extension CampaignRunner {
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

    func row(_ entry: CampaignStore.Entry) -> JSON {
        entry.json(isUnderWay: current?.campaign.id == entry.id)
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
