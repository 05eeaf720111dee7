import BellAudit
import BellCampaign
import BellModel
import BellStatistics

extension CampaignSnapshot {
    /// The member `campaign` of the status object; docs/control-protocol.md lists the keys.
    ///
    /// - Parameters:
    ///   - certifier: Whether bellcert is connected, and one past the last index that it has on disk.
    ///   - certificate: The certificate's path when it exists.
    ///   - hostBits: How the host's sources of input bits are, by node; empty when the boards make them.
    func json(
        certifier: (connected: Bool, acknowledged: UInt64), certificate: String?, hostBits: [Node: HostBitStatus]
    ) -> JSON {
        var losses: [String: JSON] = [:]
        for cause in LossCause.allCases where tally.losses(cause) > 0 {
            losses[cause.name] = JSON(count: tally.losses(cause))
        }
        let plan = sealed.plan
        let live = LocalModel(settingBias: plan.settingBias).map {
            LiveStatistics(tally, pattern: plan.pattern, model: $0)
        }
        let remaining = plan.trials - min(plan.trials, tally.trials)
        return [
            "campaign": .string(id.description), "number": JSON(count: sealed.number), "name": .string(plan.name),
            "state": .string(state.rawValue), "reason": reason.map { .string($0.what) } ?? .null,
            "error": reason?.json ?? .null, "trials": JSON(count: plan.trials), "done": JSON(count: tally.trials),
            "started": JSON(count: started), "valid": JSON(count: tally.valid), "lost": JSON(count: tally.losses),
            "losses": .object(losses), "s": JSON(live?.chsh?.s), "s_error": JSON(live?.chsh?.standardError),
            "log10_p": .double(log10LivePValue), "log10_p_binomial": JSON(live?.log10PValue),
            "least_margin_ab_ns": JSON(margins.ab?.least.nanoseconds),
            "least_margin_ba_ns": JSON(margins.ba?.least.nanoseconds),
            "required_margin_ns": JSON(requiredMargin.map { $0 / 1000 }),
            "margins_unknown": JSON(count: margins.unknown), "trials_per_s": .double(rate),
            "eta_s": rate > 0 ? .double(Double(remaining) / rate) : .null,
            "block": block.map { JSON(count: $0) } ?? .null, "arm": JSON(count: arm),
            "certifier": [
                "connected": .bool(certifier.connected), "acknowledged": JSON(count: certifier.acknowledged),
            ],
            "host_bits": hostBits.isEmpty
                ? .null : .object(Dictionary(uniqueKeysWithValues: hostBits.map { ($0.name, $1.json) })),
            "certificate": JSON(certificate), "simulated": .bool(simulated), "pool": .string(plan.pool.rawValue),
            "stop_rule": plan.stop.map { ["when": .string($0.rawValue), "met": .bool(isStopRuleMet ?? false)] }
                ?? .null,
            "maintaining": .bool(isMaintaining), "needs_person": .bool(needsPerson),
            "rng_health": healthJSON,
        ]
    }

    /// What the settings' health tests have come to, their cut-offs, and those that failed, in words.
    var healthJSON: JSON {
        var object = health.json.objectValue ?? [:]
        object.merge(healthBudget.json.objectValue ?? [:]) { first, _ in first }
        object["failed"] = .array(alarms.map { .string($0.what) })
        return .object(object)
    }
}
