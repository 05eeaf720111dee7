public import BellModel

/// What the audit says of one arm.
public struct ArmAudit: Equatable, Sendable {
    /// One ``TrialStatus`` byte a trial, in index order.
    public var statuses: [UInt8]
    /// The statuses counted; its trials are the arm's committed count, always.
    public var tally: TrialTally
    public var margins: MarginSummary
    /// Whether any record carries the simulated flag.
    public var simulated: Bool

    public init(statuses: [UInt8], tally: TrialTally, margins: MarginSummary, simulated: Bool) {
        self.statuses = statuses
        self.tally = tally
        self.margins = margins
        self.simulated = simulated
    }
}
