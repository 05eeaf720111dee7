import BellModel

/// The live line of `bellctl campaign watch`.
enum ProgressText {
    /// The fields right of the bar, which has its own percentage; most important first, because a narrow terminal
    /// loses the last ones.
    static func fields(_ campaign: CampaignView) -> [String] {
        var fields = [
            "S \(NumberText.value(campaign.s, error: campaign.sError))",
            NumberText.pValue(log10: campaign.log10P),
            "margin ≥ \(NumberText.fixed(campaign.leastMargin, 2)) ns",
            "losses \(NumberText.count(campaign.lossCount))",
            NumberText.rate(campaign.rate),
            "\(NumberText.duration(seconds: campaign.secondsLeft)) left",
        ]
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
