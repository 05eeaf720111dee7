import BellCalibration
import BellModel
import BellSequence
import DriverKit

/// What is known of one instrument beside the boards.
struct KeptInstrument {
    let device: Laboratory.Device
    let instrument: any Instrument
    var identity: InstrumentIdentity?
    var settings: [InstrumentSetting] = []
    var values: [String: InstrumentValue] = [:]
    /// What the instrument itself reports as wrong.
    var complaints: [String] = []
    /// What somebody should see to some day; holds nothing up.
    var warnings: [String] = []
    /// Why it cannot be reached; nil while connected.
    var problem: BellError?
    /// Attempts to connect that failed since the last one that did not.
    var attempt = 0
    /// Grows when something happened at the plug: the next attempt is due at once.
    var nudges = 0
    /// The keeper itself is asking it just now.
    var isAsked = false
    /// What it was read back with for the block under way; nil when no block depends on it, or no longer.
    var frozen: [String: InstrumentValue]?
    /// When it was last seen so; wall clock.
    var confirmed = ""
    /// Grows when it is set: what was read meanwhile may be from before.
    var settingCount = 0
    /// A check has it for itself.
    var isLeased = false

    // MARK: What it shows

    /// As `device.list` answers.
    var json: JSON {
        var object: [String: JSON] = [
            "name": .string(device.name), "driver": .string(device.driver.rawValue),
            "at": .string(device.address.text), "node": device.node.map { .string($0.name) } ?? .null,
            "state": "connecting", "reason": .null,
        ]
        if let problem {
            object["state"] = .string(problem.deviceState)
            object["reason"] = .string(problem.what)
            object["error"] = problem.json
        } else if let identity {
            object["state"] = complaints.isEmpty ? "connected" : "faulty"
            object["reason"] = complaints.first.map { .string($0) } ?? .null
            object["identity"] = identity.json
            object["settings"] = .object(values.mapValues(\.json))
            object["problems"] = .array((complaints + warnings).map { .string($0) })
        }
        return .object(object)
    }

    /// With everything that can be set or read at it.
    var details: JSON {
        var object = json.objectValue ?? [:]
        object["ranges"] = .array(
            settings.map { setting in
                [
                    "key": .string(setting.key), "summary": .string(setting.summary),
                    "value": values[setting.key]?.json ?? .null, "allowed": .string(setting.range),
                    "writable": .bool(setting.isWritable),
                ]
            })
        return .object(object)
    }

    /// As the gates between two blocks see it.
    var reading: GateReading {
        let units = settings.compactMap { setting in setting.unit.map { (setting.key, $0) } }
        return GateReading(
            device: device.name, values: values.compactMapValues(\.gateNumber),
            units: Dictionary(units, uniquingKeysWith: { first, _ in first }),
            unreachable: problem?.what ?? (identity == nil ? "it is not connected yet" : nil),
            complaints: problem == nil ? complaints : [])
    }
}

extension InstrumentValue {
    /// What a gate compares; nil for a word.
    fileprivate var gateNumber: Double? {
        switch self {
        case .number(let number): number
        case .integer(let number): Double(number)
        case .toggle(let isOn): isOn ? 1 : 0
        case .choice: nil
        }
    }
}

extension BellError {
    /// What `device.list` calls the state of a device that cannot be reached for this reason.
    var deviceState: String {
        [.usbUnplugged, .usbNotFound].contains(code) ? "unplugged" : "disconnected"
    }
}
