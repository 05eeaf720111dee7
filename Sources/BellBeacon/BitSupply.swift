public import BellModel

/// 512 certified bits and where they come from. Secret until their pulse is given out.
public struct CertifiedValue: Equatable, Sendable {
    public var value: Value512
    public var origin: PulseOrigin

    public init(value: Value512, origin: PulseOrigin) {
        self.value = value
        self.origin = origin
    }
}

/// Gives certified bits of public pools, each bit once and for ever.
public protocol BitSupply {
    /// The next 512 bits; nil while there are none.
    ///
    /// What it has returned is never returned again, also after a kill at any moment; what was about to be returned then is lost.
    mutating func take() throws(BellError) -> CertifiedValue?
}
