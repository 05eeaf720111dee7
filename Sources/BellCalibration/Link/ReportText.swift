import Glibc

/// Numbers as a report's sentence shows them.
enum ReportText {
    /// Four digits.
    static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        return rounded(value, to: floor(log10(value.magnitude)) - 3)
    }

    /// `150.2 ± 0.3`: two digits of the uncertainty, and the value to the same place.
    static func plusMinus(_ value: Double, _ uncertainty: Double) -> String {
        guard value.isFinite, uncertainty.isFinite, uncertainty > 0 else {
            return "\(digits(value)) ± \(digits(uncertainty))"
        }
        let place = floor(log10(uncertainty)) - 1
        return "\(rounded(value, to: place)) ± \(rounded(uncertainty, to: place))"
    }

    static func plusMinus(_ number: Uncertain) -> String { plusMinus(number.value, number.sigma) }

    /// Rounded to a power of ten; divided where that is exact: 1.7, not 1.7000000000000002.
    private static func rounded(_ value: Double, to place: Double) -> String {
        let unit = pow(10, place.magnitude)
        guard unit.isFinite else { return "\(value)" }
        let shown = place < 0 ? (value * unit).rounded() / unit : (value / unit).rounded() * unit
        return shown.magnitude < 1e15 && shown == shown.rounded() ? String(Int64(shown)) : "\(shown)"
    }
}
