public import BellModel
public import BellYAML

extension Laboratory {
    /// Reads a laboratory file.
    ///
    /// - Throws: All failures at once: `yaml.*`; `lab.setting-switch` for a host-set switch as setting switch;
    ///   `lab.device` for a node without a board or with two, or a name that is no device.
    public init(yaml: YAMLNode) throws(BellError) {
        var reader = YAMLReader(yaml)
        let name = reader.string("laboratory")
        var devices: [Device] = []
        var entries = reader.mapping("devices")
        for (device, entry) in entries.mappingEntries() {
            var entry = entry
            if let device = Device(&entry, name: device) { devices.append(device) }
        }
        let master = reader.string("trigger_master")
        var switches = reader.mapping("setting_switch")
        let settingSwitch = PerNode { node in switches.string(node.name) }
        var files = reader.mapping("calibration")
        let calibration = CalibrationFiles(
            alice: files.string("alice"), bob: files.string("bob"), link: files.string("link"),
            timing: files.string("timing"))
        var geometry = reader.mapping("geometry")
        let paths = ValueTable(source: yaml.source, values: CalibratedValue.read(&geometry, Quantity.ofGeometry))
        let timeFactor = reader.optionalDouble("time_factor", in: 1e-3...1e6)
        let call = reader.optionalValue("call_person") == nil ? [] : reader.strings("call_person")
        if reader.optionalValue("call_person") != nil, call.first?.hasPrefix("/") != true {
            reader.fail(
                "call_person", "The program that calls a person is named by its whole path.",
                fix: "write for example [/usr/bin/curl, -fsS, -d, \"{message}\", \"https://example.org/hook\"]")
        }
        try reader.finish()

        var failures: [BellError] = []
        let boards = PerNode { node in devices.filter { $0.driver == .board && $0.node == node } }
        for node in Node.allCases where boards[node].count != 1 {
            let names = boards[node].map(\.name)
            failures.append(
                BellError(
                    .labDevice,
                    names.isEmpty
                        ? "No device is the board of \(node.name)."
                        : "\(names.count) devices are boards of \(node.name): \(names.joined(separator: ", ")).",
                    at: "\(yaml.source) devices", fix: "give exactly one device driver: board and node: \(node.name)"))
        }
        for node in Node.allCases {
            failures += Self.check(
                settingSwitch[node], at: node, among: devices, place: switches.node[node.name]?.place ?? yaml.place)
        }
        let triggerMaster = devices.first { $0.name == master && $0.driver == .board }?.node
        if triggerMaster == nil {
            let names = devices.filter { $0.driver == .board }.map(\.name)
            failures.append(
                BellError(
                    .labDevice, "The trigger master \"\(master.prefix(40))\" is no board of this laboratory.",
                    at: "\(yaml["trigger_master"]?.place ?? yaml.place) trigger_master",
                    fix: "boards: \(names.joined(separator: ", "))"))
        }
        failures += Self.shared(devices)
        if let error = BellError.all(failures) { throw error }
        guard let alice = boards.alice.first, let bob = boards.bob.first, let triggerMaster else {
            throw BellError(.labDevice, "The laboratory has no boards.", at: yaml.source)
        }
        self.init(
            name: name, source: yaml.source, devices: devices, boards: PerNode(alice: alice, bob: bob),
            triggerMaster: triggerMaster, calibrationFiles: calibration, geometry: paths, timeFactor: timeFactor,
            callPerson: call)
    }

    /// Refuses two devices at one address, shadows included: both drivers would talk to the same instrument.
    private static func shared(_ devices: [Device]) -> [BellError] {
        var seen: [DeviceAddress.Way: String] = [:]
        var failures: [BellError] = []
        for device in devices {
            let uses = [("", "at", device.address)] + (device.shadow.map { [("the shadow of ", "shadow", $0)] } ?? [])
            for (prefix, key, address) in uses {
                let user = prefix + device.name
                guard let other = seen.updateValue(user, forKey: address.way) else { continue }
                failures.append(
                    BellError(
                        .labDevice, "\(other) and \(user) have the same address.",
                        at: "\(device.place) devices.\(device.name).\(key) = \(address.text)",
                        fix: "give each device its own address"))
            }
        }
        return failures
    }

    /// Checks that the setting switch is a board's own output at that node.
    private static func check(
        _ name: String, at node: Node, among devices: [Device], place: String
    ) -> [BellError] {
        let key = "setting_switch.\(node.name) = \(name.prefix(40))"
        guard let device = devices.first(where: { $0.name == name }) else {
            let near = nearestWord(to: name, among: devices.map(\.name)).map { "did you mean \"\($0)\"?" }
            return [
                BellError(
                    .labDevice, "No device has the name \"\(name.prefix(40))\".", at: "\(place) \(key)", fix: near)
            ]
        }
        if device.driver == .board && device.node == node { return [] }
        if device.driver == .board {
            return [
                BellError(
                    .labDevice, "The board \(name) stands at \(device.node?.name ?? "no node"), not at \(node.name).",
                    at: "\(place) \(key)", fix: "name \(node.name)'s own board")
            ]
        }
        return [
            BellError(
                .labSettingSwitch, "The device \(name) (\(device.driver.rawValue)) cannot be the setting switch.",
                at: "\(place) \(key)",
                cause: "it is set by the host, and a USB poll takes 125 µs; light crosses the link in about 0.1 µs",
                fix: "name \(node.name)'s board: its own digital output gates the switch in nanoseconds")
        ]
    }
}

extension Laboratory.Device {
    /// Nil when the address cannot be read; the reader then has the reason.
    fileprivate init?(_ reader: inout YAMLReader, name: String) {
        let words = Laboratory.Driver.allCases.map(\.rawValue)
        let isGiven = reader.optionalValue("driver") != nil
        let word = isGiven ? reader.optionalChoice("driver", of: words) : reader.choice("driver", of: words)
        let known = word.flatMap { Laboratory.Driver(rawValue: $0) }
        // One error for a driver that is not known: the source may stand anywhere, and a board may have more keys.
        let driver = known ?? .microwaveSource
        if known == nil { for key in ["limits", "shadow"] { _ = reader.optionalValue(key) } }
        let nodes = Node.allCases.map(\.name)
        let node = driver == .board ? reader.choice("node", of: nodes) : reader.optionalChoice("node", of: nodes)
        let address = reader.address("at", of: driver, node: node)
        var limits: BoardLimits?
        var shadow: DeviceAddress?
        var settings: [Laboratory.Setting] = []
        if driver == .board {
            if var section = reader.optionalMapping("limits") { limits = BoardLimits(&section) }
            if reader.optionalValue("shadow") != nil { shadow = reader.address("shadow", of: .board, node: node) }
        } else if var section = reader.optionalMapping("settings") {
            for (key, value) in section.entries() {
                if let text = value.scalar {
                    settings.append(
                        .init(key: key, value: text, place: SourcePlace(file: value.source, line: value.line)))
                } else {
                    section.fail(key, "A setting is one word or number.")
                }
            }
        }
        let run = reader.optionalValue("run") == nil ? [] : reader.strings("run")
        if case .sequence(let words)? = reader.optionalValue("run")?.content, words.isEmpty {
            reader.fail(
                "run", "The command that serves \(name) is an empty list.",
                fix: "write the program and its arguments, for example [python3, driver.py], or remove run")
        }
        guard let address else { return nil }
        if !run.isEmpty, address.zeroMQEndpoint(runDirectory: "") == nil {
            reader.fail(
                "run", "A program can serve a device only over ZeroMQ, not at \(address.text).",
                fix: "write at: zmq+ipc://@run/\(name), or remove run")
        }
        self.init(
            name: name, driver: driver, node: node.flatMap { Node(name: $0) }, address: address, limits: limits,
            place: SourcePlace(file: reader.node.source, line: reader.node.line))
        self.settings = settings
        self.run = run
        self.shadow = shadow
    }
}

extension YAMLReader {
    /// A device's address, if it is of a way in which this kind of device can be reached.
    fileprivate mutating func address(
        _ key: String, of driver: Laboratory.Driver, node: String?
    ) -> DeviceAddress? {
        let text = string(key)
        if text.isEmpty { return nil }
        do throws(BellError) {
            let address = try DeviceAddress(text)
            if let problem = driver.problem(with: address, node: node) {
                fail(key, problem, fix: "\(driver.noun) is reached by \(driver.ways)")
                return nil
            }
            return address
        } catch {
            fail(key, error.what, fix: error.fix)
            return nil
        }
    }
}

extension Laboratory.Driver {
    /// `a board`, `an attenuator`.
    fileprivate var noun: String { (self == .attenuator ? "an " : "a ") + rawValue }

    /// The ways to reach such a device, for people.
    fileprivate var ways: String {
        switch self {
        case .board, .rfSwitch, .attenuator: "mock://, zmq+ipc://, zmq+tcp://, usb:// or replay://"
        case .gauge: "mock://, zmq+ipc:// or zmq+tcp://"
        case .microwaveSource: "mock://, zmq+ipc://, zmq+tcp://, usb://, tcp:// or replay://"
        }
    }

    /// Why such a device cannot stand at an address, or nil.
    fileprivate func problem(with address: DeviceAddress, node: String?) -> String? {
        switch address.way {
        case .socket where self == .gauge, .usb where self == .gauge, .replay where self == .gauge:
            return "A gauge is simulated, or served by a process of its own."
        case .socket where self != .microwaveSource: return "SCPI lines over TCP are not for \(noun)."
        case .mock(_, let device) where self == .board && device != node:
            return "The virtual board of this node is called \(node ?? ""), not \(device)."
        case .tcp(let host, _), .socket(let host, _):
            if ["0.0.0.0", "[::]", "*"].contains(host) {
                return "\(address.text) names every address of a machine, and no device."
            }
            return nil
        default: return nil
        }
    }
}

extension BoardLimits {
    fileprivate init(_ reader: inout YAMLReader) {
        let numerator = reader.count("tick_rate_hz", in: 1_000...1_000_000_000_000)
        let samples = reader.count("ticks_per_sample", in: 1...1_000_000)
        let memory = reader.count("waveform_memory", in: 1...UInt64(UInt32.max))
        let events = reader.count("max_events", in: 1...UInt64(UInt32.max))
        self.init(
            tickRate: TickRate(numerator: numerator) ?? BoardLimits.typical.tickRate,
            ticksPerSample: UInt32(clamping: samples), waveformMemory: UInt32(clamping: memory),
            maxEvents: UInt32(clamping: events))
    }
}
