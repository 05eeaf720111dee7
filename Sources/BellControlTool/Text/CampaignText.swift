import BellModel

/// Texts about campaigns.
enum CampaignText {
    /// One campaign with a line for each thing that a person asks about.
    static func details(_ campaign: CampaignView, style: Style = .plain) -> String {
        var text = "campaign \(style.bold(campaign.title))  \(state(campaign.state, style: style))"
        if campaign.simulated == true { text += "  \(style.warn("SIMULATED"))" }
        if campaign.isMaintaining { text += "  between blocks: gates and calibrations" }
        text += "\n"
        if campaign.needsPerson {
            text += "  \(style.warn("NEEDS A PERSON"))  mend what the reason says, then `bellctl campaign resume`\n"
        }
        func line(_ label: String, _ value: String) {
            text += "  \(label)\(String(repeating: " ", count: max(1, 13 - label.count)))\(value)\n"
        }
        for alarm in campaign.alarms { line("settings", "\(style.warn("FAIL"))  \(alarm)") }
        if !campaign.alarms.isEmpty {
            line("", "the campaign will not be certified: `bellctl campaign stop`, and mend the generator")
        }
        if let reason = campaign.reason { line("reason", reason) }
        if let place = campaign.place { line("where", place) }
        if let fix = campaign.fix { line("fix", fix) }
        line("id", campaign.id ?? NumberText.missing)
        let rate = campaign.rate.map { $0 > 0 ? ", \(NumberText.rate($0))" : "" } ?? ""
        let left = campaign.timeLeft.map { ", \($0)" } ?? ""
        line(
            "trials",
            "\(NumberText.count(campaign.done)) of \(NumberText.count(campaign.trials))"
                + " (\(NumberText.percent(campaign.fraction)))\(rate)\(left)")
        if let isMet = campaign.isStopRuleMet {
            line(
                "stop rule",
                isMet ? "met: no further arm" : "may end early, at a block's end, once the headline is met")
        }
        if campaign.isLive { results(campaign, line) }
        line("pool", campaign.pool ?? NumberText.missing)
        line("certificate", campaign.certificate ?? NumberText.missing)
        return text
    }

    private static func results(_ campaign: CampaignView, _ line: (String, String) -> Void) {
        line("valid", NumberText.count(campaign.valid))
        line("losses", losses(campaign))
        line("S", NumberText.value(campaign.s, error: campaign.sError))
        line("p-value", "\(NumberText.pValue(log10: campaign.log10P)) for local realism, live (e-process)")
        let required = campaign.requiredMargin.map { "; each must exceed \(NumberText.fixed($0, 3)) ns" } ?? ""
        line(
            "margins",
            "least A→B \(NumberText.fixed(campaign.marginAB, 3)) ns, B→A \(NumberText.fixed(campaign.marginBA, 3)) ns"
                + required)
        line("block, arm", "\(NumberText.count(campaign.block)), \(NumberText.count(campaign.arm))")
        line("certifier", certifier(campaign))
    }

    /// All campaigns, one a row, in the order in which they were sealed.
    static func list(_ campaigns: [JSON], style: Style = .plain) -> String {
        var table = TextTable([
            ">no.", "name", "state", ">trials", ">done", "sealed", "certificate", "simulated", "campaign",
        ])
        for campaign in campaigns.compactMap(CampaignView.init).sorted(by: { ($0.number ?? 0) < ($1.number ?? 0) }) {
            table.add([
                NumberText.count(campaign.number), campaign.name ?? NumberText.missing,
                campaign.state ?? NumberText.missing, NumberText.count(campaign.trials),
                NumberText.count(campaign.done), campaign.sealedAt ?? NumberText.missing,
                campaign.certificate == nil ? "no" : "yes",
                campaign.simulated.map { $0 ? "yes" : "no" } ?? NumberText.missing,
                campaign.id ?? NumberText.missing,
            ])
        }
        if table.isEmpty { return "no campaign yet; start one with `bellctl campaign start PLAN`\n" }
        return table.text(indent: 0, style: style)
    }

    /// `12 (alice_missing 10, locality 2)`, or `0`.
    static func losses(_ campaign: CampaignView) -> String {
        guard let losses = campaign.losses else { return NumberText.missing }
        let total = NumberText.count(campaign.lossCount)
        if losses.isEmpty { return total }
        let causes = losses.map { "\($0.cause) \(NumberText.count($0.count))" }.joined(separator: ", ")
        return "\(total) (\(causes))"
    }

    static func state(_ state: String?, style: Style) -> String {
        guard let state else { return NumberText.missing }
        switch state {
        case "running", "completed", "ready", "connected": return style.good(state)
        case "suspended", "paused", "interrupted", "stopped", "abandoned": return style.warn(state)
        default: return state
        }
    }

    private static func certifier(_ campaign: CampaignView) -> String {
        guard let connected = campaign.certifierConnected else { return NumberText.missing }
        return "\(connected ? "connected" : "not connected"), \(NumberText.count(campaign.certifierAcknowledged))"
            + " trials acknowledged"
    }
}
