import BellModel

/// The live line of `bellctl campaign watch`.
enum ProgressText {
    /// The fields right of the bar, which has its own percentage; most important first, because a narrow terminal
    /// loses the last ones.
    static func fields(_ campaign: CampaignView) -> [String] {
        // A campaign of an earlier run: its certificate says more than four dashes.
        guard campaign.isLive else { return campaign.state.map { [stateText(campaign, $0)] } ?? [] }
        var fields = [
            "S \(NumberText.value(campaign.s, error: campaign.sError))",
            NumberText.pValue(log10: campaign.log10P),
            "losses \(NumberText.count(campaign.lossCount))",
        ]
        if !campaign.alarms.isEmpty { fields.insert("SETTINGS FAIL: see `bellctl status`", at: 0) }
        if let left = campaign.timeLeft { fields.append(left) }
        fields.append(
            campaign.leastMargin.map { "margin ≥ \(NumberText.fixed($0, 2)) ns" } ?? "margin \(NumberText.missing)")
        // Between blocks, and at the end, there is no speed; a zero would look like a defect.
        if let rate = campaign.rate, rate > 0 { fields.append(NumberText.rate(rate)) }
        if let state = campaign.state, state != "running" { fields.insert(stateText(campaign, state), at: 0) }
        return fields
    }

    /// One whole line, for logs and pipes.
    static func line(_ campaign: CampaignView) -> String {
        let state = campaign.state.map { stateText(campaign, $0) } ?? NumberText.missing
        var fields = [
            "campaign \(campaign.title)", state,
            "\(NumberText.count(campaign.done))/\(NumberText.count(campaign.trials))",
            NumberText.percent(campaign.fraction),
        ]
        fields += self.fields(campaign).filter { $0 != state }
        return fields.joined(separator: "  ")
    }

    private static func stateText(_ campaign: CampaignView, _ state: String) -> String {
        campaign.reason.map { "\(state) (\($0))" } ?? state
    }
}
