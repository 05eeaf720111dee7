/// How one number of a simulated laboratory wanders: a random walk that is pulled back, jumps, a straight line, and a step at a
/// known moment.
///
/// All sizes are in the number's own unit; the offset from the number's value at the start is the sum of the four.
public struct DriftLaw: Equatable, Sendable {
    /// An Ornstein–Uhlenbeck process: stationary, normal, its correlation falls as e^{−t/correlation}.
    public struct Wander: Equatable, Sendable {
        /// Stationary standard deviation; ≥ 0.
        public var deviation: Double
        /// Seconds; > 0.
        public var correlation: Double

        public init(deviation: Double, correlation: Double) {
            self.deviation = deviation
            self.correlation = correlation
        }
    }

    /// Steps at random moments (a Poisson process); each stays.
    public struct Jumps: Equatable, Sendable {
        public var perHour: Double
        /// Standard deviation of one jump, normal with mean 0.
        public var deviation: Double

        public init(perHour: Double, deviation: Double) {
            self.perHour = perHour
            self.deviation = deviation
        }
    }

    /// A fault that is planted: a step at a known moment.
    public struct Fault: Equatable, Sendable {
        /// Seconds; ≥ 0.
        public var at: Double
        public var offset: Double
        /// Seconds after which it is gone; nil: it stays.
        public var lasts: Double?

        public init(at: Double, offset: Double, lasts: Double? = nil) {
            self.at = at
            self.offset = offset
            self.lasts = lasts
        }

        func offset(at seconds: Double) -> Double {
            seconds >= at && seconds < at + (lasts ?? .infinity) ? offset : 0
        }
    }

    public var wander: Wander?
    public var jumps: Jumps?
    public var fault: Fault?
    public var perHour = 0.0

    public init(wander: Wander? = nil, jumps: Jumps? = nil, perHour: Double = 0) {
        self.wander = wander
        self.jumps = jumps
        self.perHour = perHour
    }
}
