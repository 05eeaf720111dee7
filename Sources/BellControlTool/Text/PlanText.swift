import BellModel

/// The text of `bellctl campaign plan`.
enum PlanText {
    /// What a person decides: the sealed object without its number, predecessor and time, which are added on sealing.
    static func body(of plan: Plan) -> JSON {
        let sealed = SealedPlan(plan: plan, number: 0, previous: .zero, sealedAt: "")
        var members = sealed.json.objectValue ?? [:]
        for key in ["number", "previous", "sealed_at"] { members[key] = nil }
        return .object(members)
    }

    static func render(_ plan: Plan, bodyHash: Digest) -> String {
        var text = "plan \(Style.safe(plan.name) ?? "")\n"
        func line(_ label: String, _ value: String) {
            text += "  \(label)\(String(repeating: " ", count: max(1, 14 - label.count)))\(value)\n"
        }
        line("trials", NumberText.count(plan.trials))
        line("per arm", NumberText.count(UInt64(plan.trialsPerArm)))
        line("per block", NumberText.count(plan.trialsPerBlock))
        line("S", "minus on \(plan.pattern.rawValue)")
        line("input bits", plan.inputBits == .board ? "from the boards" : "from the host (locality is assumed)")
        line("setting bias", "at most \(JSON.double(plan.settingBias).text)")
        line("locality", "a margin must exceed \(JSON.double(plan.localityK).text) uncertainties")
        line("loss rule", "a lost trial never wins (W = 0)")
        line("headline", claim(plan.headline))
        for other in plan.claims { line("claim", claim(other)) }
        line("pool", plan.pool.rawValue)
        line("on restart", plan.onRestart.rawValue)
        line("sequence", "\(Style.safe(plan.sequence) ?? "") (\(plan.sequenceHash.short)…)")
        line("disk", "about \(NumberText.bytes(Doctor.forecast(trials: plan.trials)))")
        line("hash", "\(bodyHash)")
        line("", "of the plan's body; number, predecessor and time are added when it is sealed")
        return text
    }

    static func claim(_ claim: Plan.Claim) -> String {
        switch claim {
        case .localRealism(let significance):
            "local realism is rejected at p ≤ \(JSON.double(significance).text)"
        case .minEntropy(let threshold, let delta, let epsilon):
            "min-entropy (Pironio), threshold J = \(JSON.double(threshold).text), "
                + "δ = \(JSON.double(delta).text), ε′ = \(JSON.double(epsilon).text)"
        }
    }
}
