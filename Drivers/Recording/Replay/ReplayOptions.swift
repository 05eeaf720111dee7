/// How a recorded board is served again.
public struct ReplayOptions: Equatable, Sendable {
    /// How fast.
    public enum Speed: Equatable, Sendable {
        /// Everything at once, as soon as the host has sent what came before it.
        case max
        /// With the recorded pauses divided by this factor; > 0, 1 is as recorded.
        case factor(Double)
    }

    /// How a host's frame is compared with the recorded ones.
    public enum Matching: Equatable, Sendable {
        /// Type and payload must be the same, byte for byte.
        case exact
        /// The same, but a campaign's id may be another one; the board's frames then carry the host's id.
        /// The board's signatures do not fit any more.
        case mapCampaign
    }

    public var speed: Speed
    public var matching: Matching

    public init(speed: Speed = .max, matching: Matching = .mapCampaign) {
        self.speed = speed
        self.matching = matching
    }

    /// A recorded span at this speed.
    func scaled(_ nanoseconds: UInt64) -> Duration {
        switch speed {
        case .max: .zero
        case .factor(let factor):
            .nanoseconds(Int64(Swift.min(Double(nanoseconds) / Swift.max(factor, 1e-6), 9e17)))
        }
    }
}
