import BellModel
import Glibc

/// How a value drifts, from its history: a straight line, and scatter around it that forgets itself in time.
///
/// The line is an ordinary least-squares fit. What it leaves over is measurement noise and an Ornstein–Uhlenbeck process
/// of standard deviation s and correlation time T, for which E[(x(t+τ) − x(t))²] = 2 s² (1 − e^(−τ/T)); s² is the
/// residuals' variance less that of the measurements, and T comes from the differences of neighbours.
/// - SeeAlso: Uhlenbeck, Ornstein, Phys. Rev. 36, 823 (1930); Gillespie, Phys. Rev. E 54, 2084 (1996).
public struct DriftEstimate: Equatable, Sendable {
    /// One measured value.
    public struct Sample: Equatable, Sendable {
        /// In seconds, from any origin.
        public var time: Double
        public var value: Double
        /// Standard uncertainty, ≥ 0.
        public var uncertainty: Double

        public init(time: Double, value: Double, uncertainty: Double) {
            self.time = time
            self.value = value
            self.uncertainty = uncertainty
        }
    }

    /// The line's slope, in the value's unit a second.
    public let slope: Double
    /// Its standard error.
    public let slopeError: Double
    /// Standard deviation of the scatter that is not measurement noise; ≥ 0.
    public let scatter: Double
    /// In seconds; 0 when neighbours do not resemble each other, infinite when the scatter is a random walk to us.
    public let correlationTime: Double
    /// Standard uncertainty of a measurement, averaged in squares.
    public let measurement: Double
    /// How many values it rests on.
    public let count: Int

    /// Estimates from a history, in any order; nil with fewer than four values, or when they lie at one time.
    ///
    /// - Parameters:
    ///   - samples: O(n log n); what is not finite is left out.
    ///   - period: Of a value that goes round, 2π for a phase: each value is taken nearest to the one before.
    public init?(_ samples: [Sample], period: Double? = nil) {
        var sorted = samples.filter { $0.time.isFinite && $0.value.isFinite && $0.uncertainty.isFinite }
            .sorted { $0.time < $1.time }
        guard sorted.count >= 4, let first = sorted.first, let last = sorted.last, last.time > first.time else {
            return nil
        }
        if let period, period > 0 {
            for i in sorted.indices.dropFirst() {
                let turns = ((sorted[i].value - sorted[i - 1].value) / period).rounded()
                sorted[i].value -= turns * period
            }
        }
        let n = Double(sorted.count)
        // From the middle, where line and slope do not disturb each other.
        let meanTime = sorted.reduce(0) { $0 + ($1.time - first.time) } / n + first.time
        let meanValue = sorted.reduce(0) { $0 + ($1.value - first.value) } / n + first.value
        var spread = 0.0
        var product = 0.0
        for sample in sorted {
            let away = sample.time - meanTime
            spread += away * away
            product += away * (sample.value - meanValue)
        }
        let slope = product / spread
        let residuals = sorted.map { $0.value - meanValue - slope * ($0.time - meanTime) }
        let variance = residuals.reduce(0) { $0 + $1 * $1 } / (n - 2)
        let noise = sorted.reduce(0) { $0 + $1.uncertainty * $1.uncertainty } / n
        let free = max(0, variance - noise)
        self.slope = slope
        slopeError = (variance / spread).squareRoot()
        scatter = free.squareRoot()
        measurement = noise.squareRoot()
        count = sorted.count
        correlationTime = Self.correlationTime(sorted, residuals, free: free)
    }

    /// From the mean square of neighbours' differences: 2 s² (1 − ρ) plus their noise, with ρ = e^(−δ/T).
    private static func correlationTime(_ samples: [Sample], _ residuals: [Double], free: Double) -> Double {
        guard free > 0 else { return 0 }
        var difference = 0.0
        for i in 1..<samples.count {
            let step = residuals[i] - residuals[i - 1]
            let noise =
                samples[i].uncertainty * samples[i].uncertainty
                + samples[i - 1].uncertainty * samples[i - 1].uncertainty
            difference += step * step - noise
        }
        let pairs = Double(samples.count - 1)
        let correlation = 1 - difference / pairs / (2 * free)
        if correlation <= 0 { return 0 }
        if correlation >= 1 { return .infinity }
        let lag = (samples[samples.count - 1].time - samples[0].time) / pairs
        return -lag / log(correlation)
    }

    /// How far the true value will be from the last measured one, `seconds` after that was measured.
    ///
    /// Mean and standard deviation of |d| for a normal d: its mean is the slope's drift, its variance that of the
    /// slope's error, of the scatter and of the last measurement. Grows with `seconds`, which is ≥ 0.
    /// - SeeAlso: Leone, Nelson, Nottingham, Technometrics 3, 543 (1961), eq. 3 and 4.
    public func deviation(after seconds: Double) -> (expected: Double, uncertainty: Double) {
        let mean = slope * seconds
        // An infinite correlation time moves nothing, as far as these data can tell.
        let forgotten = correlationTime > 0 ? -expm1(-seconds / correlationTime) : (seconds > 0 ? 1 : 0)
        let lean = slopeError * seconds
        let variance = lean * lean + 2 * scatter * scatter * forgotten + measurement * measurement
        guard variance > 0 else { return (mean.magnitude, 0) }
        let deviation = variance.squareRoot()
        let ratio = mean / deviation
        let expected =
            deviation * (2 / Double.pi).squareRoot() * exp(-ratio * ratio / 2) + mean * erf(ratio / 2.0.squareRoot())
        return (expected, max(0, mean * mean + variance - expected * expected).squareRoot())
    }

    /// After how many seconds the expected deviation passes a limit; infinite when not within `most`.
    ///
    /// 0 when the measurement's own noise is above it already.
    public func time(until limit: Double, within most: Double = 1e7) -> Double {
        guard deviation(after: most).expected > limit else { return .infinity }
        guard deviation(after: 0).expected <= limit else { return 0 }
        var low = 0.0
        var high = most
        // The deviation only grows; 60 halvings are exact to the last digit.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if deviation(after: middle).expected > limit { high = middle } else { low = middle }
        }
        return low
    }
}

extension DriftEstimate {
    /// Estimates from the stored history of a value; refused values are left out.
    public init?(_ history: [StoredValue], period: Double? = nil) {
        let origin = history.first?.time ?? .init(milliseconds: 0)
        self.init(
            history.filter { $0.state != .refused }.map {
                Sample(time: $0.time.seconds(since: origin), value: $0.value, uncertainty: $0.uncertainty)
            }, period: period)
    }
}
