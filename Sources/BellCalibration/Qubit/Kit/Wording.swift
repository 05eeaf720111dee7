import Glibc

/// Numbers in sentences for people.
enum Wording {
    /// Four digits; with an uncertainty as many as that has.
    static func number(_ value: Double, _ uncertainty: Double? = nil) -> String {
        guard value.isFinite else { return "\(value)" }
        guard let uncertainty, uncertainty.isFinite, uncertainty > 0 else { return digits(value, 4) }
        let places = Int(floor(log10(uncertainty))) - 1
        return "\(rounded(value, places)) ± \(rounded(uncertainty, places))"
    }

    static func percent(_ part: Double) -> String { "\(digits(100 * part, 3)) %" }

    /// Hz as the unit that leaves a number that can be read.
    static func frequency(_ hertz: Double) -> String {
        switch hertz.magnitude {
        case 1e6...: "\(digits(hertz / 1e6, 4)) MHz"
        case 1e3...: "\(digits(hertz / 1e3, 4)) kHz"
        default: "\(digits(hertz, 4)) Hz"
        }
    }

    /// Nanoseconds.
    static func time(_ nanoseconds: Double) -> String {
        nanoseconds.magnitude >= 1000 ? "\(digits(nanoseconds / 1000, 4)) µs" : "\(digits(nanoseconds, 4)) ns"
    }

    private static func digits(_ value: Double, _ count: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        return rounded(value, Int(floor(log10(value.magnitude))) - count + 1)
    }

    /// To a power of ten.
    private static func rounded(_ value: Double, _ place: Int) -> String {
        guard place > -16, place < 16 else { return "\(value)" }
        if place < 0 {
            let scale = pow(10, Double(-place))
            let shown = (value * scale).rounded() / scale
            return shown == shown.rounded() && shown.magnitude < 1e15 ? String(Int64(shown)) : "\(shown)"
        }
        let scale = pow(10, Double(place))
        let shown = (value / scale).rounded() * scale
        return shown.magnitude < 1e15 ? String(Int64(shown)) : "\(shown)"
    }
}
