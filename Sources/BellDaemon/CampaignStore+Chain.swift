import BellCampaign
import BellCrypto
import BellHost
import BellModel

/// The chain of plans, as a campaign's evidence tells it.
extension CampaignStore {
    /// All plans but one, as they stand now.
    ///
    /// - Parameter own: The campaign that is begun.
    func chain(of number: UInt64, except own: CampaignID) throws(BellError) -> PlanChain {
        chain(of: number, in: try all(except: [own]))
    }

    /// All plans of a listing, without the one that is begun.
    func chain(of number: UInt64, in listing: Listing) -> PlanChain {
        let read = listing.entries.map { entry in
            PlanChain.Entry(
                number: entry.sealed.number, hash: entry.planHash, previous: entry.sealed.previous,
                name: entry.sealed.plan.name, sealedAt: entry.sealed.sealedAt, fate: fate(of: entry))
        }
        let damaged = listing.damaged.compactMap(\.sealed).map { sealed in
            PlanChain.Entry(
                number: sealed.number, hash: Blake2b.hash(text: sealed.json.text), previous: sealed.previous,
                name: sealed.plan.name, sealedAt: sealed.sealedAt, fate: .damaged)
        }
        return PlanChain(
            of: number, others: read + damaged, unnumbered: UInt64(listing.damaged.count - damaged.count))
    }

    private func fate(of entry: Entry) -> PlanChain.Fate {
        switch entry.state {
        case .sealed: return .sealed
        case .abandoned: return .abandoned
        case .stopped, .completed: break
        case .preparing, .running, .suspended, .paused, .finishing, .interrupted: return .unfinished
        }
        guard let path = entry.certificate, let bytes = try? readFile(path),
            let verdict = (try? JSON(parsing: bytes, source: path))?["verdict"]?.stringValue
        else { return .withoutCertificate }
        switch verdict {
        case "certified": return .certified
        case "not certified": return .notCertified
        default: return .invalid
        }
    }
}
