public import BellModel

/// One node's clock between two neighbouring clock records: a straight line from ticks to pulses, in fixed point.
///
/// In units of the pulse period P that both nodes share, the tick of pulse p is
/// `firstTick + n·period + n·D/N`, with n = p − firstPulse, N the pulses between the records and D the ticks by which
/// their distance exceeds N·period. A tick then lasts `P·N / (N·period + D)`: the drift drops out.
public struct ClockSegment: Equatable, Sendable {
    /// The first pulse that the segment speaks for.
    public let firstPulse: UInt64
    /// The last pulse that the segment speaks for, included.
    public internal(set) var lastPulse: UInt64
    /// The board's counter at `firstPulse`.
    @usableFromInline let firstTick: UInt64
    /// The board's counter at the end of the line.
    let endTick: UInt64
    /// D/N in ticks · 2^32, rounded down; |D| < 2^30, so n·drift fits 62 bits.
    @usableFromInline let drift: Int64
    /// Picoseconds a tick, corrected for drift, in ``ClockScale``'s fixed point.
    @usableFromInline let factor: Int64

    /// A line through one record with the nominal rate; it speaks for that record's pulse only.
    init(at record: ClockRecord, scale: ClockScale) {
        firstPulse = record.pulse
        lastPulse = record.pulse
        firstTick = record.tick
        endTick = record.tick
        drift = 0
        factor = scale.factor
    }

    /// A line through two records; nil when they contradict each other or the nominal rate.
    init?(from a: ClockRecord, to b: ClockRecord, scale: ClockScale) {
        guard b.pulse > a.pulse, b.tick > a.tick else { return nil }
        let pulses = b.pulse - a.pulse
        let ticks = b.tick - a.tick
        let (nominal, overflow) = pulses.multipliedReportingOverflow(by: scale.period)
        guard !overflow, nominal < 1 << 62, ticks < 1 << 62 else { return nil }
        let excess = Int64(ticks) - Int64(nominal)
        // Eight ticks allow for jitter and rounding at both ends of a short segment.
        let limit = UInt64(scale.driftLimit)
        let allowed = nominal / 1_000_000 * limit + nominal % 1_000_000 * limit / 1_000_000 + 8
        guard excess.magnitude <= allowed, excess.magnitude < 1 << 30 else { return nil }
        firstPulse = a.pulse
        lastPulse = b.pulse
        firstTick = a.tick
        endTick = b.tick
        // 30 + 32 bits; nominal < 2^62 and a period of at least 16 ticks leave `pulses` 58 bits.
        let (quotient, rest) = (excess << 32).quotientAndRemainder(dividingBy: Int64(pulses))
        drift = rest < 0 ? quotient - 1 : quotient
        // factor · (1 − D / ticks); |D| < ticks, so the quotient has fewer bits than the factor.
        let product = UInt64(scale.factor).multipliedFullWidth(by: UInt64(excess.magnitude))
        guard product.high < ticks else { return nil }
        let correction = Int64(ticks.dividingFullWidth(product).quotient)
        factor = excess < 0 ? scale.factor + correction : scale.factor - correction
    }

    /// Where a tick lies after its pulse; `pulse` must be one that the segment speaks for.
    ///
    /// - Parameters:
    ///   - tick: Any value of the board's counter.
    ///   - pulse: In `firstPulse ... lastPulse`.
    ///   - scale: The scale that the segment was made with.
    /// - Returns: Picoseconds after the pulse arrived at the board, in units of the shared pulse period, rounded down
    ///   (error below 1 ps); nil when the tick is more than 1/16 period before its pulse or more than a period after it.
    @inlinable
    public func time(of tick: UInt64, after pulse: UInt64, scale: ClockScale) -> Picoseconds? {
        let n = pulse &- firstPulse
        let expected = firstTick &+ n &* scale.period
        let ticks = Int64(bitPattern: tick &- expected)
        guard scale.isInPlace(ticks) else { return nil }
        return Picoseconds(
            ClockSegment.picoseconds(
                ticks: ticks, drift: Int64(bitPattern: n) &* drift, factor: factor))
    }

    /// The arithmetic of ``time(of:after:scale:)`` for a tick that is known to be in its place.
    ///
    /// - Parameters:
    ///   - ticks: Ticks after the nominal place of the pulse; −period/16 … period, so at most 41 bits.
    ///   - drift: Ticks · 2^32 by which the pulse is later than its nominal place; at most 62 bits.
    @inlinable @inline(__always)
    public static func picoseconds(ticks: Int64, drift: Int64, factor: Int64) -> Int64 {
        // 20 fractional bits, as ``ClockScale`` says.
        ((ticks &<< 20) &- (drift &>> 12)).multipliedFullWidth(by: factor).high
    }
}

extension ClockSegment {
    /// What a loop over consecutive pulses needs: the constants at `pulse`, then add `period` and `drift` a trial.
    @inlinable
    public func line(from pulse: UInt64, scale: ClockScale) -> ClockLine {
        let n = pulse &- firstPulse
        return ClockLine(
            tick: firstTick &+ n &* scale.period, drift: Int64(bitPattern: n) &* drift, driftStep: drift,
            factor: factor)
    }
}

/// A ``ClockSegment`` seen from one of its pulses.
public struct ClockLine: Sendable {
    /// Nominal tick of the pulse, from the segment's first record.
    public var tick: UInt64
    /// Ticks · 2^32 by which the pulse is later than that.
    public var drift: Int64
    /// Change of ``drift`` from one pulse to the next.
    public var driftStep: Int64
    /// Picoseconds a tick in ``ClockScale``'s fixed point.
    public var factor: Int64

    @inlinable
    public init(tick: UInt64, drift: Int64, driftStep: Int64, factor: Int64) {
        self.tick = tick
        self.drift = drift
        self.driftStep = driftStep
        self.factor = factor
    }
}
