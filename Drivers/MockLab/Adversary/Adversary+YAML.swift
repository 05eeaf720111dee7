import BellModel
import BellYAML

extension Adversary {
    /// The `adversary` of a profile; nil without one.
    static func optional(reading reader: inout YAMLReader) -> Adversary? {
        guard var section = reader.optionalMapping("adversary") else { return nil }
        return Adversary(reading: &section)
    }

    /// Reads the keys that the named attack has; every other key is unknown.
    private init(reading reader: inout YAMLReader) {
        let name = reader.choice("attack", of: Name.allCases.map(\.rawValue))
        let node = reader.optionalChoice("node", of: Node.allCases.map(\.name)).flatMap { Node(name: $0) }
        let pattern = reader.optionalChoice("pattern", of: CHSHPattern.allCases.map(\.rawValue))
        self.init(
            Adversary.attack(Name(rawValue: name) ?? .memory, &reader), node: node ?? .bob,
            pattern: pattern.flatMap(CHSHPattern.init) ?? .minusOn11)
    }

    private enum Name: String, CaseIterable {
        case memory, predict, lose, reorder, `repeat`, cut, renumber, signal, clock
        case timeTags = "time-tags"
    }

    private static func attack(_ name: Name, _ reader: inout YAMLReader) -> Attack {
        switch name {
        case .memory: return .memory(choice("goal", Goal.self, &reader) ?? .sValue)
        case .predict: return .predict(bias: reader.double("bias", in: 0...0.5))
        case .lose: return .lose(choice("loss", Loss.self, &reader) ?? .missing)
        case .reorder: return .reorder
        case .repeat: return .repeat
        case .cut: return .cut(sigmas: reader.optionalDouble("sigmas", in: 0...20) ?? 2)
        case .renumber: return .renumber(sigmas: reader.optionalDouble("sigmas", in: 0...20) ?? 2)
        case .signal:
            let carries = choice("carries", Message.self, &reader) ?? .setting
            // 30 m of waveguide or cable at 0.7 c take 143 ns.
            let delay = reader.optionalDouble("delay_ns", in: 0...1e6) ?? 150
            return .signal(carries, sValue: sValue(&reader) ?? 2.24, .honest(delay: UInt64((delay * 1000).rounded())))
        case .timeTags:
            return .signal(
                choice("carries", Message.self, &reader) ?? .setting, sValue: sValue(&reader) ?? 2.24, .lying)
        case .clock:
            let offset = reader.optionalDouble("offset_ns", in: -1e6...1e6)
            let rate = reader.optionalDouble("rate_ppm", in: -1000...1000)
            if offset == nil && rate == nil {
                reader.fail("offset_ns", "Nothing is wrong with this clock.", fix: "write offset_ns or rate_ppm")
            }
            return .clock(
                offset: (offset ?? 0) * 1000, rate: (rate ?? 0) * 1e-6, from: reader.optionalCount("from_trial") ?? 0)
        }
    }

    private static func sValue(_ reader: inout YAMLReader) -> Double? { reader.optionalDouble("s_value", in: 2...4) }

    private static func choice<Word>(_ key: String, _: Word.Type, _ reader: inout YAMLReader) -> Word?
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        reader.optionalChoice(key, of: Word.allCases.map(\.rawValue)).flatMap { Word(rawValue: $0) }
    }
}
