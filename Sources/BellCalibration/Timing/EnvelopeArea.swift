import BellModel
import BellSequence
import Glibc

/// How a pulse's area grows with time; what is left of it where it is cut.
struct EnvelopeArea: Sendable {
    /// Nanoseconds.
    let duration: Double
    /// Area at full amplitude in nanoseconds.
    let area: Double
    /// Share of the area that has passed after k/256 of the duration.
    private let passed: [Double]

    init(_ shape: PulseShape) {
        duration = shape.duration.nanoseconds
        let steps = 256
        let values = (0..<steps).map { Self.value(shape, (Double($0) + 0.5) / Double(steps)) }
        let sums = values.reduce(into: [0.0]) { $0.append(($0.last ?? 0) + $1) }
        let whole = sums.last ?? 1
        area = whole / Double(steps) * duration
        passed = sums.map { $0 / whole }
    }

    /// Twice the pulse, one after the other.
    init(twice one: EnvelopeArea) {
        duration = 2 * one.duration
        area = 2 * one.area
        passed = (0...256).map { (k: Int) -> Double in
            k <= 128 ? 0.5 * one.passed[2 * k] : 0.5 + 0.5 * one.passed[2 * k - 256]
        }
    }

    /// Share of the area before a part of the duration; 0 before the pulse, 1 after it.
    func share(_ part: Double) -> Double {
        guard part > 0 else { return 0 }
        guard part < 1 else { return 1 }
        let at = part * 256
        let k = min(Int(at), 255)
        return passed[k] + (at - Double(k)) * (passed[k + 1] - passed[k])
    }

    private static func value(_ shape: PulseShape, _ part: Double) -> Double {
        switch shape.envelope {
        case .rectangle: return 1
        case .cosine: return 0.5 - 0.5 * cos(2 * .pi * part)
        case .gaussian:
            let half = shape.duration.nanoseconds / 2 / shape.sigma
            let x = (2 * part - 1) * half
            let edge = exp(-half * half / 2)
            return (exp(-x * x / 2) - edge) / (1 - edge)
        }
    }
}
