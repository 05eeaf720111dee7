import BellCrypto
import BellModel
import BellSQLite

/// The first row of a journal, checked against its hashes.
struct StoredCampaign {
    let campaign: CampaignID
    let sealed: SealedPlan
    let planHash: Digest
    let devices: JSON
    let simulated: Bool
    let software: String

    init(_ database: Database) throws(BellError) {
        let place = "\(database.path), campaign"
        var found: (id: [UInt8], plan: String, hash: Digest, devices: String, simulated: Bool, software: String)?
        try database.prepare(
            "SELECT campaign, plan, plan_hash, devices, simulated, software, digest FROM campaign"
        ).rows { row throws(BellError) in
            guard let hash = Digest(bytes: try row.blob(2)), let digest = Digest(bytes: try row.blob(6)),
                let campaign = CampaignID(bytes: try row.blob(0)), (0...1).contains(try row.int64(4))
            else { throw StoredCampaign.mismatch("The campaign's row is damaged.", place) }
            let (plan, devices, software) = (try row.text(1), try row.text(3), try row.text(5))
            let simulated = try row.int64(4) == 1
            let expected = campaignDigest(
                campaign: campaign, plan: plan, planHash: hash, devices: devices, simulated: simulated,
                software: software)
            guard expected == digest else {
                throw StoredCampaign.mismatch(
                    "The campaign's row does not have the hash that it was written with.", place)
            }
            guard Blake2b.hash(text: plan) == hash else {
                throw StoredCampaign.mismatch("The sealed plan does not have its hash.", place)
            }
            found = (campaign.bytes, plan, hash, devices, simulated, software)
        }
        guard let found, let campaign = CampaignID(bytes: found.id) else {
            guard try database.value("SELECT count(*) FROM arm") == .int(0) else {
                throw BellError(
                    .journalDamaged, "The campaign's row was removed.", at: place,
                    fix: "restore the journal from a copy")
            }
            throw BellError(
                .journalUnborn, "The journal has no campaign: it was killed while being created.", at: place,
                state: "no trial was run", fix: "remove the campaign's folder and start the campaign again")
        }
        self.campaign = campaign
        planHash = found.hash
        simulated = found.simulated
        software = found.software
        sealed = try SealedPlan(json: try JSON(parsing: found.plan, source: "\(place), plan"))
        devices = try JSON(parsing: found.devices, source: "\(place), devices")
    }

    static func mismatch(_ what: String, _ place: String) -> BellError {
        BellError(.journalHash, what, at: place, fix: "restore the journal from a copy; it proves nothing as it is")
    }
}

/// BLAKE2b-256 of all columns of the campaign's row.
func campaignDigest(
    campaign: CampaignID, plan: String, planHash: Digest, devices: String, simulated: Bool, software: String
) -> Digest {
    var hash = Blake2b()
    hash.update(text: "bell journal campaign 1")
    hash.update(campaign.bytes)
    hash.update(text: plan)
    hash.update(planHash.bytes)
    hash.update(text: devices)
    hash.update(simulated ? 1 : 0)
    hash.update(text: software)
    return hash.finish()
}
