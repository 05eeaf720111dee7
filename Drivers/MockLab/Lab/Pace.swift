/// How fast the virtual laboratory runs in wall time; its own clock does not depend on it.
public enum Pace: Equatable, Sendable {
    /// As fast as the computer can.
    case max
    /// Trials a second on average, > 0.
    case trialsPerSecond(Double)

    /// Reads `max` or a positive number; nil for anything else.
    public init?(_ text: String) {
        if text == "max" {
            self = .max
        } else if let rate = Double(text), rate >= 0.001, rate <= 1e9 {
            self = .trialsPerSecond(rate)
        } else {
            return nil
        }
    }

    /// Wall nanoseconds for `count` trials.
    func duration(of count: Int) -> UInt64 {
        switch self {
        case .max: 0
        case .trialsPerSecond(let rate): UInt64(min(1e9 * Double(count) / rate, 1e15))
        }
    }

    /// Trials that are made at once: what 25 ms bring, at most a chunk of 1024.
    var slice: Int {
        switch self {
        case .max: Pace.chunk
        case .trialsPerSecond(let rate): Int(Swift.min(Swift.max(rate * 0.025, 1), Double(Pace.chunk)))
        }
    }

    private static let chunk = 1024
}
