public import BellModel

extension TimingSurvey {
    /// The object that the journal keeps; its canonical text is the same for equal surveys.
    public var json: JSON {
        var object: [String: JSON] = [
            "d_ab_m": .double(pathAB.metres), "d_ab_uncertainty_m": .double(pathAB.uncertainty),
            "d_ba_m": .double(pathBA.metres), "d_ba_uncertainty_m": .double(pathBA.uncertainty),
            "terms": .array(terms.map(\.json)),
        ]
        for node in Node.allCases { object[node.name] = stations[node].json }
        return .object(object)
    }

    /// Reads what ``json`` wrote, and checks every number.
    ///
    /// - Throws: `json.shape` for a missing or unknown key, `timing.survey` for an impossible number.
    public init(json: JSON, path: String = "survey") throws(BellError) {
        var reader = try JSONReader(json, path: path)
        pathAB = Path(
            metres: try reader.double("d_ab_m"), uncertainty: try reader.double("d_ab_uncertainty_m"))
        pathBA = Path(
            metres: try reader.double("d_ba_m"), uncertainty: try reader.double("d_ba_uncertainty_m"))
        stations = PerNode(
            alice: try Station(json: try reader.value("alice"), path: "\(path).alice"),
            bob: try Station(json: try reader.value("bob"), path: "\(path).bob"))
        terms = []
        for (i, term) in try reader.array("terms").enumerated() {
            terms.append(try Term(json: term, path: "\(path).terms[\(i)]"))
        }
        try reader.finish()
        try validate()
    }
}

extension TimingSurvey.Station {
    var json: JSON {
        [
            "start_offset_ps": .int(startOffset.count), "stop_offset_ps": .int(stopOffset.count),
            "pulse_delay_ps": pulseDelay.map { .int($0.count) } ?? .null,
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        startOffset = Picoseconds(Int64(try reader.int("start_offset_ps")))
        stopOffset = Picoseconds(Int64(try reader.int("stop_offset_ps")))
        if let delay = reader.optional("pulse_delay_ps") {
            guard let count = delay.intValue else {
                throw BellError(
                    .jsonShape, "Expected whole picoseconds or null, found \(delay.text.prefix(80)).",
                    at: "\(path).pulse_delay_ps")
            }
            pulseDelay = Picoseconds(count)
        } else {
            pulseDelay = nil
        }
        try reader.finish()
    }
}

extension TimingSurvey.Term {
    var json: JSON {
        [
            "name": .string(name), "ps": .double(picoseconds), "kind": .string(kind.rawValue),
            "node": JSON(node?.name),
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        name = try reader.string("name")
        picoseconds = try reader.double("ps")
        let kindName = try reader.string("kind")
        guard let kind = Kind(rawValue: kindName) else {
            throw BellError(
                .jsonShape, "Unknown kind \"\(kindName)\" of uncertainty.", at: "\(path).kind",
                fix: "known kinds: random, bound")
        }
        self.kind = kind
        if let nodeName = reader.optional("node") {
            guard let node = nodeName.stringValue.flatMap({ Node(name: $0) }) else {
                throw BellError(
                    .jsonShape, "Expected \"alice\", \"bob\" or null, found \(nodeName.text.prefix(80)).",
                    at: "\(path).node")
            }
            self.node = node
        } else {
            node = nil
        }
        try reader.finish()
    }
}
