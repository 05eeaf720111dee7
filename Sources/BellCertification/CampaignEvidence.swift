import BellAudit
public import BellCrypto
import BellJournal
public import BellModel
public import BellStatistics

/// All that a certificate is made of: the plan, what was done, and the counts.
public struct CampaignEvidence: Equatable, Sendable {
    /// How a campaign ended; an interrupted one has no certificate.
    public enum End: Equatable, Sendable {
        /// All n trials were started.
        case completed
        /// The sealed stop rule was met at the end of the last block, before n.
        case stoppedByRule
        /// A person stopped it before n; the rest are losses.
        case stopped(reason: String)
    }

    public let campaign: CampaignID
    public let sealed: SealedPlan
    /// BLAKE2b-256 of the sealed plan's canonical text.
    public let planHash: Digest
    /// Both boards with their capabilities and keys, as in the journal.
    public let devices: JSON
    /// With whose keys the nodes' chunks are signed (`devices.<node>.key`); nil for a node without one.
    public let keys: PerNode<ChunkKey?>
    /// Whether anything that made the data was a simulation.
    public let simulated: Bool
    /// The belld that ran the campaign.
    public let software: String
    /// The laboratory's other plans and the outside anchors, from before the first trial.
    public let record: PlanRecord
    /// In the order of their trials, without a gap from index 0 on.
    public let blocks: [BlockEvidence]
    /// Evaluated at the end of every arm.
    public let eProcess: EProcessResult
    /// Bets that learn from the arms before; every arm a batch.
    public let predictionRatio: EProcessResult
    /// What the plan's probability estimations choose their powers from.
    public let training: Training
    /// Of the valid trials' setting bits.
    public let settingHealth: PerNode<SettingExtremes>
    public let end: End

    /// Wraps the evidence and checks that it does not contradict itself.
    ///
    /// - Throws: `json.shape` for a key that is none; `certificate.evidence`, with everything found: a plan of another hash, blocks that leave a gap or pass
    ///   n, a campaign that is called complete before n or stopped by a rule that was not met or was met before its last block, an e-process or health tests of other counts, an audit with another k or
    ///   another source of input bits than the plan's or other tick rates than the devices', simulated boards or
    ///   records in a campaign that is not called simulated, a bias no model allows, one key for both nodes, valid trials without a chunk, a key of
    ///   belld's for a board that has one, an anchor of another plan.
    public init(
        campaign: CampaignID, sealed: SealedPlan, planHash: Digest, devices: JSON, simulated: Bool, software: String,
        record: PlanRecord = PlanRecord(), blocks: [BlockEvidence], eProcess: EProcessResult,
        predictionRatio: EProcessResult, training: Training, settingHealth: PerNode<SettingExtremes>, end: End
    ) throws(BellError) {
        self.campaign = campaign
        self.sealed = sealed
        self.planHash = planHash
        self.devices = devices
        keys = try PerNode<ChunkKey?>(devices: devices, path: "devices")
        self.simulated = simulated
        self.software = software
        self.record = record
        self.blocks = blocks
        self.eProcess = eProcess
        self.predictionRatio = predictionRatio
        self.training = training
        self.settingHealth = settingHealth
        self.end = end
        if let error = BellError.all(contradictions()) { throw error }
    }

    /// Trials that were started.
    public var started: UInt64 { blocks.last?.nextIndex ?? 0 }

    /// All counts; trials of the sealed n that were not run are losses, unless the sealed stop rule was met.
    public var tally: TrialTally { end == .stoppedByRule ? played : sealedTally }

    /// All counts, with every trial of the sealed n that was not run as a loss: what a bound of a fixed n is of.
    public var sealedTally: TrialTally {
        var tally = played
        tally.add(TrialStatus(loss: .notRun), times: sealed.plan.trials - min(sealed.plan.trials, started))
        return tally
    }

    /// Counts of the trials that were run.
    var played: TrialTally { blocks.reduce(into: TrialTally()) { $0 += $1.tally } }

    private func contradictions() -> [BellError] {
        var errors: [BellError] = []
        func found(_ what: String, _ place: String) {
            errors.append(BellError(.certificateEvidence, what, at: place))
        }
        let plan = sealed.plan
        if Blake2b.hash(text: sealed.json.text) != planHash {
            found("The sealed plan's hash is \(Blake2b.hash(text: sealed.json.text)), not \(planHash).", "plan_hash")
        }
        if plan.trials > WinCount.mostTrials { found("No campaign can have \(plan.trials) trials.", "plan.trials") }
        if LocalModel(settingBias: plan.settingBias) == nil {
            found("No bias of settings can be \(plan.settingBias).", "plan.setting_bias")
        }
        for node in Node.allCases where devices[node.name]?["simulated"]?.boolValue == true && !simulated {
            found("The board is simulated, the campaign is not called so.", "devices.\(node.name).simulated")
        }
        if let alice = keys.alice, alice.bytes == keys.bob?.bytes {
            found("Both nodes' chunks are signed by one key.", "devices.bob.key")
        }
        for node in Node.allCases {
            guard let key = keys[node], let hasOwn = devices[node.name]?["has_signing_key"]?.boolValue else { continue }
            if hasOwn != (key.holder == .board) {
                found(
                    "The board has \(hasOwn ? "a key of its own" : "no key"), its chunks' key is called "
                        + "\(key.holder.rawValue)'s.", "devices.\(node.name).key.holder")
            }
        }
        for (i, anchor) in record.anchors.enumerated() {
            do throws(BellError) { try anchor.check(sealed, place: "anchors[\(i)]") } catch {
                found(error.what, "anchors[\(i)]")
            }
        }
        if let pulse = sealed.beacon, let sealedAt = UTCTime(sealed.sealedAt),
            pulse.time.seconds(since: sealedAt) > BeaconPulse.clockTolerance
        {
            found("The plan quotes a pulse of \(pulse.time), and was sealed at \(sealed.sealedAt).", "plan.beacon")
        }
        if let chain = record.chain, chain.head < sealed.number {
            found("The chain of plans ends at \(chain.head), the plan is number \(sealed.number).", "plan_chain.head")
        }
        var next: UInt64 = 0
        var number: UInt64?
        for (i, block) in blocks.enumerated() {
            if block.firstIndex != next {
                found("The block begins at trial \(block.firstIndex), not at \(next).", "blocks[\(i)].first_index")
            }
            if let number, block.number <= number {
                found("Block \(block.number) follows block \(number).", "blocks[\(i)].number")
            }
            if block.audit.k != plan.localityK {
                found("Audited with k = \(block.audit.k), sealed is \(plan.localityK).", "blocks[\(i)].audit.k")
            }
            if block.audit.inputBits != plan.inputBits {
                found("Audited for another source of input bits than is sealed.", "blocks[\(i)].audit.input_bits")
            }
            if block.audit.simulated != simulated {
                found("Audited for \(simulated ? "real" : "simulated") records.", "blocks[\(i)].audit.simulated")
            }
            for node in Node.allCases where block.tally.valid > 0 && block.signatures[node].chunks == 0 {
                found("There are valid trials, but not one chunk of \(node.name).", "blocks[\(i)].signatures")
            }
            for node in Node.allCases {
                guard let stated = devices[node.name]?["tick_rate_hz"]?.doubleValue else { continue }
                let rate = block.audit.tickRates[node].hertz
                if rate != stated {
                    found("Audited with \(rate) Hz, the board counts \(stated) Hz.", "blocks[\(i)].audit.\(node.name)")
                }
            }
            (next, number) = (block.nextIndex, block.number)
        }
        if next > plan.trials {
            found("\(next) trials were started, sealed are \(plan.trials).", "blocks")
        } else if end == .completed, next < plan.trials {
            found("The campaign is called completed after \(next) of \(plan.trials) trials.", "end.state")
        }
        if errors.isEmpty {
            let wins = WinCount(played, pattern: plan.pattern)
            for (test, place) in [(eProcess, "e_process"), (predictionRatio, "prediction_ratio")]
            where test.trials != wins.trials || test.wins != wins.wins {
                found(
                    "The test took \(test.wins) wins of \(test.trials) trials, the blocks have \(wins.wins) of "
                        + "\(wins.trials).", place)
            }
            if let contradiction = training.contradiction(wins, trialsPerArm: plan.trialsPerArm) {
                found(contradiction, "training")
            }
            let counts = played
            for node in Node.allCases {
                let ones = counts.ones(of: node)
                if let what = settingHealth[node].contradiction(
                    ones: ones, zeroes: counts.valid - ones, started: next)
                {
                    found("The health tests contradict the counts: \(what).", "rng_health.\(node.name)")
                }
            }
        }
        if errors.isEmpty { errors = stopContradictions() }
        return errors
    }
}

extension CampaignEvidence {
    /// The members of the certificate that are evidence; everything else follows from them.
    var members: [String: JSON] {
        [
            "campaign": .string(campaign.description), "plan": sealed.json,
            "plan_hash": .string(planHash.description), "devices": devices, "simulated": .bool(simulated),
            "software": .string(software), "blocks": .array(blocks.map(\.json)), "e_process": eProcess.json,
            "prediction_ratio": predictionRatio.json, "training": training.json, "rng_health": settingHealth.json,
            "plan_chain": record.chainJSON, "anchors": record.anchorsJSON, "end": end.json,
        ]
    }

    /// Reads those members, in the order in which a reader of errors would look.
    init(_ reader: inout JSONReader) throws(BellError) {
        guard let campaign = CampaignID(hex: try reader.string("campaign")) else {
            throw BellError(.jsonShape, "Expected 32 hexadecimal digits.", at: "certificate.campaign")
        }
        var blocks: [BlockEvidence] = []
        let sealed = try SealedPlan(json: try reader.value("plan"), path: "certificate.plan")
        for (i, block) in try reader.array("blocks").enumerated() {
            blocks.append(try BlockEvidence(json: block, path: "certificate.blocks[\(i)]"))
        }
        try self.init(
            campaign: campaign, sealed: sealed, planHash: try reader.digest("plan_hash"),
            devices: try reader.value("devices"), simulated: try reader.bool("simulated"),
            software: try reader.string("software"),
            record: try PlanRecord(
                chain: try reader.value("plan_chain"), anchors: try reader.value("anchors"), path: "certificate"),
            blocks: blocks,
            eProcess: try EProcessResult(json: try reader.value("e_process"), path: "certificate.e_process"),
            predictionRatio: try EProcessResult(
                json: try reader.value("prediction_ratio"), path: "certificate.prediction_ratio"),
            training: try Training(
                json: try reader.value("training"), plan: sealed.plan, path: "certificate.training"),
            settingHealth: try PerNode<SettingExtremes>(
                json: try reader.value("rng_health"), path: "certificate.rng_health"),
            end: try End(json: try reader.value("end"), path: "certificate.end"))
    }
}

extension CampaignEvidence.End {
    var json: JSON {
        switch self {
        case .completed: ["state": "completed", "reason": .null]
        case .stoppedByRule: ["state": "stopped-by-rule", "reason": .null]
        case .stopped(let reason): ["state": "stopped", "reason": .string(reason)]
        }
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let reason = reader.optional("reason")
        switch try reader.string("state") {
        case "completed": self = .completed
        case "stopped-by-rule": self = .stoppedByRule
        case "stopped": self = .stopped(reason: reason?.stringValue ?? "")
        case let other:
            throw BellError(
                .jsonShape, "Expected completed, stopped-by-rule or stopped, found \"\(other.prefix(80))\".",
                at: "\(path).state")
        }
        try reader.finish()
    }
}
