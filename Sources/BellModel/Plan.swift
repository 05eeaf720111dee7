/// What a campaign will do and claim, fixed before its first trial.
///
/// A person writes it as YAML (`BellCampaign` parses it); sealed, it is canonical JSON and a hash.
public struct Plan: Equatable, Sendable {
    /// The most bytes of a name, UTF-8: it stands in every later certificate of the state directory.
    public static let mostNameBytes = 200

    /// At most ``mostNameBytes``.
    public var name: String
    /// Planned trials, n; > 0. With a stop rule the most.
    public var trials: UInt64
    /// At most this many trials a trigger run.
    public var trialsPerArm: UInt32
    /// Trials under one frozen calibration; a multiple of nothing, the last block may be shorter.
    public var trialsPerBlock: UInt64
    /// Sign pattern of S.
    public var pattern: CHSHPattern
    public var inputBits: InputBitSource
    /// Where host bits come from (docs/host-bits.md); nil for board bits.
    public var hostBits: PerNode<String>?
    /// Declared bound μ: each setting bit has a probability in [½ − μ, ½ + μ] given the past. 0 ≤ μ < ½.
    public var settingBias: Double
    /// A margin must exceed k·u.
    public var localityK: Double
    /// The claim that decides the verdict.
    public var headline: Claim
    /// Further registered claims.
    public var claims: [Claim]
    public var pool: Pool
    public var onRestart: RestartPolicy
    /// Name, as in the plan file, and BLAKE2b-256 of the sequence file that will be played.
    public var sequence: String
    public var sequenceHash: Digest
    /// What happens between blocks; nil when nothing does.
    public var maintenance: MaintenancePlan?
    /// What the headline's errors may add up to, and how its bits will be extracted; nil when nothing is promised.
    public var security: Security?
    /// When the data may end the campaign before n; nil for a fixed n.
    public var stop: Stop?

    /// Who may see the outcomes.
    public enum Pool: String, CaseIterable, Sendable { case `public`, `private` }

    /// What the daemon does with an unfinished campaign when it starts.
    public enum RestartPolicy: String, CaseIterable, Sendable { case resume, wait }

    public init(
        name: String, trials: UInt64, trialsPerArm: UInt32, trialsPerBlock: UInt64, pattern: CHSHPattern,
        inputBits: InputBitSource, hostBits: PerNode<String>?, settingBias: Double, localityK: Double,
        headline: Claim, claims: [Claim], pool: Pool, onRestart: RestartPolicy, sequence: String,
        sequenceHash: Digest, maintenance: MaintenancePlan? = nil, security: Security? = nil, stop: Stop? = nil
    ) {
        self.name = name
        self.trials = trials
        self.trialsPerArm = trialsPerArm
        self.trialsPerBlock = trialsPerBlock
        self.pattern = pattern
        self.inputBits = inputBits
        self.hostBits = hostBits
        self.settingBias = settingBias
        self.localityK = localityK
        self.headline = headline
        self.claims = claims
        self.pool = pool
        self.onRestart = onRestart
        self.sequence = sequence
        self.sequenceHash = sequenceHash
        self.maintenance = maintenance
        self.security = security
        self.stop = stop
    }
}

/// A plan in its chain: nothing in it can be changed any more.
public struct SealedPlan: Equatable, Sendable {
    public var plan: Plan
    /// Place in this laboratory's chain of plans, from 1.
    public var number: UInt64
    /// Hash of the plan before, or zeroes.
    public var previous: Digest
    /// Wall clock, ISO 8601 UTC: the laboratory's own word.
    public var sealedAt: String
    /// A beacon's pulse from before the sealing; nil when none is quoted.
    public var beacon: BeaconPulse?

    public init(plan: Plan, number: UInt64, previous: Digest, sealedAt: String, beacon: BeaconPulse? = nil) {
        self.plan = plan
        self.number = number
        self.previous = previous
        self.sealedAt = sealedAt
        self.beacon = beacon
    }

    /// The object whose canonical text is hashed. Losses always score W = 0: it is stated, not chosen.
    public var json: JSON {
        var object: [String: JSON] = [
            "version": 1, "number": JSON(count: number), "previous": .string(previous.description),
            "sealed_at": .string(sealedAt), "name": .string(plan.name), "trials": JSON(count: plan.trials),
            "trials_per_arm": .int(Int64(plan.trialsPerArm)), "trials_per_block": JSON(count: plan.trialsPerBlock),
            "chsh_minus_on": .string(plan.pattern.rawValue),
            "input_bits": plan.inputBits == .board ? "board" : "host",
            "host_bits": plan.hostBits.map { ["alice": .string($0.alice), "bob": .string($0.bob)] } ?? .null,
            "setting_bias": .double(plan.settingBias), "locality_k": .double(plan.localityK),
            "headline": plan.headline.json, "claims": .array(plan.claims.map(\.json)),
            "pool": .string(plan.pool.rawValue), "on_restart": .string(plan.onRestart.rawValue),
            "loss_rule": "win=0", "sequence": .string(plan.sequence),
            "sequence_hash": .string(plan.sequenceHash.description),
        ]
        // Plans without them read, and hash, as they always did.
        if let maintenance = plan.maintenance { object["calibration"] = maintenance.json }
        if let security = plan.security { object["security"] = security.json }
        if let stop = plan.stop { object["stop"] = stop.json }
        if let beacon { object["beacon"] = beacon.json }
        return .object(object)
    }

    /// Reads a sealed plan from the journal or a certificate.
    ///
    /// - Throws: `json.shape` for an unknown version, an unknown key or a value that no plan can have.
    public init(json: JSON, path: String = "plan") throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func wrong(_ key: String) -> BellError {
            BellError(.jsonShape, "No plan can have this value: \(json[key]?.text ?? "null").", at: "\(path).\(key)")
        }
        guard try reader.int("version") == 1 else { throw wrong("version") }
        number = try reader.count("number")
        guard let previous = Digest(hex: try reader.string("previous")) else { throw wrong("previous") }
        self.previous = previous
        sealedAt = try reader.string("sealed_at")
        beacon = try reader.optional("beacon").map { (json) throws(BellError) in
            try BeaconPulse(json: json, path: "\(path).beacon")
        }
        guard let pattern = CHSHPattern(rawValue: try reader.string("chsh_minus_on")) else {
            throw wrong("chsh_minus_on")
        }
        let bits: InputBitSource
        switch try reader.string("input_bits") {
        case "board": bits = .board
        case "host": bits = .host
        default: throw wrong("input_bits")
        }
        var hostBits: PerNode<String>?
        if let sources = reader.optional("host_bits") {
            guard let alice = sources["alice"]?.stringValue, let bob = sources["bob"]?.stringValue else {
                throw wrong("host_bits")
            }
            hostBits = PerNode(alice: alice, bob: bob)
        }
        guard let pool = Plan.Pool(rawValue: try reader.string("pool")) else { throw wrong("pool") }
        guard let restart = Plan.RestartPolicy(rawValue: try reader.string("on_restart")) else {
            throw wrong("on_restart")
        }
        guard try reader.string("loss_rule") == "win=0" else { throw wrong("loss_rule") }
        guard let sequenceHash = Digest(hex: try reader.string("sequence_hash")) else { throw wrong("sequence_hash") }
        guard let perArm = UInt32(exactly: try reader.int("trials_per_arm")), perArm > 0 else {
            throw wrong("trials_per_arm")
        }
        var claims: [Plan.Claim] = []
        for (i, claim) in try reader.array("claims").enumerated() {
            claims.append(try Plan.Claim(json: claim, path: "\(path).claims[\(i)]"))
        }
        let maintenance = try reader.optional("calibration").map { (json) throws(BellError) in
            try MaintenancePlan(json: json, path: "\(path).calibration")
        }
        let security = try reader.optional("security").map { (json) throws(BellError) in
            try Plan.Security(json: json, path: "\(path).security")
        }
        let stop = try reader.optional("stop").map { (json) throws(BellError) in
            try Plan.Stop(json: json, path: "\(path).stop")
        }
        let name = try reader.string("name")
        guard name.utf8.count <= Plan.mostNameBytes else {
            throw BellError(
                .jsonShape, "The plan's name has \(name.utf8.count) bytes, more than \(Plan.mostNameBytes).",
                at: "\(path).name")
        }
        plan = Plan(
            name: name, trials: try reader.count("trials"), trialsPerArm: perArm,
            trialsPerBlock: try reader.count("trials_per_block"), pattern: pattern, inputBits: bits,
            hostBits: hostBits, settingBias: try reader.double("setting_bias"),
            localityK: try reader.double("locality_k"),
            headline: try Plan.Claim(json: try reader.value("headline"), path: "\(path).headline"), claims: claims,
            pool: pool, onRestart: restart, sequence: try reader.string("sequence"), sequenceHash: sequenceHash,
            maintenance: maintenance, security: security, stop: stop)
        try reader.finish()
        guard plan.trials > 0 else { throw wrong("trials") }
        guard plan.trialsPerBlock > 0 else { throw wrong("trials_per_block") }
        guard plan.settingBias >= 0, plan.settingBias < 0.5 else { throw wrong("setting_bias") }
        guard plan.localityK > 0 else { throw wrong("locality_k") }
        if plan.stop != nil, let obstacle = Plan.obstacle(toStoppingWith: plan.headline, plan.claims) {
            throw BellError(.jsonShape, obstacle, at: "\(path).stop", fix: Plan.stoppingAdvice)
        }
        if let security = plan.security {
            let budget = plan.headline.errorBudget(extractor: security.extractor.epsilon)
            guard let budget, budget.total <= security.total else { throw wrong("security") }
        }
        for (i, claim) in ([plan.headline] + plan.claims).enumerated() where (claim.training ?? 0) >= plan.trials {
            throw BellError(
                .jsonShape, "No trials are left after the training's \(claim.training ?? 0).",
                at: i == 0 ? "\(path).headline.training" : "\(path).claims[\(i - 1)].training")
        }
    }
}
