public import BellModel

/// Where a pulse's 512 random bits come from: a public pool of certified bits, and the place in it.
///
/// An addition of ours to the standard's pulse, as the member `pool`; it is signed, because the hash of its canonical JSON
/// stands where the standard names an outside source, in `external.sourceId`.
public struct PulseOrigin: Hashable, Sendable {
    /// The certified campaign whose extracted bits these are.
    public var campaign: CampaignID
    /// The first of them in the campaign's `bits.bin`, counted from 0.
    public var firstBit: UInt64
    /// Whether the campaign's qubits were simulated.
    public var isSimulated: Bool

    public init(campaign: CampaignID, firstBit: UInt64, isSimulated: Bool) {
        self.campaign = campaign
        self.firstBit = firstBit
        self.isSimulated = isSimulated
    }

    /// `{"campaign", "firstBit", "simulated"}`.
    public var json: JSON {
        [
            "campaign": .string(campaign.description), "firstBit": JSON(count: firstBit),
            "simulated": .bool(isSimulated),
        ]
    }

    /// Reads ``json``.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let campaign = try reader.string("campaign")
        firstBit = try reader.count("firstBit")
        isSimulated = try reader.bool("simulated")
        try reader.finish()
        guard let id = CampaignID(hex: campaign), id.description == campaign else {
            throw BellError(.jsonShape, "Expected 32 hexadecimal digits.", at: "\(path).campaign")
        }
        self.campaign = id
    }

    /// SHA-512 of the canonical JSON.
    public var sourceID: Value512 { Value512.hash(Array(json.text.utf8)) }
}
