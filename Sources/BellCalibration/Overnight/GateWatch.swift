public import BellModel

/// What one look at a device showed.
public struct GateReading: Equatable, Sendable {
    public var device: String
    /// By the reading's key; a toggle is 1 or 0.
    public var values: [String: Double]
    /// By the reading's key; "1" or none for what has no unit.
    public var units: [String: String]
    /// Why it cannot be reached; nil while it answers.
    public var unreachable: String?
    /// What it reports as wrong itself, such as a lost lock.
    public var complaints: [String]

    public init(
        device: String, values: [String: Double] = [:], units: [String: String] = [:], unreachable: String? = nil,
        complaints: [String] = []
    ) {
        self.device = device
        self.values = values
        self.units = units
        self.unreachable = unreachable
        self.complaints = complaints
    }
}

/// Something that stands against the next block.
public struct GateFinding: Equatable, Sendable {
    /// `fridge.mixing_chamber_k`, or `disk`.
    public var gate: String
    /// The gate's place in the plan; nil for what is no gate of the plan's own.
    public var place: Int?
    public var action: MaintenancePlan.Gate.Action
    public var reason: String

    public init(gate: String, place: Int? = nil, action: MaintenancePlan.Gate.Action, reason: String) {
        self.gate = gate
        self.place = place
        self.action = action
        self.reason = reason
    }
}

/// Judges what is watched between blocks: the plan's gates, complaints of instruments, the disk; a pure value.
///
/// Whoever asks it looks at the ``devices``, measures what is ``due(now:block:)`` and hands the results over before each
/// ``judge(_:now:)``.
public struct GateWatch: Sendable {
    /// The last two measurements of a gate, the later one first.
    private struct Track: Sendable {
        var last: GateMeasurement
        var before: GateMeasurement?
    }

    public let gates: [MaintenancePlan.Gate]
    private var tracks: [Int: Track] = [:]
    /// When a gate that asks for some time in its limits came back into them; by its place.
    private var well: [Int: Double] = [:]
    /// Gates that were closed at the last look.
    private var closed: Set<Int> = []

    public init(_ gates: [MaintenancePlan.Gate]) { self.gates = gates }

    /// The devices that are looked at.
    public var devices: Set<String> { Set(gates.compactMap(\.device)) }

    // MARK: Measured values

    /// The places of gates whose value is to be measured before the block: never measured, as old as `every` says, or
    /// closed, so that the campaign learns when it is well again.
    ///
    /// - Parameters:
    ///   - now: Seconds of laboratory time.
    ///   - block: The block that is about to begin.
    public func due(now: Double, block: UInt64) -> [Int] {
        gates.indices.filter { place in
            guard case .measured(_, let every) = gates[place].source else { return false }
            // A warning holds nothing up, and is looked at no more often for it.
            let isAwaited = closed.contains(place) && gates[place].action != .warn
            guard let last = tracks[place]?.last, !isAwaited else { return true }
            return switch every {
            case .seconds(let seconds): now - last.time >= seconds
            case .blocks(let count): block < last.block || block - last.block >= count
            }
        }
    }

    /// Takes a measurement of the gate at `place`.
    public mutating func take(_ measurement: GateMeasurement, at place: Int) {
        // One that says nothing does not hide how far the value has gone meanwhile.
        let known = tracks[place].map { $0.last.value == nil ? $0.before : $0.last }
        tracks[place] = Track(last: measurement, before: known ?? nil)
    }

    /// A changed value was seen to: what was measured last is what the next one is compared with.
    public mutating func settle(_ place: Int) {
        tracks[place]?.before = nil
        // It is measured anew, then.
        if tracks[place]?.last.value == nil { tracks[place] = nil }
    }

    /// What was measured last at a place, and how far it was from the one before.
    public func measured(at place: Int) -> (last: GateMeasurement, change: Double?)? {
        tracks[place].map { ($0.last, $0.last.change(since: $0.before)) }
    }

    // MARK: Judging

    /// Judges one look at everything.
    ///
    /// - Parameters:
    ///   - readings: Of every instrument of the laboratory.
    ///   - now: Seconds of laboratory time, by which `for` counts.
    /// - Returns: What stands against a block, in the plan's order; complaints after the gates.
    public mutating func judge(_ readings: [GateReading], now: Double) -> [GateFinding] {
        let byDevice = Dictionary(readings.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        var findings: [GateFinding] = []
        for (place, gate) in gates.enumerated() {
            if let reason = trouble(place, byDevice) {
                // What is calibrated is well after it.
                if gate.action != .calibrate { closed.insert(place) }
                well[place] = nil
                findings.append(
                    GateFinding(gate: gate.name, place: place, action: gate.action, reason: "\(gate.name) \(reason)"))
            } else if closed.contains(place) {
                // A warning needs no patience.
                let since = well[place] ?? now
                well[place] = since
                if now - since >= gate.settle || gate.action == .warn {
                    closed.remove(place)
                    well[place] = nil
                } else {
                    let left = Int((gate.settle - (now - since)).rounded(.up))
                    findings.append(
                        GateFinding(
                            gate: gate.name, place: place, action: .wait,
                            reason: "\(gate.name) is well again, and must stay so for \(left) s more"))
                }
            }
        }
        for reading in readings {
            let own = gates.filter { $0.device == reading.device }.map(\.action)
            // Whoever names a device in a gate says what becomes of its complaints, too.
            let action = own.contains(.suspend) ? .suspend : own.contains(.wait) || own.isEmpty ? .wait : own[0]
            for complaint in reading.complaints.prefix(4) {
                findings.append(
                    GateFinding(
                        gate: reading.device, action: action,
                        reason: "\(reading.device) reports: \(complaint.prefix(120))"))
            }
        }
        return findings
    }

    private func trouble(_ place: Int, _ readings: [String: GateReading]) -> String? {
        let gate = gates[place]
        switch gate.source {
        case .measured: return trouble(gate, tracks[place])
        case .reading(let device, let key): return trouble(gate, key, readings[device])
        }
    }

    private func trouble(_ gate: MaintenancePlan.Gate, _ track: Track?) -> String? {
        // Nothing is known before the first measurement, which comes before the first block.
        guard let last = track?.last else { return nil }
        guard let value = last.value else {
            return "cannot be measured: \((last.problem ?? "its routine does not say why").prefix(200))"
        }
        if last.unit != gate.unit { return wrongUnit(last.unit, gate) }
        if let limit = gate.change, let change = last.change(since: track?.before), !(change.magnitude <= limit) {
            return "has moved by \(text(change, gate)) to \(text(value, gate)) since it was measured last, allowed: "
                + text(limit, gate)
        }
        return outside(value, gate)
    }

    private func trouble(_ gate: MaintenancePlan.Gate, _ key: String, _ reading: GateReading?) -> String? {
        guard let reading else { return "cannot be read: no instrument of lab.yaml has that name" }
        if let reason = reading.unreachable { return "cannot be read: \(reason.prefix(120))" }
        guard let value = reading.values[key] else {
            let known = reading.values.keys.sorted().prefix(12).joined(separator: ", ")
            return "cannot be read: the device has \(known.isEmpty ? "no readings" : known)"
        }
        if let unit = reading.units[key], unit != gate.unit { return wrongUnit(unit, gate) }
        return outside(value, gate)
    }

    private func outside(_ value: Double, _ gate: MaintenancePlan.Gate) -> String? {
        guard !gate.allows(value) else { return nil }
        let limits = [gate.min.map { "at least \($0)" }, gate.max.map { "at most \($0)" }].compactMap { $0 }
        let unit = gate.unit == "1" ? "" : " \(gate.unit)"
        return "is \(value)\(unit), allowed: \(limits.joined(separator: " and "))\(unit)"
    }

    private func wrongUnit(_ unit: String, _ gate: MaintenancePlan.Gate) -> String {
        "is in \(unit), and the plan's limits are in \(gate.unit)"
    }

    private func text(_ value: Double, _ gate: MaintenancePlan.Gate) -> String {
        gate.unit == "1" ? "\(value)" : "\(value) \(gate.unit)"
    }
}
