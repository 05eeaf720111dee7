/// Why a started trial does not count as valid. A loss is never fired again and scores W = 0.
///
/// The raw value is the high nibble of the stream's status byte; 0 there means valid.
public enum LossCause: UInt8, CaseIterable, Sendable {
    /// The campaign ended before the trial was run.
    case notRun = 1
    /// Neither node's record came back (abort, kill, reboot, lost spool).
    case bothMissing = 2
    /// Alice's record did not come back.
    case aliceMissing = 3
    /// Bob's record did not come back.
    case bobMissing = 4
    /// A node reported a fault flag for this trial.
    case unhealthy = 5
    /// A space-like margin was not above k·u, or a duration broke the offset-free sum check.
    case locality = 6
    /// The clocks could not be tied together for this trial.
    case clock = 7
    /// The two halves name different shared pulses, or a record contradicts its place.
    case mispaired = 8
    /// A setting or outcome was not 0 or 1.
    case malformed = 9
    /// The board reported another input bit than the host had committed to.
    case hostBitMismatch = 10

    /// The key in reports, for example `alice_missing`.
    public var name: String {
        switch self {
        case .notRun: "not_run"
        case .bothMissing: "both_missing"
        case .aliceMissing: "alice_missing"
        case .bobMissing: "bob_missing"
        case .unhealthy: "unhealthy"
        case .locality: "locality"
        case .clock: "clock"
        case .mispaired: "mispaired"
        case .malformed: "malformed"
        case .hostBitMismatch: "host_bit_mismatch"
        }
    }
}

/// One trial in one byte, as the outcome stream carries it.
///
/// Valid: `0000 xyab`. Lost: `cccc 0000` with the ``LossCause``; a lost trial's setting and outcome are not stated.
public struct TrialStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    /// Reads a status byte; nil when it is neither a valid trial nor a known loss.
    public init?(rawValue: UInt8) {
        if rawValue >= 16 { guard rawValue & 15 == 0, LossCause(rawValue: rawValue >> 4) != nil else { return nil } }
        self.rawValue = rawValue
    }

    /// A valid trial; each argument 0 or 1.
    public init(x: UInt8, y: UInt8, a: UInt8, b: UInt8) {
        rawValue = (x & 1) << 3 | (y & 1) << 2 | (a & 1) << 1 | (b & 1)
    }

    /// A lost trial.
    public init(loss: LossCause) { rawValue = loss.rawValue << 4 }

    /// Nil for a valid trial.
    public var loss: LossCause? { LossCause(rawValue: rawValue >> 4) }
    /// The cell `8x + 4y + 2a + b` of a valid trial, or nil.
    public var cell: Int? { rawValue < 16 ? Int(rawValue) : nil }
}
