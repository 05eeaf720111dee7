import BellCampaign
import BellCrypto
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
        var simulated: Bool
        var certificate: String?
    }

    /// A campaign whose journal cannot be read: from a newer version, damaged, or gone. Its plan is known from the copy
    /// beside the journal, if that is there.
    struct Damaged: Sendable {
        var id: CampaignID
        var sealed: SealedPlan?
        var error: BellError
    }

    /// All campaigns: one that cannot be read takes nothing away from the others.
    struct Listing: Sendable {
        /// By number.
        var entries: [Entry] = []
        /// By identifier.
        var damaged: [Damaged] = []

        /// The end of the chain of plans: the last number and its plan's hash; nil before the first plan.
        var head: (number: UInt64, hash: Digest)? {
            var sealed = damaged.compactMap(\.sealed).map { ($0.number, Blake2b.hash(text: $0.json.text)) }
            sealed += entries.map { ($0.sealed.number, $0.planHash) }
            return sealed.max { $0.0 < $1.0 }.map { (number: $0.0, hash: $0.1) }
        }
    }

    func folder(of id: CampaignID) -> String { "\(folder)/\(id)" }
    func journal(of id: CampaignID) -> String { "\(folder(of: id))/journal.sqlite" }
    func sequence(of id: CampaignID) -> String { "\(folder(of: id))/sequence.yaml" }
    /// A copy of the sealed plan, so that the chain of plans does not break with a journal.
    func plan(of id: CampaignID) -> String { "\(folder(of: id))/plan.json" }

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

    /// All campaigns; folders that hold neither journal nor plan are passed over.
    ///
    /// - Parameter known: Campaigns that are left out.
    /// - Throws: `file.…` when the folder itself cannot be read.
    func all(except known: Set<CampaignID> = []) throws(BellError) -> Listing {
        var listing = Listing()
        for name in try folderContents(folder) {
            guard let id = CampaignID(hex: name), !known.contains(id),
                fileExists(journal(of: id)) || fileExists(plan(of: id))
            else { continue }
            do throws(BellError) {
                listing.entries.append(try entry(id))
            } catch {
                // Its making was cut short before its plan was sealed; else there was a campaign, and it stays listed.
                let traces = [plan(of: id), "\(folder(of: id))/cert.sqlite"]
                if error.code == .journalUnborn, !traces.contains(where: fileExists) { continue }
                let sealed = try? SealedPlan(json: JSON(parsing: readText(plan(of: id)), source: plan(of: id)))
                listing.damaged.append(Damaged(id: id, sealed: sealed, error: error))
            }
        }
        listing.entries.sort { ($0.sealed.number, $0.id.description) < ($1.sealed.number, $1.id.description) }
        return listing
    }

    /// One campaign.
    func entry(_ id: CampaignID) throws(BellError) -> Entry {
        let journal = try readable(journal(of: id))
        let (state, reason) = try journal.state()
        return Entry(
            id: id, sealed: journal.sealed, planHash: journal.planHash,
            state: CampaignState(rawValue: state) ?? .suspended, reason: reason.isEmpty ? nil : reason,
            nextIndex: journal.nextIndex, simulated: journal.simulated, certificate: certificate(of: id))
    }

    /// Opens a journal for reading; an older one is brought up to date first, so that it stays listed.
    private func readable(_ path: String) throws(BellError) -> Journal {
        do throws(BellError) {
            return try Journal.openReadOnly(at: path)
        } catch {
            guard error.code == .journalOlder else { throw error }
            return try Journal.open(at: path)
        }
    }

    /// How a campaign stands here, of which a board has kept something; one that cannot be read may go on.
    func standing(of id: CampaignID) -> CampaignStanding {
        guard fileExists(folder(of: id)) else { return .unknown }
        return (try? entry(id)).map { $0.state.isFinal ? .finished : .unfinished } ?? .unfinished
    }

    /// Finds a campaign by number, identifier (or its beginning), name, `latest`, or nothing, which means the latest.
    ///
    /// - Throws: `campaign.unknown`; for a damaged campaign what is wrong with it.
    func find(_ name: String?) throws(BellError) -> Entry {
        let listing = try all()
        let entries = listing.entries
        if let name, name != "latest" {
            if let broken = listing.damaged.first(where: { $0.isCalled(name) }) { throw broken.error }
            let numbered = entries.filter { String($0.sealed.number) == name }
            let found = numbered.isEmpty ? entries.filter { $0.id.description.hasPrefix(name) } : numbered
            if found.count == 1 { return found[0] }
            // Of several campaigns of one plan's name the latest is meant.
            if let last = entries.last(where: { $0.sealed.plan.name == name }) { return last }
        } else if let last = entries.last {
            return last
        }
        if entries.isEmpty {
            throw BellError(
                .campaignUnknown, "There is no campaign yet.", at: folder,
                fix: "`bellctl campaign start PLAN` makes one")
        }
        throw BellError(
            .campaignUnknown, "No one campaign is called \"\(name ?? "latest")\".", at: folder,
            fix: "see `bellctl campaign list`")
    }
}

extension CampaignStore.Damaged {
    /// The state that lists show.
    static let state = "damaged"

    fileprivate func isCalled(_ name: String) -> Bool {
        sealed.map { String($0.number) == name } ?? false || name.count >= 8 && id.description.hasPrefix(name)
    }

    /// One row of `campaign.list`.
    var json: JSON {
        [
            "campaign": .string(id.description), "number": sealed.map { JSON(count: $0.number) } ?? .null,
            "name": JSON(sealed?.plan.name), "state": .string(Self.state), "reason": .string(error.what),
            "error": error.json, "trials": sealed.map { JSON(count: $0.plan.trials) } ?? .null, "done": .null,
            "sealed_at": JSON(sealed?.sealedAt), "plan_hash": .null, "certificate": .null,
            "pool": JSON(sealed?.plan.pool.rawValue),
        ]
    }
}

extension CampaignStore.Entry {
    /// One row of `campaign.list`.
    ///
    /// - Parameter isUnderWay: Whether the daemon runs it; else a state that only a running campaign has is shown as
    ///   interrupted, which it is.
    func json(isUnderWay: Bool) -> JSON {
        let rests = state.isFinal || [.sealed, .paused, .finishing].contains(state) || isUnderWay
        return [
            "campaign": .string(id.description), "number": JSON(count: sealed.number),
            "name": .string(sealed.plan.name),
            "state": .string((rests ? state : .interrupted).rawValue), "reason": JSON(reason),
            "trials": JSON(count: sealed.plan.trials), "done": JSON(count: nextIndex),
            "sealed_at": .string(sealed.sealedAt), "plan_hash": .string(planHash.description),
            "certificate": JSON(certificate), "pool": .string(sealed.plan.pool.rawValue),
            "simulated": .bool(simulated),
        ]
    }
}
