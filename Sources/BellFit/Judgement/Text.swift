import Glibc

/// Numbers as a sentence shows them.
enum Text {
    /// Four digits.
    static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        let exponent = floor(log10(value.magnitude))
        let scale = pow(10, 3 - exponent)
        guard scale.isFinite, scale > 0 else { return "\(value)" }
        // Divided, not multiplied, where it can be exact: 1.7, not 1.7000000000000002.
        let shown =
            exponent <= 3
            ? (value * scale).rounded() / scale : (value / pow(10, exponent - 3)).rounded() * pow(10, exponent - 3)
        return shown.magnitude < 1e15 && shown == shown.rounded() ? String(Int64(shown)) : "\(shown)"
    }
}
