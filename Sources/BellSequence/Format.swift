/// Numbers as people read them; no locale, no C.
enum Format {
    /// A fixed count of decimals, rounded half away from zero; `size` below 10^15.
    static func fixed(_ value: Double, _ decimals: Int = 1) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (value * scale).rounded()
        guard rounded.magnitude < 1e15 else { return "\(value)" }
        let whole = Int64(rounded.magnitude)
        let unit = Int64(scale)
        let sign = rounded < 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % unit)
        return "\(sign)\(whole / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// At most this many decimals, at least one.
    static func trimmed(_ value: Double, _ decimals: Int) -> String {
        var text = fixed(value, decimals)
        while text.hasSuffix("0") && !text.hasSuffix(".0") { text.removeLast() }
        return text
    }

    /// Picoseconds as nanoseconds with three decimals at most, at least one.
    static func ns(_ picoseconds: Int64) -> String { trimmed(Double(picoseconds) / 1000, 3) }

    /// Nanoseconds with two decimals, rounded up: for what must at least be changed.
    static func nsUp(_ picoseconds: Double) -> String { fixed((picoseconds / 10).rounded(.up) / 100, 2) }

    /// A number without a needless `.0`.
    static func number(_ value: Double) -> String {
        let whole = value.rounded()
        if value == whole && value.magnitude < 1e15 { return "\(Int64(whole))" }
        // Twelve digits hide what binary conversion adds.
        guard value != 0, value.isFinite else { return "\(value)" }
        for digits in 6...15 {
            var scale = 1.0
            while value.magnitude * scale < 1 && scale < 1e12 { scale *= 10 }
            for _ in 1..<digits where value.magnitude * scale < 1e14 { scale *= 10 }
            let rounded = (value * scale).rounded() / scale
            if (rounded - value).magnitude <= value.magnitude * 1e-12 { return "\(rounded)" }
        }
        return "\(value)"
    }

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
