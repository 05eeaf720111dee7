public import BellModel
import Glibc

/// The form of a pulse: an envelope and how long it lasts; its amplitude is a calibrated value of its own.
public struct PulseShape: Equatable, Sendable {
    /// The envelope's function of time, 0…1.
    public enum Envelope: String, CaseIterable, Sendable {
        /// (1 − cos 2πt/T)/2: zero value and slope at both ends.
        case cosine
        /// A Gaussian, lowered and stretched so that it ends at zero.
        case gaussian
        /// 1.
        case rectangle
    }

    public var envelope: Envelope
    /// Whole picoseconds; > 0.
    public var duration: Picoseconds
    /// Standard deviation of the Gaussian in nanoseconds; > 0; other envelopes ignore it.
    public var sigma: Double
    public var place: SourcePlace

    public init(envelope: Envelope, duration: Picoseconds, sigma: Double? = nil, place: SourcePlace) {
        self.envelope = envelope
        self.duration = duration
        self.sigma = sigma ?? duration.nanoseconds / 4
        self.place = place
    }

    /// The object that is frozen for a block.
    public var json: JSON {
        var object: [String: JSON] = ["envelope": .string(envelope.rawValue), "duration_ps": .int(duration.count)]
        if envelope == .gaussian { object["sigma_ns"] = .double(sigma) }
        return .object(object)
    }

    /// Value and slope (per nanosecond) at `t` nanoseconds.
    func sample(at t: Double, of time: Double) -> (value: Double, slope: Double) {
        switch envelope {
        case .cosine:
            let angle = 2 * Double.pi * t / time
            return (0.5 - 0.5 * cos(angle), Double.pi / time * sin(angle))
        case .gaussian:
            let x = (t - time / 2) / sigma
            let edge = exp(-time * time / (8 * sigma * sigma))
            let value = exp(-x * x / 2)
            return ((value - edge) / (1 - edge), -x / sigma * value / (1 - edge))
        case .rectangle: return (1, 0)
        }
    }
}
