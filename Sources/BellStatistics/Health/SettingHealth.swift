public import BellModel

/// Both health tests of a node's setting bits, of fixed size, fed with the status bytes of a campaign's trials.
///
/// A lost trial's bit is not known and is skipped: neither a run nor a window ends with it, or a generator that is stuck
/// would pass as long as a trial is lost now and then. The bits of the valid trials keep to the declared bias as long as a
/// loss does not depend on its own trial's settings; where it does, the alarm is right, though not about the generator.
/// However the trials are cut into stretches, the value is the same.
/// - SeeAlso: NIST SP 800-90B (January 2018), section 4.4; docs/health.md.
public struct SettingHealth: Equatable, Sendable {
    public let node: Node
    public private(set) var repetition = RepetitionCount()
    public private(set) var proportion = AdaptiveProportion()
    /// Bits that were tested.
    public private(set) var bits: UInt64 = 0

    public init(_ node: Node) { self.node = node }

    /// Takes the next trials; 2 to 3 ns a trial.
    ///
    /// - Parameters:
    ///   - statuses: ``TrialStatus`` bytes in the order of their trials; what is no valid trial counts as lost.
    ///   - index: The first one's trial.
    public mutating func add(_ statuses: [UInt8], from index: UInt64) {
        // Local copies stay in registers.
        var (repetition, proportion, bits) = (repetition, proportion, bits)
        let shift: UInt8 = node == .alice ? 3 : 2
        var trial = index
        for status in statuses {
            if status < 16 {
                let bit = status >> shift & 1
                repetition.add(bit, at: trial)
                proportion.add(bit, at: trial)
                bits &+= 1
            }
            trial &+= 1
        }
        (self.repetition, self.proportion, self.bits) = (repetition, proportion, bits)
    }

    /// What the tests have come to.
    public var extremes: SettingExtremes {
        SettingExtremes(
            bits: bits, run: repetition.longest, runFrom: repetition.longestFrom, count: proportion.largest,
            countFrom: proportion.largestFrom)
    }
}

extension PerNode<SettingHealth> {
    /// Before the first trial.
    public init() { self.init { SettingHealth($0) } }

    /// Takes the next trials into both nodes' tests.
    public mutating func add(_ statuses: [UInt8], from index: UInt64) {
        alice.add(statuses, from: index)
        bob.add(statuses, from: index)
    }

    /// What the tests of both nodes have come to.
    public var extremes: PerNode<SettingExtremes> { map(\.extremes) }
}
