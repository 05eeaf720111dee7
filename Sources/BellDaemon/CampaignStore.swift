import BellCampaign
import BellHost
import BellJournal
import BellModel
import Glibc

extension BellError.Code {
    /// No campaign of that name is here.
    static let campaignUnknown = BellError.Code("campaign.unknown", exit: .usage)
    /// Another campaign is under way.
    static let campaignBusy = BellError.Code("campaign.busy", exit: .usage)
}

/// The campaigns of a state directory: one folder each, named by the campaign's identifier.
struct CampaignStore: Sendable {
    /// `<state>/campaigns`.
    let folder: String

    /// What a list shows of a campaign; read from its journal.
    struct Entry: Sendable {
        var id: CampaignID
        var sealed: SealedPlan
        var planHash: Digest
        var state: CampaignState
        var reason: String?
        var nextIndex: UInt64
        var certificate: String?
        var simulated: Bool
    }

    func folder(of id: CampaignID) -> String { "\(folder)/\(id)" }
    func journal(of id: CampaignID) -> String { "\(folder(of: id))/journal.sqlite" }
    func sequence(of id: CampaignID) -> String { "\(folder(of: id))/sequence.yaml" }

    /// Removes a campaign that never began: its plan could not be compiled.
    func discard(_ id: CampaignID) {
        for name in (try? folderContents(folder(of: id))) ?? [] { try? removeFile("\(folder(of: id))/\(name)") }
        rmdir(folder(of: id))
    }

    /// The certificate's path, or nil while there is none.
    func certificate(of id: CampaignID) -> String? {
        let path = "\(folder(of: id))/certificate.json"
        return fileExists(path) ? path : nil
    }

    /// All campaigns by number; folders that hold no journal are passed over.
    func all() throws(BellError) -> [Entry] {
        var entries: [Entry] = []
        for name in try folderContents(folder) {
            guard let id = CampaignID(hex: name), fileExists(journal(of: id)) else { continue }
            entries.append(try entry(id))
        }
        return entries.sorted { ($0.sealed.number, $0.id.description) < ($1.sealed.number, $1.id.description) }
    }

    /// One campaign.
    func entry(_ id: CampaignID) throws(BellError) -> Entry {
        let journal = try Journal.openReadOnly(at: journal(of: id))
        let (state, reason) = try journal.state()
        return Entry(
            id: id, sealed: journal.sealed, planHash: journal.planHash,
            state: CampaignState(rawValue: state) ?? .suspended, reason: reason, nextIndex: journal.nextIndex,
            certificate: certificate(of: id), simulated: journal.simulated)
    }

    /// Finds a campaign by number, identifier (or its beginning), `latest`, or nothing, which means the latest.
    func find(_ name: String?) throws(BellError) -> Entry {
        let entries = try all()
        if entries.isEmpty {
            throw BellError(
                .campaignUnknown, "There is no campaign yet.", at: folder,
                fix: "`bellctl campaign start PLAN` makes one")
        }
        let found: [Entry] =
            if let name, name != "latest" {
                if let number = UInt64(name), entries.contains(where: { $0.sealed.number == number }) {
                    entries.filter { $0.sealed.number == number }
                } else {
                    entries.filter { $0.id.description.hasPrefix(name) || $0.sealed.plan.name == name }
                }
            } else {
                Array(entries.suffix(1))
            }
        guard let entry = found.last, found.count == 1 || name == found.first?.sealed.plan.name else {
            throw BellError(
                .campaignUnknown,
                "\(found.isEmpty ? "No" : "More than one") campaign is called \"\(name ?? "latest")\".", at: folder,
                fix: "see `bellctl campaign list`")
        }
        return entry
    }
}

extension CampaignStore.Entry {
    /// One row of `campaign.list`.
    var json: JSON {
        [
            "campaign": .string(id.description), "number": JSON(count: sealed.number),
            "name": .string(sealed.plan.name), "state": .string(state.rawValue), "reason": JSON(reason),
            "trials": JSON(count: sealed.plan.trials), "done": JSON(count: nextIndex),
            "sealed_at": .string(sealed.sealedAt), "plan_hash": .string(planHash.description),
            "certificate": JSON(certificate), "pool": .string(sealed.plan.pool.rawValue),
            "simulated": .bool(simulated),
        ]
    }
}
