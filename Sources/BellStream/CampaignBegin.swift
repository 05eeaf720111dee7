public import BellModel

/// What the certifier must know of a campaign before its first trial; never changes.
public struct CampaignBegin: Equatable, Sendable {
    /// The sealed plan's object, as hashed.
    public var plan: JSON
    /// BLAKE2b-256 of the plan's canonical text.
    public var planHash: Digest
    /// The devices and their capabilities, as in the journal.
    public var devices: JSON
    /// Whether any device is a simulation.
    public var simulated: Bool
    /// Version of belld that runs the campaign.
    public var software: String
    /// The laboratory's other plans, as in the journal; null when they were not recorded.
    public var planChain: JSON
    /// What anchors the plan outside, as in the journal.
    public var anchors: JSON

    public init(
        plan: JSON, planHash: Digest, devices: JSON, simulated: Bool, software: String, planChain: JSON = .null,
        anchors: JSON = []
    ) {
        self.plan = plan
        self.planHash = planHash
        self.devices = devices
        self.simulated = simulated
        self.software = software
        self.planChain = planChain
        self.anchors = anchors
    }

    /// Equal when the canonical texts are: 5 and 5.0 are one number on the wire.
    public static func == (a: CampaignBegin, b: CampaignBegin) -> Bool { a.json.text == b.json.text }

    public var json: JSON {
        [
            "plan": plan, "plan_hash": .string(planHash.description), "devices": devices,
            "simulated": .bool(simulated), "software": .string(software), "plan_chain": planChain,
            "anchors": anchors,
        ]
    }

    public init(json: JSON) throws(BellError) {
        var reader = try JSONReader(json, path: "BEGIN")
        plan = try reader.value("plan")
        planHash = try reader.digest("plan_hash")
        devices = try reader.value("devices")
        simulated = try reader.bool("simulated")
        software = try reader.string("software")
        planChain = try reader.value("plan_chain")
        anchors = try reader.value("anchors")
        try reader.finish()
    }
}

extension JSONReader {
    /// A trial index: below 2^63, so that every database can hold it.
    mutating func index(_ key: String, path: String) throws(BellError) -> UInt64 {
        let value = try count(key)
        guard value <= UInt64(Int64.max) else {
            throw BellError(.jsonShape, "Expected an index below 2^63, found \(value).", at: "\(path).\(key)")
        }
        return value
    }
}
