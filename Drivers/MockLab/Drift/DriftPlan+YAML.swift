import BellModel
import BellYAML

extension DriftPlan {
    /// Reads `drift`, `spread`, `time_factor` and `drift_step` of a profile whose `link` and `nodes` have been read.
    init(reading reader: inout YAMLReader) {
        self.init()
        text = reader.node
        var known: [String: AskedNumber] = [:]
        for number in reader.askedNumbers where DriftPlan.canChange(number.path) { known[number.path] = number }
        timeFactor = reader.optionalDouble("time_factor", in: 0.001...1e6) ?? 1
        step = reader.optionalSpan("drift_step", in: 0.001...1e6) ?? 1
        if var section = reader.optionalMapping("drift") {
            for (name, entry) in section.mappingEntries() {
                var entry = entry
                let law = DriftLaw(reading: &entry, nameOfSection: name)
                guard let number = DriftPlan.number(name, known, laws.map(\.number), &section) else { continue }
                if name.hasSuffix(".board.rng_bias") {
                    section.fail(name, "The bias of input bits does not drift.", fix: "use `spread`, or the fault bias")
                } else if let law {
                    laws.append((number, law))
                }
            }
        }
        if var section = reader.optionalMapping("spread") {
            for (name, entry) in section.mappingEntries() {
                var entry = entry
                let uniform = entry.optionalDouble("uniform", in: 0...1e12)
                let normal = entry.optionalDouble("normal", in: 0...1e12)
                if (entry.optionalValue("uniform") == nil) == (entry.optionalValue("normal") == nil) {
                    section.fail(name, "A spread is either uniform or normal.", fix: "write for example {uniform: 5}")
                }
                guard let number = DriftPlan.number(name, known, spreads.map(\.number), &section) else { continue }
                if let spread = uniform.map(Spread.uniform) ?? normal.map(Spread.normal) {
                    spreads.append((number, spread))
                }
            }
        }
    }

    /// Numbers of the truth; not those of the sections about change.
    private static func canChange(_ path: String) -> Bool { path.hasPrefix("link.") || path.hasPrefix("nodes.") }

    /// The number that a section's key means; `alice.` and `bob.` are short for `nodes.alice.` and `nodes.bob.`.
    private static func number(
        _ name: String, _ known: [String: AskedNumber], _ taken: [Number], _ section: inout YAMLReader
    ) -> Number? {
        let short = name.split(separator: ".").first.flatMap { Node(name: String($0)) } != nil
        let path = short ? "nodes.\(name)" : name
        guard let number = known[path] else {
            let near = nearestWord(to: path, among: known.keys.sorted()).map { "did you mean \"\($0)\"? " } ?? ""
            section.fail(
                name, "\"\(name.prefix(80))\" is no number of this profile that can change.",
                fix: near + "write a key of `link` or `nodes` that has a number, as nodes.alice.rabi_mhz")
            return nil
        }
        guard let value = number.value else {
            // A wrong value has its own error; a missing one is only a default.
            section.fail(name, "\(path) has no value in this profile.", fix: "write one, from which it can drift")
            return nil
        }
        guard !taken.contains(where: { $0.path == path }) else {
            section.fail(name, "\(path) stands here twice.", fix: "remove one")
            return nil
        }
        return Number(path: path, value: value, range: number.range)
    }
}

extension DriftLaw {
    /// Reads `process`, `std`, `correlation`, `jumps`, `linear_per_hour` and `fault`; nil when none is given.
    init?(reading reader: inout YAMLReader, nameOfSection name: String, isOptional: Bool = false) {
        self.init()
        let process = reader.optionalChoice("process", of: ["ou"])
        let isGiven = ["process", "std", "correlation"].contains { reader.optionalValue($0) != nil }
        if isGiven {
            if process == nil { _ = reader.choice("process", of: ["ou"]) }
            wander = Wander(
                deviation: reader.double("std", in: 0...1e12), correlation: reader.span("correlation", in: 0.001...1e9))
        }
        if var section = reader.optionalMapping("jumps") {
            jumps = Jumps(
                perHour: section.double("rate_per_hour", in: 0...1e6), deviation: section.double("std", in: 0...1e12))
        }
        if var section = reader.optionalMapping("fault") {
            fault = Fault(
                at: section.span("at", in: 0...1e9), offset: section.double("by", in: -1e12...1e12),
                lasts: section.optionalSpan("for", in: 0...1e9))
        }
        let linear = reader.optionalDouble("linear_per_hour", in: -1e12...1e12)
        perHour = linear ?? 0
        if wander == nil && jumps == nil && linear == nil && fault == nil {
            if !isOptional, reader.optionalValue("linear_per_hour") == nil {
                reader.fail(
                    "process", "\(name) does not say how it drifts.",
                    fix: "write {process: ou, std: …, correlation: 3h}")
            }
            return nil
        }
    }
}
