public import BellModel

extension BellError.Code {
    /// A trial period or drift limit that the clock arithmetic cannot take.
    public static let timingPeriod = BellError.Code("timing.period", exit: .usage)
}

/// The nominal constants of one node's clock, prepared for fixed-point arithmetic in 64 bits.
///
/// Tick differences carry 20 fractional bits and the factor, picoseconds a tick, 44 of them, so that the high word of
/// their 128-bit product is whole picoseconds. A tick of at most 125 ns needs 17 + 44 bits, and a tick within its period
/// 41 + 20: neither overflows, and the factor's rounding (2^-44 ps a tick) stays below 1/4 ps over the longest period.
public struct ClockScale: Equatable, Sendable {
    public let rate: TickRate
    /// Nominal ticks from one pulse to the next.
    public let period: UInt64
    /// The largest believable difference between a measured and the nominal rate, in parts per million.
    public let driftLimit: UInt32
    /// Fractional bits of a tick difference.
    static let tickFraction: UInt64 = 20
    /// Nominal picoseconds a tick · 2^44, rounded down.
    @usableFromInline let factor: Int64
    /// As `factor`, rounded up.
    @usableFromInline let factorUp: UInt64
    /// An event may lie this many ticks before its pulse: a sixteenth of a period.
    @usableFromInline let placeSlack: Int64
    /// `placeSlack` + one period.
    @usableFromInline let placeRange: UInt64

    /// The slowest counter whose ticks are taken, in hertz.
    public static let slowestRate: UInt64 = 8_000_000

    /// Prepares the constants.
    ///
    /// - Parameters:
    ///   - rate: Ticks a second; at least 8 MHz.
    ///   - period: Ticks from one pulse to the next: 16 … 2^40, at most 1000 s.
    ///   - driftLimit: Parts per million, 1 … 10 000; a good oscillator keeps within 50, a slipped pulse is far outside.
    /// - Throws: `timing.rate`, `timing.period`.
    public init(rate: TickRate, period: UInt64, driftLimit: UInt32 = 100) throws(BellError) {
        let converter = try TickConverter(rate)
        guard rate.numerator / rate.denominator >= ClockScale.slowestRate else {
            throw BellError(
                .timingRate, "A tick rate of \(rate.numerator)/\(rate.denominator) Hz is too slow for time tags.",
                fix: "use a counter of at least 8 MHz; a margin of nanoseconds needs ticks of 1 ns or less")
        }
        guard period >= 16, period <= 1 << 40, let time = converter.picoseconds(period), time.count <= 1 << 50 else {
            throw BellError(
                .timingPeriod, "A trial period of \(period) ticks cannot be used.", at: "trial_period",
                fix: "give 16 … 2^40 ticks and at most 1000 s")
        }
        guard driftLimit >= 1, driftLimit <= 10_000 else {
            throw BellError(
                .timingPeriod, "A drift limit of \(driftLimit) ppm cannot be used.", at: "drift_limit_ppm",
                fix: "give 1 … 10000 ppm")
        }
        self.rate = rate
        self.period = period
        self.driftLimit = driftLimit
        let fixed = converter.fixedPoint(fractionBits: 64 - ClockScale.tickFraction)
        factor = Int64(fixed.down)
        factorUp = fixed.up
        placeSlack = Int64(period / 16)
        placeRange = period + period / 16
    }

    /// Whether an event so many ticks after its pulse's nominal place belongs to that pulse; any value is allowed.
    @inlinable
    public func isInPlace(_ ticks: Int64) -> Bool { UInt64(bitPattern: ticks &+ placeSlack) <= placeRange }

    /// Picoseconds that `ticks` last at the nominal rate or the measured one, whichever is longer, rounded up.
    ///
    /// Which of a counter and the shared pulse is right the records cannot tell: 100 ppm of 107 ns are 11 ps, so the
    /// longer time is taken. Never overflows.
    /// - Parameter measured: Picoseconds a tick as the clock records give it, in the fixed point of ``ClockSegment``;
    ///   0 for the nominal rate alone.
    @inlinable
    public func duration(_ ticks: UInt32, measured: Int64 = 0) -> Int64 {
        let longer = measured > factor ? UInt64(bitPattern: measured) &+ 1 : factorUp
        let product = (UInt64(ticks) &<< 20).multipliedFullWidth(by: longer)
        return Int64(bitPattern: product.high &+ (product.low == 0 ? 0 : 1))
    }
}
