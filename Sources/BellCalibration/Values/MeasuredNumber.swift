import BellModel

/// Writes a number with the digits that its uncertainty justifies: the last digit of both is the uncertainty's second.
///
/// Writing again what was read back gives the same text.
public enum MeasuredNumber {
    /// - Parameters:
    ///   - value: Finite.
    ///   - uncertainty: Finite, ≥ 0; with 0 the value has all its digits.
    public static func text(_ value: Double, uncertainty: Double) -> (value: String, uncertainty: String) {
        guard value.isFinite, uncertainty.isFinite, uncertainty > 0 else {
            return (JSON.double(value).text, JSON.double(uncertainty).text)
        }
        let spread = DecimalDigits(uncertainty)
        var place = spread.exponent - 1
        // 0.0996 becomes 0.10, not 0.100.
        if spread.rounded(to: place).exponent > spread.exponent { place += 1 }
        return (DecimalDigits(value).rounded(to: place).text(to: place), spread.rounded(to: place).text(to: place))
    }
}

/// A number as decimal digits, so that rounding is exact and halves go away from zero.
struct DecimalDigits: Equatable {
    var isNegative: Bool
    /// 0...9 each; no leading zero except for 0 itself.
    var digits: [UInt8]
    /// The power of ten of the first digit.
    var exponent: Int

    /// The shortest digits that read back as `value`, which is finite.
    init(_ value: Double) {
        isNegative = value < 0
        var mantissa = Substring("\(value.magnitude)")
        exponent = 0
        if let e = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: e)...]) ?? 0
            mantissa = mantissa[..<e]
        }
        let whole = mantissa.prefix { $0 != "." }
        digits = mantissa.utf8.filter { $0 != UInt8(ascii: ".") }.map { $0 - UInt8(ascii: "0") }
        exponent += whole.count - 1
        while digits.count > 1 && digits[0] == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1 && digits[digits.count - 1] == 0 { digits.removeLast() }
        if digits == [0] { self = .zero }
    }

    private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        self.isNegative = isNegative
        self.digits = digits
        self.exponent = exponent
    }

    private static let zero = DecimalDigits(isNegative: false, digits: [0], exponent: 0)

    /// Rounds to a multiple of 10^place.
    func rounded(to place: Int) -> DecimalDigits {
        let kept = exponent - place + 1
        if kept >= digits.count { return self }
        if kept < 0 { return .zero }
        var result = DecimalDigits(isNegative: isNegative, digits: Array(digits.prefix(kept)), exponent: exponent)
        if digits[kept] >= 5 {
            var at = kept - 1
            while at >= 0 && result.digits[at] == 9 {
                result.digits[at] = 0
                at -= 1
            }
            if at >= 0 {
                result.digits[at] += 1
            } else {
                result.digits.insert(1, at: 0)
                result.exponent += 1
            }
        }
        return result.digits.allSatisfy { $0 == 0 } ? .zero : result
    }

    /// The digits down to 10^place, zeros filled in; with an exponent where the plain form would be long.
    func text(to place: Int) -> String {
        let sign = isNegative ? "-" : ""
        func digit(_ power: Int) -> Character {
            let at = exponent - power
            return Character(Unicode.Scalar(UInt8(ascii: "0") + (digits.indices.contains(at) ? digits[at] : 0)))
        }
        let last = max(place, exponent - 16)
        if last < -12 || exponent > 14 {
            let tail = exponent > last ? "." + String(stride(from: exponent - 1, through: last, by: -1).map(digit)) : ""
            return "\(sign)\(digit(exponent))\(tail)e\(exponent)"
        }
        var text = String(stride(from: max(exponent, 0), through: 0, by: -1).map(digit))
        if last < 0 { text += "." + String(stride(from: -1, through: last, by: -1).map(digit)) }
        return sign + text
    }
}
