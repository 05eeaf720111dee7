import Glibc

/// Numbers of any size as people read them.
enum Significant {
    /// Up to four digits: `0.5012`, `-3100`, `5.1e+09`.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        var exponent = Int(floor(log10(value.magnitude)))
        let plain = (-4...5).contains(exponent)
        var mantissa = plain ? value : value / pow(10, Double(exponent))
        // Powers of ten below the smallest are 0.
        guard mantissa.isFinite else { return "\(value)" }
        if !plain, mantissa.magnitude >= 9.9995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        var text = Decimal.text(mantissa, decimals: plain ? min(8, max(0, 3 - exponent)) : 3)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return plain
            ? text : text + "e\(exponent < 0 ? "-" : "+")" + (abs(exponent) < 10 ? "0" : "") + "\(abs(exponent))"
    }
}
