/// What a decision between two blocks is based on. Times are laboratory time in seconds; nothing here is an outcome of a trial.
public struct MaintenanceKnowledge: Sendable {
    /// When a check of the plan was last seen to in this campaign, whatever came of it.
    public struct Seen: Equatable, Sendable {
        public var block: UInt64
        public var time: Double

        public init(block: UInt64, time: Double) {
            self.block = block
            self.time = time
        }
    }

    /// What is known of a value.
    public struct Value: Equatable, Sendable {
        /// When it was last measured.
        public var measured: Double?
        /// The routine that measured the one in force.
        public var routine: String?
        /// Nil when its history is too short.
        public var drift: DriftEstimate?

        public init(measured: Double? = nil, routine: String? = nil, drift: DriftEstimate? = nil) {
            self.measured = measured
            self.routine = routine
            self.drift = drift
        }
    }

    public var now: Double
    /// The block that is about to begin.
    public var block: UInt64
    /// When items last passed a check or were calibrated.
    public var verified: [CalibrationItem: Double]
    /// Items whose last calibration failed.
    public var failed: Set<CalibrationItem>
    public var values: [CalibrationPath: Value]
    /// By the check's place in the plan.
    public var seen: [Int: Seen]
    /// As ``verified``, and when items' values last moved: both in seconds since 1970, because the order in which things
    /// were measured counts here, and a simulated laboratory's clock stands still meanwhile.
    public var confirmed: [CalibrationItem: Double] = [:]
    public var moved: [CalibrationItem: Double] = [:]
    /// When a check was last done because something that it builds on had moved; in seconds since 1970.
    public var followed: [Int: Double] = [:]

    public init(
        now: Double, block: UInt64, verified: [CalibrationItem: Double] = [:], failed: Set<CalibrationItem> = [],
        values: [CalibrationPath: Value] = [:], seen: [Int: Seen] = [:]
    ) {
        self.now = now
        self.block = block
        self.verified = verified
        self.failed = failed
        self.values = values
        self.seen = seen
    }
}

extension MaintenanceKnowledge {
    /// - Parameter states: What the book knows, in time of the wall clock.
    public init(
        states: [CalibrationItem: ItemState], clock: LaboratoryClock, wall: Double, block: UInt64,
        values: [CalibrationPath: Value] = [:], seen: [Int: Seen] = [:], followed: [Int: Double] = [:]
    ) {
        self.init(
            now: clock.time(at: wall), block: block,
            verified: states.compactMapValues { state in state.verified.map { clock.time(at: $0) } },
            failed: Set(states.filter(\.value.hasFailed).keys), values: values, seen: seen)
        confirmed = states.compactMapValues(\.verified)
        moved = states.compactMapValues(\.calibrated)
        self.followed = followed
    }
}
