import BellModel
import BellYAML

extension MaintenancePlan {
    /// Reads the sections `calibration` and `gates` of a plan file; nil when it has neither.
    static func read(_ plan: inout YAMLReader) -> MaintenancePlan? {
        let section = plan.optionalMapping("calibration")
        let gates = plan.optionalMappings("gates")
        guard section != nil || !gates.isEmpty else { return nil }
        var maintenance = MaintenancePlan()
        if var section { maintenance.read(calibration: &section) }
        if gates.count > mostEntries { plan.fail("gates", "A plan has at most \(mostEntries) gates.") }
        for gate in gates.prefix(mostEntries) {
            var gate = gate
            maintenance.gates.append(Gate(&gate))
        }
        return maintenance
    }

    private mutating func read(calibration section: inout YAMLReader) {
        let entries = section.optionalMappings("check")
        if entries.count > Self.mostEntries {
            section.fail("check", "A plan has at most \(Self.mostEntries) checks.")
        }
        for entry in entries.prefix(Self.mostEntries) {
            var entry = entry
            checks.append(Check(&entry))
        }
        acceptance = section.word("accept") ?? .automatic
        onFailure = section.word("on_failure") ?? .suspend
        if section.optionalBool("may_use_outcomes") == true {
            section.fail(
                "may_use_outcomes", "No check of this version looks at outcomes of trials.",
                fix: "leave it out, or write false")
        }
        let steps = section.optionalList("fallback") ?? []
        if steps.count > Self.mostFallbacks {
            section.fail("fallback", "A plan has at most \(Self.mostFallbacks) fallbacks.")
        }
        for (i, step) in steps.prefix(Self.mostFallbacks).enumerated() {
            if let fallback = Fallback(step, &section, "fallback[\(i)]") { fallbacks.append(fallback) }
        }
    }
}

extension MaintenancePlan.Check {
    fileprivate init(_ entry: inout YAMLReader) {
        let routine = entry.optionalString("routine")
        let value = entry.optionalString("value")
        if (routine == nil) == (value == nil) {
            entry.fail("routine", "A check names a routine or a value, one of the two.")
        }
        self.init(routine ?? value ?? "", when: entry.word("when") ?? .age)
        if what.utf8.count > 80 { entry.fail("routine", "No routine and no value has so long a name.") }
        node = entry.optionalChoice("node", of: Node.allCases.map(\.name)).flatMap { Node(name: $0) }
        every = entry.interval()
        tolerance = entry.optionalDouble("tolerance", in: Double.leastNormalMagnitude...)
        switch when {
        case .age, .shots:
            if every == nil {
                entry.fail("every", "A check by \(when.rawValue) needs `every` or `every_blocks`.")
            }
            if tolerance != nil {
                entry.fail("tolerance", "Only a check with `when: drift` has a tolerance.", fix: "take it out")
            }
        case .drift:
            if tolerance == nil || value == nil {
                entry.fail(
                    "tolerance", "A check by drift needs a value and how far it may move.",
                    fix: "write value: alice.drive_detuning and tolerance: 20000, in the value's unit")
            }
        }
    }
}

extension MaintenancePlan.Fallback {
    /// Reads `use-last-good`, `{wait: 10min}` or `{rerun: bring-up}`; nil after an error.
    fileprivate init?(_ node: YAMLNode, _ section: inout YAMLReader, _ key: String) {
        if node.scalar != nil {
            guard node.scalar == "use-last-good" else {
                section.fail(
                    "fallback", "\"\((node.scalar ?? "").prefix(60))\" is no fallback.",
                    fix: "write use-last-good, wait: 10min or rerun: bring-up")
                return nil
            }
            self = .useLastGood
            return
        }
        var entry = section.child(node, key)
        let wait = entry.span("wait")
        let rerun = entry.optionalString("rerun")
        switch (wait, rerun) {
        case (let seconds?, nil): self = .wait(seconds)
        case (nil, let what?) where !what.isEmpty && what.utf8.count <= 80: self = .rerun(what)
        default:
            entry.fail(
                wait == nil ? "rerun" : "wait", "A fallback is one step.",
                fix: "write use-last-good, wait: 10min or rerun: bring-up, each as an item of its own")
            return nil
        }
    }
}

extension MaintenancePlan.Gate {
    fileprivate init(_ entry: inout YAMLReader) {
        let value = entry.optionalString("measure")
        let interval = entry.interval()
        if let value {
            self.init(.measured(value, every: interval ?? .blocks(1)))
            change = entry.optionalDouble("change", in: Double.leastNormalMagnitude...)
            if interval == nil { entry.fail("every", "A gate that measures needs `every` or `every_blocks`.") }
            if entry.optionalValue("device") != nil || entry.optionalValue("reading") != nil {
                entry.fail("measure", "A gate looks at a device or measures a value, one of the two.")
            }
        } else {
            self.init(.reading(device: entry.string("device"), key: entry.string("reading")))
            if interval != nil {
                entry.fail("every", "A device is looked at before every block.", fix: "take `every` out")
            }
        }
        min = entry.optionalDouble("min")
        max = entry.optionalDouble("max")
        if let unit = entry.optionalString("unit") { self.unit = unit }
        action = entry.word("action") ?? .wait
        settle = entry.span("for") ?? 0
        if min == nil, max == nil, change == nil {
            entry.fail("min", "A gate needs `min`, `max` or both\(value == nil ? "" : ", or `change`").")
        }
        if let min, let max, min > max {
            entry.fail("max", "Nothing lies between \(min) and \(max).", fix: "exchange min and max")
        }
        if action == .calibrate, change == nil || min != nil || max != nil {
            entry.fail(
                "action", "A calibration follows a value that has changed; it brings none back within limits.",
                fix: "give `change` alone, or the action wait, suspend or warn")
        }
        for (key, text) in [("device", name), ("unit", unit)] where text.utf8.count > 160 {
            entry.fail(value == nil ? key : "measure", "No \(key) has so long a name.")
        }
    }
}

extension YAMLReader {
    /// One of an enumeration's words, or nil when the key is missing or empty.
    fileprivate mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) -> Word? {
        optionalChoice(key, of: Word.allCases.map(\.rawValue)).flatMap(Word.init(rawValue:))
    }

    /// `every` or `every_blocks`, or nil when both are missing or empty, or after an error.
    fileprivate mutating func interval() -> MaintenancePlan.Interval? {
        let seconds = span("every")
        let blocks = optionalCount("every_blocks", in: 1...1_000_000_000_000)
        if seconds != nil, blocks != nil { fail("every", "Give `every` or `every_blocks`, not both.") }
        if seconds == 0 { fail("every", "Nothing can be due at every moment.", fix: "write every_blocks: 1") }
        if let seconds, seconds > 0 { return .seconds(seconds) }
        return blocks.map { .blocks($0) }
    }

    /// Seconds of a span such as `30min`, or nil when the key is missing or empty, or after an error.
    fileprivate mutating func span(_ key: String) -> Double? {
        guard let value = optionalValue(key) else { return nil }
        guard let span = TimeSpan(value.scalar ?? ""), MaintenancePlan.spans.contains(span.seconds) else {
            fail(
                key, "\"\((value.scalar ?? "").prefix(40))\" is no span of time of at most a year.",
                fix: "write a number with s, min, h, d or w behind it, for example 30min")
            return nil
        }
        return span.seconds
    }
}
