public import BellModel

/// Converts a board's ticks to picoseconds exactly, with 128-bit intermediates and never through `Double`.
public struct TickConverter: Equatable, Sendable {
    public let rate: TickRate
    /// 10^12 · denominator / g, where g makes the fraction shortest: picoseconds a tick = `multiplier / divisor`.
    let multiplier: UInt128
    /// numerator / g.
    let divisor: UInt128

    /// Prepares the conversion.
    ///
    /// - Throws: `timing.rate` when the rate's denominator, in lowest terms, is over 2^24; then 128 bits would not do.
    public init(_ rate: TickRate) throws(BellError) {
        self.rate = rate
        let common = TickConverter.greatestCommonDivisor(rate.numerator, rate.denominator)
        guard rate.denominator / common <= 1 << 24 else {
            throw BellError(
                .timingRate, "The tick rate \(rate.numerator)/\(rate.denominator) Hz cannot be converted exactly.",
                cause: "its denominator in lowest terms is over 2^24",
                fix: "give the rate as a fraction with a smaller denominator")
        }
        multiplier = UInt128(1_000_000_000_000) * UInt128(rate.denominator / common)
        divisor = UInt128(rate.numerator / common)
    }

    /// The time that `ticks` last, rounded down to whole picoseconds; nil when it does not fit 64 bits (106 days).
    public func picoseconds(_ ticks: UInt64) -> Picoseconds? {
        // 64 bits × (40 + 24) bits fits 128 bits.
        Int64(exactly: UInt128(ticks) * multiplier / divisor).map { Picoseconds($0) }
    }

    /// As ``picoseconds(_:)`` but rounded up: never less time than passed.
    public func picosecondsRoundedUp(_ ticks: UInt64) -> Picoseconds? {
        let (quotient, rest) = (UInt128(ticks) * multiplier).quotientAndRemainder(dividingBy: divisor)
        return Int64(exactly: rest == 0 ? quotient : quotient + 1).map { Picoseconds($0) }
    }

    /// The number of ticks nearest to a time; nil for a negative time. For compilers, not for audits.
    public func ticks(nearest time: Picoseconds) -> UInt64? {
        guard time.count >= 0 else { return nil }
        // 63 + 64 bits; the half is added in doubled units, so that nothing is lost.
        let scaled = UInt128(time.count) * divisor
        let (quotient, rest) = scaled.quotientAndRemainder(dividingBy: multiplier)
        return UInt64(exactly: rest >= multiplier - rest ? quotient + 1 : quotient)
    }

    /// Picoseconds a tick · 2^fractionBits, rounded down and up.
    ///
    /// A tick is at most 10^9 ps (``TickRate``), so the caller's fraction may have 34 bits, or 46 from 8 MHz on.
    func fixedPoint(fractionBits: UInt64) -> (down: UInt64, up: UInt64) {
        // (40 + 24) + 46 bits at most.
        let (down, rest) = (multiplier << UInt128(fractionBits)).quotientAndRemainder(dividingBy: divisor)
        let word = UInt64(truncatingIfNeeded: down)
        return (word, rest == 0 ? word : word + 1)
    }

    private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}

extension BellError.Code {
    /// A tick rate that cannot be converted exactly.
    public static let timingRate = BellError.Code("timing.rate", exit: .usage)
}
