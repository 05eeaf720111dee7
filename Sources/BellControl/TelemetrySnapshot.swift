public import BellModel

/// The daemon's visible state with the number of the last change in it; publisher and subscriber both keep one.
public struct TelemetrySnapshot: Equatable, Sendable {
    /// Number of the last change that is in ``state``; 0 before the first.
    public private(set) var sequence: UInt64
    /// See ``TelemetryChange/instance``.
    public let instance: String
    /// The object that the control method `status` describes, with `events`, the latest ``eventLimit`` ones.
    public private(set) var state: [String: JSON]

    /// How many events a snapshot keeps.
    public static let eventLimit = 100

    public init(instance: String, state: [String: JSON], sequence: UInt64 = 0) {
        self.instance = instance
        self.state = state
        self.sequence = sequence
    }

    /// What a change did to a snapshot.
    public enum Outcome: Equatable, Sendable {
        /// The change was the next one.
        case applied
        /// The change is in the snapshot already.
        case old
        /// A change is missing before this one, or the daemon is another: fetch a snapshot.
        case gap
    }

    /// Takes a change in, if it is the next one.
    public mutating func apply(_ change: TelemetryChange) -> Outcome {
        guard change.instance == instance else { return .gap }
        if change.sequence <= sequence { return .old }
        guard change.sequence - sequence == 1 else { return .gap }
        sequence = change.sequence
        merge(change)
        return .applied
    }

    /// Numbers a change that was just made and takes it in.
    public mutating func next(kind: String, data: JSON) -> TelemetryChange {
        sequence += 1
        let change = TelemetryChange(sequence: sequence, kind: kind, data: data, instance: instance)
        merge(change)
        return change
    }

    /// Replaces the state without a change; only before anybody can have seen it.
    public mutating func reset(state: [String: JSON]) { self.state = state }

    private mutating func merge(_ change: TelemetryChange) {
        switch change.kind {
        case "campaign", "calibration": state[change.kind] = change.data
        case "device":
            var devices = state["devices"]?.arrayValue ?? []
            if let index = devices.firstIndex(where: { $0["name"] == change.data["name"] }) {
                devices[index] = change.data
            } else {
                devices.append(change.data)
            }
            state["devices"] = .array(devices)
        case "event":
            let events = (state["events"]?.arrayValue ?? []) + [change.data]
            state["events"] = .array(events.suffix(Self.eventLimit))
        case "daemon":
            for (key, value) in change.data.objectValue ?? [:] { state[key] = value }
        default: break
        }
    }

    /// The result of the control method `telemetry.snapshot`: ``state`` with `seq` and `instance`.
    public var json: JSON {
        var object = state
        object["seq"] = JSON(count: sequence)
        object["instance"] = .string(instance)
        return .object(object)
    }

    /// Reads what ``json`` wrote.
    public init(json: JSON) throws(BellError) {
        var reader = try JSONReader(json, path: "telemetry.snapshot")
        sequence = try reader.count("seq")
        instance = try reader.string("instance")
        state = json.objectValue ?? [:]
        state["seq"] = nil
        state["instance"] = nil
    }
}
