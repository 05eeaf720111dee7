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
        line("trials", "\(plan.stop == nil ? "" : "at most ")\(NumberText.count(plan.trials))")
        line("per arm", NumberText.count(UInt64(plan.trialsPerArm)))
        line("per block", NumberText.count(plan.trialsPerBlock))
        line("S", "minus on \(plan.pattern.rawValue)")
        line("input bits", plan.inputBits == .board ? "from the boards" : "from the host (locality is assumed)")
        line("setting bias", "at most \(JSON.double(plan.settingBias).text)")
        line("locality", "a margin must exceed \(JSON.double(plan.localityK).text) uncertainties")
        line("loss rule", "a lost trial never wins (W = 0)")
        line("headline", claim(plan.headline))
        for other in plan.claims { line("claim", claim(other)) }
        if plan.stop != nil { line("stop rule", "ends at the first block's end at which the headline is met") }
        if let security = plan.security {
            line(
                "security",
                "at most \(JSON.double(security.total).text) in all, for a \(security.extractor.kind.rawValue) extractor "
                    + "of error \(JSON.double(security.extractor.epsilon).text), "
                    + "\(security.extractor.sideInformation.rawValue) side information")
        }
        line("pool", plan.pool.rawValue)
        line("on restart", plan.onRestart.rawValue)
        line("sequence", "\(Style.safe(plan.sequence) ?? "") (\(plan.sequenceHash.short)…)")
        line("disk", "about \(NumberText.bytes(Doctor.forecast(trials: plan.trials)))")
        line("hash", "\(bodyHash)")
        line("", "of the plan's body; number, predecessor and time are added when it is sealed")
        return text
    }

    static func claim(_ claim: Plan.Claim) -> String {
        func text(_ value: Double) -> String { JSON.double(value).text }
        return switch claim {
        case .localRealism(let significance, let test, _):
            "local realism is rejected at p ≤ \(text(significance))\(test == .binomial ? "" : " (\(test.rawValue))")"
        case .pironio(let thresholds, let delta, let epsilon):
            "min-entropy (Pironio), threshold J = \(thresholds.map(text).joined(separator: ", ")), "
                + "δ = \(text(delta)), ε′ = \(text(epsilon))"
        case .probabilityEstimation(let bits, let power, let epsilon, let kappa):
            "min-entropy (probability estimation) of \(text(bits)) bits, \(words(power)), ε = \(text(epsilon))"
                + (kappa.map { ", κ = \(text($0))" } ?? "")
        case .entropyAccumulation(let threshold, let smoothing, let event):
            "min-entropy (entropy accumulation), threshold J = \(text(threshold)), ε_s = \(text(smoothing)), "
                + "p_Ω = \(text(event))"
        }
    }

    private static func words(_ power: Plan.Power) -> String {
        switch power {
        case .fixed(let power): "β = \(JSON.double(power).text)"
        case .trained(let trials): "β chosen from the first \(NumberText.count(trials)) trials"
        }
    }
}
