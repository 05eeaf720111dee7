extension MaintenancePlan {
    /// The member `calibration` of a sealed plan.
    public var json: JSON {
        [
            "check": .array(checks.map(\.json)), "accept": .string(acceptance.rawValue),
            "fallback": .array(fallbacks.map(\.json)), "on_failure": .string(onFailure.rawValue),
            "may_use_outcomes": false, "gates": .array(gates.map(\.json)),
        ]
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: `json.shape` for anything that no plan can have.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        var checks: [Check] = []
        for (i, check) in try reader.array("check").enumerated() {
            checks.append(try Check(json: check, path: "\(path).check[\(i)]"))
        }
        let acceptance: Acceptance = try Self.word(&reader, "accept", path)
        var fallbacks: [Fallback] = []
        for (i, fallback) in try reader.array("fallback").enumerated() {
            fallbacks.append(try Fallback(json: fallback, path: "\(path).fallback[\(i)]"))
        }
        let onFailure: Failure = try Self.word(&reader, "on_failure", path)
        guard try reader.value("may_use_outcomes").boolValue == false else {
            throw Self.wrong(json["may_use_outcomes"], "\(path).may_use_outcomes")
        }
        var gates: [Gate] = []
        for (i, gate) in try reader.array("gates").enumerated() {
            gates.append(try Gate(json: gate, path: "\(path).gates[\(i)]"))
        }
        try reader.finish()
        guard checks.count <= Self.mostEntries, gates.count <= Self.mostEntries, fallbacks.count <= Self.mostFallbacks
        else {
            throw BellError(.jsonShape, "No plan has so many entries.", at: path)
        }
        self.init(
            checks: checks, acceptance: acceptance, fallbacks: fallbacks, onFailure: onFailure, gates: gates)
    }

    fileprivate static func word<Word: RawRepresentable<String>>(
        _ reader: inout JSONReader, _ key: String, _ path: String
    ) throws(BellError) -> Word {
        let text = try reader.string(key)
        guard let word = Word(rawValue: text) else { throw wrong(.string(text), "\(path).\(key)") }
        return word
    }

    fileprivate static func number(
        _ reader: inout JSONReader, _ key: String, _ path: String, isAllowed: (Double) -> Bool
    ) throws(BellError) -> Double? {
        guard let value = reader.optional(key), value != .null else { return nil }
        guard let number = value.doubleValue, number.isFinite, isAllowed(number) else {
            throw wrong(value, "\(path).\(key)")
        }
        return number
    }

    fileprivate static func wrong(_ value: JSON?, _ place: String) -> BellError {
        BellError(.jsonShape, "No plan can have this value: \((value?.text ?? "null").prefix(80)).", at: place)
    }
}

extension MaintenancePlan.Check {
    var json: JSON {
        [
            "what": .string(what), "node": JSON(node?.name), "when": .string(when.rawValue),
            "every_s": every.flatMap { if case .seconds(let s) = $0 { .double(s) } else { nil } } ?? .null,
            "every_blocks": every.flatMap { if case .blocks(let n) = $0 { JSON(count: n) } else { nil } } ?? .null,
            "tolerance": JSON(tolerance),
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        self.init(try reader.string("what"), when: try MaintenancePlan.word(&reader, "when", path))
        if let value = reader.optional("node"), value != .null {
            guard let node = value.stringValue.flatMap({ Node(name: $0) }) else {
                throw MaintenancePlan.wrong(value, "\(path).node")
            }
            self.node = node
        }
        every = try MaintenancePlan.Interval.read(&reader, path)
        tolerance = try MaintenancePlan.number(&reader, "tolerance", path) { $0 > 0 }
        try reader.finish()
    }
}

extension MaintenancePlan.Fallback {
    var json: JSON {
        switch self {
        case .useLastGood: ["do": "use-last-good"]
        case .wait(let seconds): ["do": "wait", "seconds": .double(seconds)]
        case .rerun(let what): ["do": "rerun", "what": .string(what)]
        }
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        switch try reader.string("do") {
        case "use-last-good": self = .useLastGood
        case "wait":
            let seconds = try MaintenancePlan.number(&reader, "seconds", path) { MaintenancePlan.spans.contains($0) }
            guard let seconds else { throw MaintenancePlan.wrong(.null, "\(path).seconds") }
            self = .wait(seconds)
        case "rerun": self = .rerun(try reader.string("what"))
        case let other: throw MaintenancePlan.wrong(.string(other), "\(path).do")
        }
        try reader.finish()
    }

    /// As the plan file says it.
    public var text: String {
        switch self {
        case .useLastGood: "use-last-good"
        case .wait(let seconds): "wait: \(TimeSpan(seconds: seconds)?.description ?? "\(seconds)s")"
        case .rerun(let what): "rerun: \(what)"
        }
    }
}

extension MaintenancePlan.Interval {
    fileprivate var members: [String: JSON] {
        switch self {
        case .seconds(let seconds): ["every_s": .double(seconds)]
        case .blocks(let count): ["every_blocks": JSON(count: count)]
        }
    }

    /// Reads `every_s` or `every_blocks`; nil when neither is there.
    fileprivate static func read(
        _ reader: inout JSONReader, _ path: String
    ) throws(BellError) -> MaintenancePlan.Interval? {
        let seconds = try MaintenancePlan.number(&reader, "every_s", path) {
            $0 > 0 && MaintenancePlan.spans.contains($0)
        }
        let blocks = try MaintenancePlan.number(&reader, "every_blocks", path) {
            $0 >= 1 && $0 <= 1e12 && $0.rounded() == $0
        }
        return seconds.map { .seconds($0) } ?? blocks.map { .blocks(UInt64($0)) }
    }
}

extension MaintenancePlan.Gate {
    var json: JSON {
        var members: [String: JSON] = [
            "min": JSON(min), "max": JSON(max), "unit": .string(unit), "action": .string(action.rawValue),
            "for_s": .double(settle),
        ]
        switch source {
        case .reading(let device, let key):
            members["device"] = .string(device)
            members["reading"] = .string(key)
        case .measured(let value, let every):
            members["measure"] = .string(value)
            members["change"] = JSON(change)
            members.merge(every.members) { $1 }
        }
        return .object(members)
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let source: Source
        if let value = reader.optional("measure") {
            guard let text = value.stringValue, let every = try MaintenancePlan.Interval.read(&reader, path) else {
                throw MaintenancePlan.wrong(value, "\(path).measure")
            }
            source = .measured(text, every: every)
        } else {
            source = .reading(device: try reader.string("device"), key: try reader.string("reading"))
        }
        self.init(
            source, unit: try reader.string("unit"), action: try MaintenancePlan.word(&reader, "action", path))
        min = try MaintenancePlan.number(&reader, "min", path) { _ in true }
        max = try MaintenancePlan.number(&reader, "max", path) { _ in true }
        if case .measured = source { change = try MaintenancePlan.number(&reader, "change", path) { $0 > 0 } }
        settle = try MaintenancePlan.number(&reader, "for_s", path) { MaintenancePlan.spans.contains($0) } ?? 0
        try reader.finish()
    }
}
