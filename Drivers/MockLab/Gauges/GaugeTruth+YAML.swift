import BellModel
import BellYAML

extension GaugeTruth {
    /// Reads the `gauges` of a profile.
    static func all(reading reader: inout YAMLReader, instruments: [String]) -> [GaugeTruth] {
        guard var section = reader.optionalMapping("gauges") else { return [] }
        var gauges: [GaugeTruth] = []
        for (name, entry) in section.mappingEntries() {
            var entry = entry
            if let problem = problem(of: name, instruments) {
                section.fail(name, problem, fix: "use 1 to 40 of a-z, 0-9 and -, and a name that nothing else has")
            }
            let word = entry.choice("model", of: GaugeModel.allCases.map(\.rawValue))
            guard let model = GaugeModel(rawValue: word) else { continue }
            gauges.append(GaugeTruth(reading: &entry, name: name, model: model))
        }
        return gauges
    }

    /// The name becomes a socket in the run directory, beside the boards'.
    private static func problem(of name: String, _ instruments: [String]) -> String? {
        let isWord =
            (1...40).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        if !isWord { return "\"\(name.prefix(60))\" is no name of a gauge." }
        return Node(name: name) != nil || instruments.contains(name) ? "Something else is called \(name)." : nil
    }

    private init(reading reader: inout YAMLReader, name: String, model: GaugeModel) {
        self.init(name: name, model: model, serial: reader.optionalString("serial"))
        silentAt = reader.optionalSpan("silent_at", in: GaugeTruth.spans)
        silentFor = reader.optionalSpan("silent_for", in: GaugeTruth.spans)
        if var section = reader.optionalMapping("readings") {
            for place in readings.indices {
                guard var entry = section.optionalMapping(readings[place].key) else { continue }
                readings[place].change(reading: &entry)
            }
        }
        guard let stop = readings.first(where: { $0.key == GaugeModel.compressor && $0.failsAt != nil }) else { return }
        for place in readings.indices where readings[place].failsAt == nil {
            readings[place].failsAt = stop.failsAt
            readings[place].failsFor = stop.failsFor
        }
    }

    /// Up to 31 years.
    static let spans = 0.0...1e9
}

extension GaugeTruth.Reading {
    /// Takes what the profile says of it.
    fileprivate mutating func change(reading reader: inout YAMLReader) {
        failsAt = reader.optionalSpan("fail_at", in: GaugeTruth.spans)
        failsFor = reader.optionalSpan("fail_for", in: GaugeTruth.spans)
        if unit == nil {
            value = reader.optionalChoice("value", of: ["on", "off"]) == "off" ? 0 : 1
            return
        }
        value = reader.optionalDouble("value", in: range) ?? value
        failsTo = reader.optionalDouble("fails_to", in: range) ?? failsTo
        rise = reader.optionalSpan("fail_rise", in: GaugeTruth.spans) ?? rise
        if let law = DriftLaw(reading: &reader, nameOfSection: key, isOptional: true) { self.law = law }
    }
}
