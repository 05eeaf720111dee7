import BellModel

/// Writes numbers for people; what is missing or impossible becomes `–`, and no input traps.
enum NumberText {
    /// Stands for every value that is not there.
    static let missing = "–"

    /// A count with its digits in groups of three: `1 048 576`.
    static func count(_ value: UInt64?) -> String {
        guard let value else { return missing }
        let digits = Array(String(value))
        var text = ""
        for (i, digit) in digits.enumerated() {
            if i > 0 && (digits.count - i) % 3 == 0 { text += " " }
            text.append(digit)
        }
        return text
    }

    /// A number with a fixed count of decimals (0...9); numbers of 1e15 and more in size as `1.5e+20`.
    static func fixed(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite else { return missing }
        var scale = 1.0
        for _ in 0..<max(0, min(9, decimals)) { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard let whole = UInt64(exactly: scaled), scaled < 1e15 else { return JSON.double(value).text }
        let unit = UInt64(scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        if decimals <= 0 { return "\(sign)\(whole)" }
        let fraction = String(whole % unit)
        return "\(sign)\(whole / unit).\(String(repeating: "0", count: max(0, decimals - fraction.count)))\(fraction)"
    }

    /// A share as `50.0 %`.
    static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return missing }
        return "\(fixed(share * 100, 1)) %"
    }

    /// An upper bound on a p-value from its decimal logarithm: `p ≤ 0.031`, `p ≤ 10^-45.3`.
    static func pValue(log10: Double?) -> String {
        guard let log10, !log10.isNaN else { return "p \(missing)" }
        if log10 >= 0 { return "p ≤ 1" }
        // Rounded up, so that the bound that is shown is still a bound.
        if log10 > -3 { return "p ≤ \(fixed((power10(log10) * 1e4).rounded(.up) / 1e4, 4))" }
        guard log10.isFinite else { return "p \(missing)" }
        let tenths = (log10 * 10).rounded(.up) / 10
        return "p ≤ 10^\(fixed(tenths, 1))"
    }

    /// 10^x for −3 < x < 0, from the exponential's series; enough for four decimals and free of the C library.
    private static func power10(_ x: Double) -> Double {
        let exponent = x * 2.302585092994046 / 16
        var term = 1.0
        var sum = 1.0
        for n in 1...12 {
            term *= exponent / Double(n)
            sum += term
        }
        for _ in 0..<4 { sum *= sum }
        return sum
    }

    /// A value and its standard error: `2.2391 ± 0.0028`.
    static func value(_ value: Double?, error: Double?, decimals: Int = 4) -> String {
        guard value != nil else { return missing }
        guard let error, error.isFinite else { return fixed(value, decimals) }
        return "\(fixed(value, decimals)) ± \(fixed(error, decimals))"
    }

    /// A time span in its two largest units: `8 s`, `2 min 05 s`, `3 h 20 min`, `2 d 04 h`.
    static func duration(seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds >= 0, seconds < 1e10 else { return missing }
        let total = UInt64(seconds.rounded())
        func two(_ n: UInt64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        switch total {
        case 0..<60: return "\(total) s"
        case 60..<3600: return "\(total / 60) min \(two(total % 60)) s"
        case 3600..<86400: return "\(total / 3600) h \(two(total % 3600 / 60)) min"
        default: return "\(total / 86400) d \(two(total % 86400 / 3600)) h"
        }
    }

    /// A rate: `49 871/s`.
    static func rate(_ perSecond: Double?) -> String {
        guard let perSecond, perSecond.isFinite, perSecond >= 0, perSecond < 1e15 else { return missing }
        return "\(count(UInt64(perSecond.rounded())))/s"
    }

    /// A number of bytes with a binary unit: `3.2 GiB`.
    static func bytes(_ count: UInt64?) -> String {
        guard let count else { return missing }
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
            if value < 1024 { return unit == "B" ? "\(count) B" : "\(fixed(value, 1)) \(unit)" }
            value /= 1024
        }
        return "\(fixed(value, 1)) PiB"
    }
}
