/// What is known of an item from before: the memory of the graph. Times in seconds since 1970.
public struct ItemState: Equatable, Sendable {
    /// When its values last passed a check or were calibrated and accepted; nil for never.
    public var verified: Double?
    /// When its values were last changed by a calibration; nil for never, or for values that a person wrote.
    public var calibrated: Double?
    /// Its last calibration failed, and none has passed since.
    public var hasFailed: Bool
    /// How long it counts, in seconds, where the values' file says so; nil for the routine's own.
    public var validFor: Double?
    /// The routine below it whose coarser value replaced its own after it was last verified; nil for none. Such an item is
    /// not verified.
    public var replacedBy: String?

    public init(
        verified: Double? = nil, calibrated: Double? = nil, hasFailed: Bool = false, validFor: Double? = nil,
        replacedBy: String? = nil
    ) {
        self.verified = verified
        self.calibrated = calibrated
        self.hasFailed = hasFailed
        self.validFor = validFor
        self.replacedBy = replacedBy
    }
}

/// Why an item's state does not pass ("check_state" of arXiv:1803.03226, section III A).
public enum Staleness: Equatable, Sendable {
    /// Nothing is known of it.
    case neverMeasured
    /// This routine below it has replaced its value by a coarser one.
    case replaced(by: String)
    /// Its last calibration failed.
    case failed
    /// It is older than it counts, both in seconds; a time in the future has the age of ∞.
    case old(age: Double, limit: Double)
    /// What it needs was calibrated after it was verified.
    case dependencyNewer(CalibrationItem)
    /// What it needs does not pass itself.
    case dependencyStale(CalibrationItem)

    /// A few words for people.
    public var text: String {
        switch self {
        case .neverMeasured: "never measured"
        case .replaced(let routine): "\(routine) has replaced its value since"
        case .failed: "its last calibration failed"
        case .old(let age, _) where !age.isFinite: "its time lies in the future"
        case .old: "too old"
        case .dependencyNewer(let item): "\(item) was calibrated since"
        case .dependencyStale(let item): "\(item) does not pass"
        }
    }
}

extension CalibrationGraph {
    /// How far a time may lie in the future before it is not believed: clocks are set, people are not that early.
    private static let clockSlack = 60.0

    /// Whether an item's state passes by what is known, without measuring; nil when it does.
    ///
    /// - Parameter deep: Whether everything that it needs must pass, too; not for one whose dependencies were just seen to.
    public func staleness(
        of item: CalibrationItem, _ states: [CalibrationItem: ItemState], now: Double, deep: Bool = true
    ) -> Staleness? {
        let state = states[item] ?? ItemState()
        if state.hasFailed { return .failed }
        guard let verified = state.verified else { return state.replacedBy.map { .replaced(by: $0) } ?? .neverMeasured }
        let limit = state.validFor ?? entry(of: item)?.validity ?? 0
        let age = now - verified
        if age < -CalibrationGraph.clockSlack { return .old(age: .infinity, limit: limit) }
        // Also for a limit or a time that is no number.
        guard age <= limit else { return .old(age: age, limit: limit) }
        for dependency in dependencies(of: item) {
            if let calibrated = states[dependency]?.calibrated, calibrated > verified {
                return .dependencyNewer(dependency)
            }
        }
        guard deep else { return nil }
        let stale = closure(of: dependencies(of: item)).first {
            staleness(of: $0, states, now: now, deep: false) != nil
        }
        return stale.map { .dependencyStale($0) }
    }
}
