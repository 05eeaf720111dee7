import BellModel
import BellStatistics

extension CampaignEvidence {
    /// What stands against the way in which a campaign ended under its stop rule.
    ///
    /// Bits of probability estimation follow from the counts at each block's end. Of a p-value the evidence keeps the
    /// largest M and where it was reached: if that is before the last block, the rule was met too early. An M that was
    /// large enough earlier and larger later is found by those who have the arms, bellcert and `campaign verify`.
    func stopContradictions() -> [BellError] {
        guard let rule = StopRule(sealed.plan, training: training) else {
            guard end == .stoppedByRule else { return [] }
            return [
                BellError(
                    .certificateEvidence, "The campaign is said to have ended by a stop rule; none is sealed.",
                    at: "end.state")
            ]
        }
        var tally = TrialTally()
        var metAt: UInt64?
        for block in blocks {
            if let metAt, block.nextIndex > metAt {
                return [
                    BellError(
                        .certificateEvidence,
                        "Block \(block.number) was run although the sealed stop rule was met at trial \(metAt).",
                        at: "blocks")
                ]
            }
            tally += block.tally
            let isMet = rule.isMet(
                WinCount(tally, pattern: sealed.plan.pattern),
                log10WinCount: eProcess.trialsAtMax <= tally.trials ? eProcess.log10PValue : 0,
                log10Ratio: predictionRatio.trialsAtMax <= tally.trials ? predictionRatio.log10PValue : 0)
            if isMet { metAt = tally.trials }
        }
        let isEarly = metAt != nil && started < sealed.plan.trials
        guard isEarly != (end == .stoppedByRule) else { return [] }
        return [
            BellError(
                .certificateEvidence,
                isEarly
                    ? "The sealed stop rule was met at trial \(started); the campaign is said to have ended otherwise."
                    : "The campaign is said to have ended by its stop rule, which was not met with the last of its "
                        + "\(started) trials.", at: "end.state")
        ]
    }
}
