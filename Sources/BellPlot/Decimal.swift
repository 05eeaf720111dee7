import Glibc

/// Numbers as axes and tables show them.
enum Decimal {
    /// With a fixed number of decimals, 0...9.
    static func text(_ value: Double, decimals: Int) -> String {
        let factor = pow(10, Double(decimals))
        let scaled = (value * factor).rounded()
        guard scaled.magnitude < 9e17 else { return "\(value)" }
        let (whole, rest) = Int64(scaled.magnitude).quotientAndRemainder(dividingBy: Int64(factor))
        let sign = scaled < 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let digits = String(rest)
        return "\(sign)\(whole)." + String(repeating: "0", count: max(0, decimals - digits.count)) + digits
    }
}
