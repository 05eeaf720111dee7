import BellModel

/// What the losses say: which causes took a noticeable share, and which of them refutes an assumption.
///
/// A loss has the worst value in every bound already. So a share of losses is a reason only for a claim that fails, and never
/// refuses one that holds. The exception is a setting that is not the host's committed bit: no honest board
/// reports one, and a single one refutes that the boards play those bits. Copies that contradict each other are
/// `mispaired` like pulses that a board missed, which happens to the honest, and cost as much.
struct LossFinding: Equatable, Sendable {
    /// Causes with a noticeable share, the largest first, each in a sentence.
    let noticeable: [String]
    /// What stands against every claim.
    let objections: [String]

    /// Causes with more than this share of all trials are named; above what an honest laboratory may plan to lose.
    static let noticeableShare = 0.01

    init(_ tally: TrialTally) {
        let all = tally.trials
        noticeable = LossCause.allCases
            .filter {
                $0 != .hostBitMismatch && Double(tally.losses($0)) > LossFinding.noticeableShare * Double(all)
            }
            .sorted { tally.losses($0) > tally.losses($1) }
            .map { LossFinding.words($0, tally) }
        objections =
            tally.losses(.hostBitMismatch) == 0
            ? []
            : [LossFinding.words(.hostBitMismatch, tally) + ", so that the boards do not play them"]
    }

    private static func words(_ cause: LossCause, _ tally: TrialTally) -> String {
        let share = 100 * Double(tally.losses(cause)) / Double(max(1, tally.trials))
        return "\(NumberText.count(tally.losses(cause))) of \(NumberText.count(tally.trials)) trials "
            + "(\(share < 0.05 ? "below 0.1" : NumberText.fixed(share, 1)) %) were lost as \(cause.name): "
            + meaning(cause)
    }

    private static func meaning(_ cause: LossCause) -> String {
        switch cause {
        case .notRun: "the campaign ended before they were run"
        case .bothMissing: "no record of either node came back"
        case .aliceMissing: "no record of alice came back"
        case .bobMissing: "no record of bob came back"
        case .unhealthy: "a node reported a fault"
        case .locality: "their margins do not exceed k·u"
        case .clock: "the clock records disagree, run back or are missing, so that there is no common time"
        case .mispaired:
            "the halves name different pulses, copies of them contradict each other, a boot that was left returns, or "
                + "an event lies outside of its pulse's period"
        case .malformed: "a setting or outcome is neither 0 nor 1"
        case .hostBitMismatch: "their settings are not the bits that the host had committed to"
        }
    }
}
