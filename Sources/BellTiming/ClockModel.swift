public import BellModel

/// The two clocks of one arm tied together by the shared pulse and the surveyed delays.
public struct ClockModel: Sendable {
    public let clocks: PerNode<NodeClock>
    /// Alice's pulse delay less bob's; nil when one was never surveyed.
    public let staticOffset: Picoseconds?

    /// Ties the clocks together.
    public init(records: PerNode<[ClockRecord]>, scales: PerNode<ClockScale>, survey: TimingSurvey) {
        clocks = PerNode(
            alice: NodeClock(records: records.alice, scale: scales.alice),
            bob: NodeClock(records: records.bob, scale: scales.bob))
        if let alice = survey.stations.alice.pulseDelay, let bob = survey.stations.bob.pulseDelay {
            staticOffset = alice - bob
        } else {
            staticOffset = nil
        }
    }

    /// The time at alice less the time at bob, of two ticks in the trial that `pulse` started.
    ///
    /// - Returns: Picoseconds in common time; nil when a clock cannot tell or the static offset is unknown.
    public func difference(aliceTick: UInt64, bobTick: UInt64, pulse: UInt64) -> Picoseconds? {
        guard let staticOffset, let alice = clocks.alice.time(of: aliceTick, after: pulse),
            let bob = clocks.bob.time(of: bobTick, after: pulse)
        else { return nil }
        return alice - bob + staticOffset
    }
}
