extension MaintenancePlan {
    /// A value that is watched between blocks.
    public struct Gate: Equatable, Sendable {
        /// Where its number comes from.
        public enum Source: Equatable, Sendable {
            /// A device of lab.yaml and one of its readings; for a toggle on is 1 and off is 0.
            case reading(device: String, key: String)
            /// The path of a calibrated value, measured every so often by the shots of its routine's check.
            case measured(String, every: Interval)
        }

        public enum Action: String, CaseIterable, Sendable {
            /// No block begins until it is well again.
            case wait
            /// The same, and a person is called.
            case suspend
            /// Only said.
            case warn
            /// The value is calibrated before the next block; only where ``Gate/change`` is the limit.
            case calibrate
        }

        public var source: Source
        public var min: Double?
        public var max: Double?
        /// How far a measured value may be from the measurement before, either way; a phase the short way round. > 0.
        public var change: Double?
        /// The unit that the limits are in; must be the device's or the value's own where that is known.
        public var unit: String
        public var action: Action
        /// How long it must be well again before the campaign goes on, in seconds of laboratory time; ≥ 0.
        public var settle: Double

        public init(
            _ source: Source, min: Double? = nil, max: Double? = nil, change: Double? = nil, unit: String = "1",
            action: Action = .wait, settle: Double = 0
        ) {
            self.source = source
            self.min = min
            self.max = max
            self.change = change
            self.unit = unit
            self.action = action
            self.settle = settle
        }

        /// A gate on a device's reading.
        public init(
            device: String, reading: String, min: Double? = nil, max: Double? = nil, unit: String,
            action: Action = .wait, settle: Double = 0
        ) {
            self.init(
                .reading(device: device, key: reading), min: min, max: max, unit: unit, action: action, settle: settle)
        }

        /// `fridge.mixing_chamber_k` or `alice.thermal_population`.
        public var name: String {
            switch source {
            case .reading(let device, let key): "\(device).\(key)"
            case .measured(let path, _): path
            }
        }

        /// The device that is looked at; nil for a measured value.
        public var device: String? { if case .reading(let device, _) = source { device } else { nil } }

        /// Whether a reading is within `min` and `max`; what is no number is not.
        public func allows(_ value: Double) -> Bool {
            value.isFinite && value >= min ?? -.infinity && value <= max ?? .infinity
        }
    }
}
