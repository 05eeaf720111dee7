import Glibc

/// A simulated gauge: an instrument whose values are only read, with drift and faults of its own.
public struct GaugeTruth: Equatable, Sendable {
    /// One monitored value.
    public struct Reading: Equatable, Sendable {
        /// Lower case with the unit at its end, for example `mixing_chamber_k`.
        public var key: String
        public var summary: String
        /// Nil: on or off.
        public var unit: String?
        /// What it can be; numbers are held inside.
        public var range: ClosedRange<Double>
        /// At the laboratory's start; 1 is on, 0 is off.
        public var value: Double
        public var law = DriftLaw()
        /// Seconds of drift after which it fails; nil: never.
        public var failsAt: Double?
        /// Where it goes then.
        public var failsTo: Double
        /// Seconds in which it has gone there, and comes back, but for 1/e; 0: at once.
        public var rise: Double
        /// Seconds until it is well again; nil: never.
        public var failsFor: Double?
        /// What is said of it when it is off; nil: nothing.
        var complaint: String?
    }

    /// `mock://<lab>/<name>` reaches it, and `zmq+ipc://@run/<name>` in mocklab.
    public var name: String
    public var model: GaugeModel
    public var serial: String
    public var readings: [Reading]
    /// Seconds of drift after which nothing answers; nil: never.
    public var silentAt: Double?
    /// Seconds until it answers again; nil: never.
    public var silentFor: Double?

    /// A gauge of a laboratory that is well.
    public init(name: String, model: GaugeModel, serial: String? = nil) {
        self.name = name
        self.model = model
        self.serial = serial ?? "MOCK-\(name.uppercased())"
        readings = model.readings
    }

    /// Whether it answers at `seconds` of drift.
    func answers(at seconds: Double) -> Bool {
        guard let silentAt, seconds >= silentAt else { return true }
        return silentFor.map { seconds >= silentAt + $0 } ?? false
    }
}

extension GaugeTruth.Reading {
    /// What it shows at `seconds` of drift when its drift alone has brought it to `value` + `offset`.
    func shown(offset: Double, at seconds: Double) -> Double {
        min(max(failing(value + offset, at: seconds), range.lowerBound), range.upperBound)
    }

    private func failing(_ well: Double, at seconds: Double) -> Double {
        guard let failsAt, seconds >= failsAt else { return well }
        guard let failsFor, seconds >= failsAt + failsFor else {
            return failsTo + (well - failsTo) * remaining(after: seconds - failsAt)
        }
        let worst = failsTo + (well - failsTo) * remaining(after: failsFor)
        return well + (worst - well) * remaining(after: seconds - failsAt - failsFor)
    }

    private func remaining(after seconds: Double) -> Double { rise > 0 ? exp(-seconds / rise) : 0 }
}
