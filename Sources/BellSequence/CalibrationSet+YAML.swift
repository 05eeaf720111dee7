public import BellModel
import BellYAML

extension CalibrationSet {
    /// Reads the calibration files that the laboratory file names.
    ///
    /// - Parameter load: Gives the text of a file; paths are the laboratory file's folder joined with what it says.
    /// - Throws: All failures of all files at once: what `load` throws, `yaml.*`, `calibration.foreign`.
    public init(laboratory: Laboratory, load: (String) throws(BellError) -> String) throws(BellError) {
        let files = laboratory.calibrationFiles
        let alice = Self.read(files.alice, of: laboratory, load) { Self.node(&$0, .alice) }
        let bob = Self.read(files.bob, of: laboratory, load) { Self.node(&$0, .bob) }
        let link = Self.read(files.link, of: laboratory, load) { reader in
            var values = reader.mapping("values")
            return ValueTable(source: reader.node.source, values: CalibratedValue.read(&values, Quantity.ofLink))
        }
        let timing = Self.read(files.timing, of: laboratory, load) { reader in
            PerNode { node in
                var values = reader.mapping(node.name)
                return ValueTable(
                    source: "\(reader.node.source) \(node.name)",
                    values: CalibratedValue.read(&values, Quantity.ofTiming))
            }
        }
        switch (alice, bob, link, timing) {
        case (.success(let alice), .success(let bob), .success(let link), .success(let timing)):
            self.init(
                laboratory: laboratory.name, nodes: PerNode(alice: alice, bob: bob), link: link, timing: timing,
                geometry: laboratory.geometry)
        default:
            let failures = alice.failures + bob.failures + link.failures + timing.failures
            throw BellError.all(failures) ?? BellError(.calibrationMissing, "The calibration cannot be read.")
        }
    }

    private static func read<T>(
        _ file: String, of laboratory: Laboratory, _ load: (String) throws(BellError) -> String,
        _ parse: (inout YAMLReader) -> T
    ) -> Result<T, BellError> {
        let path = laboratory.resolve(file)
        do throws(BellError) {
            var reader = YAMLReader(try YAMLNode.parse(try load(path), source: path))
            let name = reader.string("laboratory")
            if !name.isEmpty && name != laboratory.name {
                reader.fail(
                    "laboratory", "The file belongs to the laboratory \"\(name.prefix(40))\".",
                    fix: "\(laboratory.source) is \"\(laboratory.name)\": name that laboratory's own file there")
            }
            let result = parse(&reader)
            try reader.finish()
            return .success(result)
        } catch {
            return .failure(error)
        }
    }

    private static func node(_ reader: inout YAMLReader, _ node: Node) -> NodeCalibration {
        let name = reader.choice("node", of: Node.allCases.map(\.name))
        if name != node.name && reader.node["node"] != nil {
            reader.fail("node", "The file was measured at \(name), not at \(node.name).")
        }
        var shapes = reader.mapping("pulses")
        var pulses: [PulseName: PulseShape] = [:]
        for pulse in PulseName.allCases {
            // The π/2 pulse is always needed; who emits and who absorbs is the sequence's choice.
            var shape: YAMLReader
            if pulse == .halfPi {
                shape = shapes.mapping(pulse.rawValue)
            } else {
                guard let present = shapes.optionalMapping(pulse.rawValue) else { continue }
                shape = present
            }
            pulses[pulse] = PulseShape(&shape)
        }
        var values = reader.mapping("values")
        return NodeCalibration(
            pulses: pulses,
            values: ValueTable(
                source: reader.node.source, values: CalibratedValue.read(&values, Quantity.ofNode)))
    }
}

extension Result where Failure == BellError {
    /// The failures of one file, none inside another.
    fileprivate var failures: [BellError] {
        guard case .failure(var first) = self else { return [] }
        let others = first.others
        first.others = []
        return [first] + others
    }
}

extension PulseShape {
    /// Reads `{envelope, duration_ns}`, and `sigma_ns` for a Gaussian.
    init(_ reader: inout YAMLReader) {
        let name = reader.choice("envelope", of: Envelope.allCases.map(\.rawValue))
        let envelope = Envelope(rawValue: name) ?? .cosine
        // Shorter than any sample, longer than any pulse that a qubit lives through.
        let duration = Picoseconds(nanoseconds: reader.double("duration_ns", in: 0.01...1e6))
        let sigma = envelope == .gaussian ? reader.optionalDouble("sigma_ns", in: 0.01...1e6) : nil
        self.init(
            envelope: envelope, duration: duration, sigma: sigma,
            place: SourcePlace(file: reader.node.source, line: reader.node.line))
    }
}
