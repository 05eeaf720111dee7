public import BellModel

/// The cut-offs of the health tests of a campaign's settings, from the false alarms that the whole campaign may have.
///
/// The budget is split evenly over both nodes and both tests, then by the union bound over the n bits at which a run may
/// begin, or the ⌈n/1024⌉ windows. It holds for settings that keep to the declared bias in whatever way, memory included:
/// H = −log2(½ + μ) bits a setting bit, given all before it. It has nothing to do with the level of the consistency tests.
/// - SeeAlso: NIST SP 800-90B (January 2018), section 4.4, whose α is that of one sample.
public struct HealthBudget: Equatable, Sendable {
    /// The most that honest settings may fail any of the tests in a campaign.
    public static let ofCampaign = 1e-3

    /// The probability that is split.
    public let falseAlarms: Double

    /// The repetition count test fails at this many equal bits in a row.
    public let repetition: UInt64
    /// The adaptive proportion test fails when a window's first value comes this often in it; 1025: it cannot fail.
    public let proportion: UInt64

    /// - Parameters:
    ///   - trials: The sealed n; 0 is taken as 1.
    ///   - model: Declares the bias.
    ///   - falseAlarms: In 0..<1, 0 excluded.
    public init(trials: UInt64, _ model: LocalModel, falseAlarms: Double = HealthBudget.ofCampaign) {
        self.falseAlarms = falseAlarms
        let share = falseAlarms / 4
        let bits = max(1, trials)
        let windows = (bits - 1) / AdaptiveProportion.window + 1
        repetition = RepetitionCount.cutoff(alpha: share / Double(bits), model)
        proportion = AdaptiveProportion.cutoff(alpha: share / Double(windows), model)
    }

    /// `{"false_alarms", "repetition_cutoff", "proportion_cutoff", "window"}`.
    public var json: JSON {
        [
            "false_alarms": .double(falseAlarms), "repetition_cutoff": JSON(count: repetition),
            "proportion_cutoff": JSON(count: proportion), "window": JSON(count: AdaptiveProportion.window),
        ]
    }
}
