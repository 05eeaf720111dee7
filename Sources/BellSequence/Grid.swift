import BellModel

/// A board's time grid; exact, with 128-bit intermediate results.
struct Grid {
    let rate: TickRate
    let ticksPerSample: Int64
    /// Picoseconds of a tick when they are whole: then 64 bits are enough, and much quicker.
    private let wholeTick: Int64?

    init(rate: TickRate, ticksPerSample: Int64) {
        self.rate = rate
        self.ticksPerSample = ticksPerSample
        let (tick, rest) = (Int128(rate.denominator) * 1_000_000_000_000)
            .quotientAndRemainder(dividingBy: Int128(rate.numerator))
        wholeTick = rest == 0 ? Int64(exactly: tick) : nil
    }

    /// How far a time lies from the nearest step of a grid.
    struct Fit {
        /// The nearest step, in ticks.
        var ticks: Int64
        /// Time minus step, in picoseconds; rounded to a femtosecond.
        var off: Double
    }

    /// Times in files are whole picoseconds, so half of one is as good as none.
    static let tolerance = 0.5

    /// Finds the nearest tick (`step` 1) or sample (`step` ticksPerSample).
    func fit(_ time: Picoseconds, step: Int64) -> Fit {
        if let wholeTick, let unit = wholeTick.multiplied(by: step), time.count.magnitude < 1 << 62 {
            let (quotient, remainder) = time.count.quotientAndRemainder(dividingBy: unit)
            let floor = remainder < 0 ? quotient - 1 : quotient
            let rest = remainder < 0 ? remainder + unit : remainder
            let up = rest > unit - rest
            return Fit(ticks: (up ? floor + 1 : floor) * step, off: Double(up ? rest - unit : rest))
        }
        // ticks = ps · numerator / (10^12 · denominator); |ps| ≤ 10^12, numerator and denominator < 2^64.
        let scaled = Int128(time.count) * Int128(rate.numerator)
        let unit = Int128(rate.denominator) * 1_000_000_000_000 * Int128(step)
        let floor = scaled >= 0 ? scaled / unit : -((-scaled + unit - 1) / unit)
        let rest = scaled - floor * unit
        let up = rest * 2 > unit
        let steps = up ? floor + 1 : floor
        let off = Double(up ? rest - unit : rest) / Double(rate.numerator)
        return Fit(ticks: Int64(clamping: steps * Int128(step)), off: off)
    }

    /// The time of a tick, to the nearest picosecond.
    func time(_ ticks: Int64) -> Picoseconds {
        let scaled = Int128(ticks) * Int128(rate.denominator) * 1_000_000_000_000
        let unit = Int128(rate.numerator)
        let half = scaled >= 0 ? unit / 2 : -(unit / 2)
        return Picoseconds(Int64(clamping: (scaled + half) / unit))
    }

    /// The sum of two times where ticks are whole picoseconds; nil elsewhere, where it would be off.
    func wholePicoseconds(_ a: Int64, _ b: Int64) -> Int64? { wholeTick == nil ? nil : a + b }

    /// A tick in picoseconds.
    var tick: Double { 1e12 / rate.hertz }
    /// A sample in picoseconds.
    var sample: Double { tick * Double(ticksPerSample) }
}

extension Int64 {
    /// The product, or nil when it passes 64 bits or is not positive.
    fileprivate func multiplied(by other: Int64) -> Int64? {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow || product <= 0 ? nil : product
    }
}
