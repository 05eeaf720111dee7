import BellCampaign
import BellControl
import BellHost
import BellModel

/// What a person asks of campaigns.
extension CampaignRunner {
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
        // Without a name, a sealed one that waits is not meant.
        var entry = try store.find(name)
        if name == nil, let begun = try store.all().entries.last(where: { $0.state != .sealed }) { entry = begun }
        guard !entry.state.isFinal, entry.state != .sealed else {
            throw BellError(
                .campaignUnknown, "Campaign \(entry.sealed.number) is \(entry.state.rawValue); it cannot go on.",
                at: store.folder(of: entry.id),
                fix: entry.state == .sealed
                    ? "begin it with `bellctl campaign start \(entry.sealed.number)`"
                    : "start a new one with `bellctl campaign start PLAN`")
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
            let snapshot = await current.campaign.snapshot()
            object["needs_person"] = .bool(snapshot.needsPerson)
            object["rng_health"] = snapshot.healthJSON
        }
        object["plan"] = entry.sealed.json
        return .object(object)
    }

    func row(_ entry: CampaignStore.Entry) -> JSON {
        entry.json(isUnderWay: current?.campaign.id == entry.id)
    }
}
