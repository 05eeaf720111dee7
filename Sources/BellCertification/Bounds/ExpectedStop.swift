import BellModel
import BellStatistics

/// Where a stop rule ends a campaign whose data come out as expected.
public struct ExpectedStop: Equatable, Sendable {
    /// About the fewest trials with which the headline is met.
    public let trials: UInt64
    /// The block's end after them, at most n.
    public let blockEnd: UInt64
    /// n.
    let most: UInt64

    /// Halves an interval; nil when the headline is not met by all of `data`.
    init?(_ plan: Plan, _ data: ExpectedData) throws(BellError) {
        func isMet(_ n: UInt64) throws(BellError) -> Bool {
            let data = try ExpectedData(trials: n, s: data.s, settingBias: data.settingBias)
            return PlanForecast.finding(plan.headline, isHeadline: true, plan, data).holds
        }
        var (low, high) = (UInt64(0), data.trials)
        guard try isMet(high) else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try isMet(middle) { high = middle } else { low = middle }
        }
        trials = high
        most = data.trials
        let blocks = (high - 1) / plan.trialsPerBlock + 1
        let (end, overflow) = blocks.multipliedReportingOverflow(by: plan.trialsPerBlock)
        blockEnd = overflow ? data.trials : min(end, data.trials)
    }

    var json: JSON { ["headline_met_at": JSON(count: trials), "block_end": JSON(count: blockEnd)] }

    /// For people.
    var words: String {
        "the headline would be met after about \(NumberText.count(trials)) trials, and the campaign end with their block at "
            + "\(NumberText.count(blockEnd)) of at most \(NumberText.count(most))"
    }
}
