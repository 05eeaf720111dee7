import Glibc

/// One axis: its range, ticks at round numbers, and where a value stands on it.
struct Axis: Equatable {
    /// Beyond this numbers of a measurement are none, and differences would not be finite.
    static let limit = 1e150

    private(set) var lower: Double
    private(set) var upper: Double
    private(set) var ticks: [Double] = []
    private(set) var step = 1.0

    /// Room for all values with a margin.
    ///
    /// - Parameters:
    ///   - values: Those that are no drawable number are ignored; without any the axis is 0...1.
    ///   - tickCount: About how many ticks.
    ///   - margin: Part of the range left free at each end.
    init(_ values: some Sequence<Double>, tickCount: Int, margin: Double) {
        var (lower, upper) = (Double.infinity, -Double.infinity)
        for value in values where Axis.isDrawable(value) {
            lower = min(lower, value)
            upper = max(upper, value)
        }
        if lower > upper { (lower, upper) = (0, 1) }
        // A constant stands in the middle, far enough from its neighbours to be written.
        let size = max(lower.magnitude, upper.magnitude)
        if upper - lower <= size * 1e-9 || upper - lower < 1e-300 {
            let room = size < 1e-290 ? 1 : size * 0.1
            (lower, upper) = (lower - room, upper + room)
        } else {
            let room = (upper - lower) * margin
            (lower, upper) = (lower - room, upper + room)
        }
        (self.lower, self.upper) = (lower, upper)
        placeTicks(tickCount)
    }

    static func isDrawable(_ value: Double) -> Bool { value.magnitude < limit }

    var span: Double { upper - lower }

    /// 0 at the lower end, 1 at the upper one.
    func fraction(_ value: Double) -> Double { (value - lower) / span }

    func contains(_ value: Double) -> Bool { value >= lower && value <= upper }

    /// Widens the axis about its middle.
    mutating func widen(to span: Double, tickCount: Int) {
        guard span > self.span, span.isFinite else { return }
        let middle = lower + self.span / 2
        (lower, upper) = (middle - span / 2, middle + span / 2)
        placeTicks(tickCount)
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    private mutating func placeTicks(_ count: Int) {
        ticks = []
        let raw = span / Double(max(count, 1))
        let decade = pow(10, floor(log10(raw)))
        guard decade > 0, decade.isFinite else { return }
        // The nearest of them in ratio.
        let factor = raw < 1.42 * decade ? 1.0 : raw < 3.17 * decade ? 2 : raw < 7.08 * decade ? 5 : 10
        step = factor * decade
        let first = (lower / step).rounded(.up)
        for index in 0..<(2 * max(count, 1) + 2) {
            let tick = (first + Double(index)) * step
            guard tick <= upper else { break }
            // −0 and what is left of 0 after rounding are 0.
            ticks.append(tick.magnitude < step * 1e-9 ? 0 : tick)
        }
    }

    /// The ticks' texts, all with as many decimals; powers of ten beyond four digits stand once, in `exponent`.
    var labels: (texts: [String], exponent: Int) {
        let size = max(lower.magnitude, upper.magnitude)
        let decade = size > 0 ? Int(floor(log10(size))) : 0
        let exponent = decade >= 5 || decade <= -3 ? decade - ((decade % 3) + 3) % 3 : 0
        let scale = pow(10, Double(exponent))
        let decimals = min(9, max(0, -Int(floor(log10(step / scale) + 1e-9))))
        return (ticks.map { Decimal.text($0 / scale, decimals: decimals) }, exponent)
    }
}
