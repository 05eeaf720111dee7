public import BellModel

/// Bits of one pool that were given to one use, once and for ever.
public struct Withdrawal: Equatable, Sendable {
    /// What the bits of a pool are for.
    public enum Purpose: String, CaseIterable, Sendable {
        case key, beacon, picture

        /// The only kind of pool that may serve it: what everybody may see is no secret, and a secret is not shown.
        public var kind: Plan.Pool { self == .key ? .private : .public }
    }

    /// Its number in the ledger, from 1.
    public let id: Int64
    public let campaign: CampaignID
    /// Place of its first bit in `bits.bin`, from 0.
    public let first: UInt64
    /// How many bits; > 0.
    public let count: UInt64
    public let purpose: Purpose
    /// When it was committed, as ISO 8601 in UTC.
    public let time: String
}
