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
    public var action: MaintenancePlan.Gate.Action
    public var reason: String

    public init(gate: String, action: MaintenancePlan.Gate.Action, reason: String) {
        self.gate = gate
        self.action = action
        self.reason = reason
    }
}

/// Judges what is watched between blocks: the plan's gates, complaints of instruments, the disk; a pure value.
public struct GateWatch: Sendable {
    private let gates: [MaintenancePlan.Gate]
    /// When a gate that asks for some time in its limits came back into them; by its place.
    private var well: [Int: Double] = [:]
    /// Gates that were closed at the last look.
    private var closed: Set<Int> = []

    public init(_ gates: [MaintenancePlan.Gate]) { self.gates = gates }

    /// The devices that are looked at.
    public var devices: Set<String> { Set(gates.map(\.device)) }

    /// Judges one look at everything.
    ///
    /// - Parameters:
    ///   - readings: Of every instrument of the laboratory.
    ///   - now: Seconds, of the clock by which `for` counts.
    /// - Returns: What stands against a block, in the plan's order; complaints after the gates.
    public mutating func judge(_ readings: [GateReading], now: Double) -> [GateFinding] {
        let byDevice = Dictionary(readings.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        var findings: [GateFinding] = []
        for (place, gate) in gates.enumerated() {
            let name = "\(gate.device).\(gate.reading)"
            if let reason = trouble(gate, byDevice[gate.device]) {
                closed.insert(place)
                well[place] = nil
                findings.append(GateFinding(gate: name, action: gate.action, reason: "\(name) \(reason)"))
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
                            gate: name, action: .wait,
                            reason: "\(name) is well again, and must stay so for \(left) s more"))
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

    private func trouble(_ gate: MaintenancePlan.Gate, _ reading: GateReading?) -> String? {
        guard let reading else { return "cannot be read: no instrument of lab.yaml has that name" }
        if let reason = reading.unreachable { return "cannot be read: \(reason.prefix(120))" }
        guard let value = reading.values[gate.reading] else {
            let known = reading.values.keys.sorted().prefix(12).joined(separator: ", ")
            return "cannot be read: the device has \(known.isEmpty ? "no readings" : known)"
        }
        if let unit = reading.units[gate.reading], unit != gate.unit {
            return "is in \(unit), and the plan's limits are in \(gate.unit)"
        }
        guard !gate.allows(value) else { return nil }
        let limits = [gate.min.map { "at least \($0)" }, gate.max.map { "at most \($0)" }].compactMap { $0 }
        let unit = gate.unit == "1" ? "" : " \(gate.unit)"
        return "is \(value)\(unit), allowed: \(limits.joined(separator: " and "))\(unit)"
    }

    // MARK: The disk

    /// Room that must be left beside what the campaign needs: other programs write, too. 256 MiB.
    static let reserve = 256.0 * 1024 * 1024

    /// Whether the rest of a campaign fits on the disk.
    ///
    /// - Parameters:
    ///   - free: Bytes.
    ///   - left: Trials that are still to come.
    ///   - bytesPerTrial: As stored so far in this campaign; nil before the first trial.
    public static func disk(free: UInt64, left: UInt64, bytesPerTrial: Double?) -> GateFinding? {
        let each = bytesPerTrial ?? usualBytesPerTrial
        let needed = Double(left) * each
        guard Double(free) < needed + reserve else { return nil }
        return GateFinding(
            gate: "disk", action: .suspend,
            reason: "the disk has \(megabytes(Double(free))) free; the \(left) trials that are left need "
                + "\(megabytes(needed)), and \(megabytes(reserve)) must stay free")
    }

    /// Two nodes' records of 32 bytes and a status byte; compression only makes it less.
    static let usualBytesPerTrial = 65.0

    private static func megabytes(_ bytes: Double) -> String {
        bytes < 1e15 ? "\(Int(bytes / 1_048_576)) MiB" : "\(bytes) B"
    }
}
