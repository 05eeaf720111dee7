/// The kinds of gauge that are simulated, and what each shows in a laboratory that is well.
///
/// Sizes that such apparatus has; no measurements of any.
public enum GaugeModel: String, CaseIterable, Sendable {
    /// A dilution refrigerator with its pulse tube's compressor.
    case fridge
    /// Whether a source or a board is locked to the laboratory's 10 MHz.
    case referenceLock = "reference-lock"
    /// An amplifier of a readout line and its supply.
    case amplifier

    /// Its readings, with the drift and the course of a failure that such an apparatus has.
    var readings: [GaugeTruth.Reading] {
        switch self {
        case .fridge:
            [
                .number("mixing_chamber_k", "of the mixing chamber's plate", "K", 0...400, 0.011, 0.0002, 0.9, 1800),
                .number("still_k", "of the still's plate", "K", 0...400, 0.85, 0.005, 4, 1200),
                .number("four_kelvin_k", "of the 4 K plate", "K", 0...400, 3.6, 0.01, 12, 600),
                .number("helium_bar", "the compressor's high side", "bar", 0...40, 22, 0.1, 15.5, 30),
                .toggle("compressor", "whether the compressor runs", complaint: "the compressor is off"),
            ]
        case .referenceLock:
            [.toggle("reference_locked", "to the 10 MHz", complaint: "the 10 MHz reference is not locked")]
        case .amplifier:
            [
                .number("gain_db", "from input to output", "dB", -100...100, 39, 0.05, 12, 0),
                .number("bias_ma", "supply current", "mA", 0...1000, 18, 0.05, 0, 0),
            ]
        }
    }

    /// What fails with a compressor that stops, unless the profile says otherwise.
    static let compressor = "compressor"
}

extension GaugeTruth.Reading {
    fileprivate static func number(
        _ key: String, _ summary: String, _ unit: String, _ range: ClosedRange<Double>, _ value: Double,
        _ deviation: Double, _ failsTo: Double, _ rise: Double
    ) -> GaugeTruth.Reading {
        GaugeTruth.Reading(
            key: key, summary: summary, unit: unit, range: range, value: value,
            law: DriftLaw(wander: .init(deviation: deviation, correlation: 3600)), failsTo: failsTo, rise: rise)
    }

    fileprivate static func toggle(_ key: String, _ summary: String, complaint: String) -> GaugeTruth.Reading {
        GaugeTruth.Reading(
            key: key, summary: summary, unit: nil, range: 0...1, value: 1, failsTo: 0, rise: 0, complaint: complaint)
    }
}
