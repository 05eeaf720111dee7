import BellModel

/// Numbers as the pages for people show them.
enum NumberText {
    /// `value` with a fixed number of decimals, 0...12; `—` when it does not exist.
    static func fixed(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite else { return "—" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return JSON.double(value).text }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "−" : ""
        if decimals == 0 { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// A lower bound with `decimals`, rounded towards −∞, so that no page claims more than was shown.
    static func lowerBound(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite, value.magnitude < 1e12 else { return fixed(value, decimals) }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        return fixed((value * scale).rounded(.down) / scale, decimals)
    }

    /// A count with its thousands apart: `1 048 576`.
    static func count(_ value: UInt64) -> String {
        var groups: [Substring] = []
        var rest = Substring(String(value))
        while rest.count > 3 {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return ([rest] + groups).joined(separator: " ")
    }

    /// 10^`log10` as a probability: `0.0391`, `7.67e-4`, `1.02e-11`, `10^-1082158.3`.
    static func probability(log10: Double) -> String {
        if log10 >= 0 { return "1" }
        if log10.isNaN { return "—" }
        if log10 == -.infinity { return "0" }
        if log10 < -9999 { return "10^−\(fixed(-log10, 1))" }
        var exponent = log10.rounded(.down)
        var mantissa = (powerOfTen(log10 - exponent) * 100).rounded() / 100
        if mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        if exponent >= -2 {
            let shown = powerOfTen(log10)
            return fixed(shown, 4)
        }
        return "\(fixed(mantissa, 2))e-\(Int(-exponent))"
    }

    /// A number such as δ with at most six significant digits and no zeroes at its end.
    static func plain(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "—" }
        var scale = 1.0
        while value.magnitude * scale < 100_000, scale < 1e300 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return JSON.double(rounded).text
    }

    /// Picoseconds as nanoseconds with three decimals.
    static func nanoseconds(_ picoseconds: Int64) -> String { fixed(Double(picoseconds) / 1000, 3) }
}
