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
            devices.append(Device(&entry, name: device))
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
        if let error = BellError.all(failures) { throw error }
        guard let alice = boards.alice.first, let bob = boards.bob.first, let triggerMaster else {
            throw BellError(.labDevice, "The laboratory has no boards.", at: yaml.source)
        }
        self.init(
            name: name, source: yaml.source, devices: devices, boards: PerNode(alice: alice, bob: bob),
            triggerMaster: triggerMaster, calibrationFiles: calibration, geometry: paths)
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
    fileprivate init(_ reader: inout YAMLReader, name: String) {
        let word = reader.choice("driver", of: Laboratory.Driver.allCases.map(\.rawValue))
        let driver = Laboratory.Driver(rawValue: word) ?? .board
        let nodes = Node.allCases.map(\.name)
        let node = driver == .board ? reader.choice("node", of: nodes) : reader.optionalChoice("node", of: nodes)
        let at = reader.string("at")
        var limits: BoardLimits?
        if driver == .board, var section = reader.optionalMapping("limits") { limits = BoardLimits(&section) }
        self.init(
            name: name, driver: driver, node: node.flatMap { Node(name: $0) }, at: at, limits: limits,
            place: SourcePlace(file: reader.node.source, line: reader.node.line))
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
