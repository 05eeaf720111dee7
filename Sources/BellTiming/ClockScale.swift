public import BellModel

extension BellError.Code {
    /// A trial period or drift limit that the clock arithmetic cannot take.
    public static let timingPeriod = BellError.Code("timing.period", exit: .usage)
}

/// The nominal constants of one node's clock, prepared for fixed-point arithmetic in 64 bits.
///
/// A time that follows a pulse is `ticks · factor / 2^(shift)` picoseconds. With b the bits of a whole tick in
/// picoseconds (8 GHz: 125, so 7), ticks carry `tickFraction` = max(20, b + 2) fractional bits and the factor
/// 62 − b of them; the product's high 64 bits then hold the whole picoseconds. The checks in the initialiser bound
/// every intermediate: ticks within one period of the pulse need at most 61 bits with their fraction.
public struct ClockScale: Equatable, Sendable {
    public let rate: TickRate
    /// Nominal ticks from one pulse to the next.
    public let period: UInt64
    /// The largest believable difference between a measured and the nominal rate, in parts per million.
    public let driftLimit: UInt32
    /// Fractional bits of a tick difference.
    @usableFromInline let tickFraction: Int64
    /// Right shift of the product's high word.
    @usableFromInline let highShift: Int64
    /// Nominal picoseconds a tick · 2^(62 − b), rounded down.
    @usableFromInline let factor: Int64
    /// Nominal picoseconds a tick · 2^durationShift, rounded up; at most 2^32.
    @usableFromInline let durationFactor: UInt64
    @usableFromInline let durationShift: UInt64
    /// An event may lie this many ticks before its pulse: a sixteenth of a period.
    @usableFromInline let placeSlack: Int64
    /// `placeSlack` + one period.
    @usableFromInline let placeRange: UInt64

    /// Prepares the constants.
    ///
    /// - Parameters:
    ///   - rate: Ticks a second.
    ///   - period: Ticks from one pulse to the next: 16 … 2^40, at most 1000 s.
    ///   - driftLimit: Parts per million, 1 … 10 000; a good oscillator keeps within 50, a slipped pulse is far outside.
    /// - Throws: `timing.rate`, `timing.period`.
    public init(rate: TickRate, period: UInt64, driftLimit: UInt32 = 100) throws(BellError) {
        let converter = try TickConverter(rate)
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
        let scale = converter.fixedScale
        let bits = Int64(62 - scale.shift)
        tickFraction = max(20, bits + 2)
        highShift = tickFraction + Int64(scale.shift) - 64
        factor = Int64(scale.factor)
        durationShift = UInt64(32 - bits)
        durationFactor = (scale.factor >> UInt64(scale.shift - (32 - Int(bits)))) + (scale.isExact32(bits) ? 0 : 1)
        placeSlack = Int64(period / 16)
        placeRange = period + period / 16
    }

    /// Whether an event so many ticks after its pulse's nominal place belongs to that pulse; any value is allowed.
    @inlinable
    public func isInPlace(_ ticks: Int64) -> Bool { UInt64(bitPattern: ticks &+ placeSlack) <= placeRange }

    /// Picoseconds that `ticks` last at the nominal rate, rounded up; too long by at most 1 ps + 2^-30 of it.
    ///
    /// Never overflows: the factor is at most 2^32.
    @inlinable
    public func duration(_ ticks: UInt32) -> Int64 {
        let product = UInt64(ticks) &* durationFactor
        return Int64(bitPattern: (product &+ (1 &<< durationShift &- 1)) &>> durationShift)
    }
}

extension TickConverter.FixedScale {
    /// Whether nothing is lost when only 32 − `bits` fractional bits are kept, nor was when the scale was made.
    func isExact32(_ bits: Int64) -> Bool {
        let dropped = UInt64(shift - (32 - Int(bits)))
        return exact && factor & ((1 << dropped) - 1) == 0
    }
}
