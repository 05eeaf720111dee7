public import BellModel

/// Where pulses are read from: a beacon, or a file.
public protocol BeaconReader {
    /// How the place is called in errors.
    var name: String { get }
    /// A chain; nil: the last one.
    func chain(_ number: UInt64?) throws(BellError) -> ChainSummary
    /// The certificate with an id, checked against it.
    func certificate(_ id: Value512) throws(BellError) -> BeaconCertificate
    /// Some of the pulses of a range, from its first on, in order; empty only when there is none.
    func pulses(chain: UInt64, _ numbers: ClosedRange<UInt64>) throws(BellError) -> [Pulse]
    /// The way from the newest pulse of a chain back to one of its others.
    func skipList(chain: ChainSummary, to anchor: UInt64) throws(BellError) -> [Pulse]
}

/// What a beacon says of one of its chains.
public struct ChainSummary: Equatable, Sendable {
    public var number: UInt64
    /// The first and the last pulse's number; a file may begin later than at 1. Nil while there is no pulse.
    public var pulses: ClosedRange<UInt64>?
    public var certificateID: Value512
    /// What the beacon is doing; nil for a file.
    public var state: String?

    public init(number: UInt64, pulses: ClosedRange<UInt64>?, certificateID: Value512, state: String?) {
        self.number = number
        self.pulses = pulses
        self.certificateID = certificateID
        self.state = state
    }
}
