public import BellModel

/// How a campaign is to be extracted: what its plan has sealed, or what was chosen afterwards, and source two.
public struct ExtractionOrder: Equatable, Sendable {
    public var second: PoolSource
    public var extractor: Plan.Security.Extractor
    /// Whether the extractor stands in the sealed plan.
    public var isSealed: Bool

    public init(second: PoolSource, extractor: Plan.Security.Extractor, isSealed: Bool) {
        self.second = second
        self.extractor = extractor
        self.isSealed = isSealed
    }

    /// The members of a recipe that say what was asked for.
    var json: [String: JSON] {
        [
            "second_source": second.json,
            "chosen": .string(isSealed ? Self.sealed : Self.after),
            "plan_extractor": [
                "kind": .string(extractor.kind.rawValue), "epsilon": .double(extractor.epsilon),
                "side_information": .string(extractor.sideInformation.rawValue),
            ],
        ]
    }

    private static let sealed = "sealed in the plan"
    private static let after = "chosen after the campaign"

    /// Reads what a recipe's members say.
    ///
    /// - Throws: `json.shape`.
    public init(recipe json: JSON) throws(BellError) {
        func wrong(_ key: String) -> BellError {
            BellError(.jsonShape, "No extraction of a campaign has this.", at: "recipe.\(key)")
        }
        let source = json["second_source"]
        guard let name = source?["origin"]?.stringValue, let rate = source?["entropy_per_bit"]?.doubleValue,
            rate > 0, rate <= 1
        else { throw wrong("second_source") }
        let origin: PoolSource.Origin = name == "file" ? .file("second-source.bin") : PoolSource.Origin(name)
        if let bias = source?["bias"]?.doubleValue {
            guard (0..<0.5).contains(bias) else { throw wrong("second_source.bias") }
            second = PoolSource(origin, bias: bias)
        } else {
            second = PoolSource(origin, rate: rate)
        }
        let asked = json["plan_extractor"]
        guard let kind = asked?["kind"]?.stringValue.flatMap(Plan.Security.Extractor.Kind.init(rawValue:)),
            let epsilon = asked?["epsilon"]?.doubleValue, Plan.Claim.errors.contains(epsilon),
            let side = asked?["side_information"]?.stringValue
                .flatMap(Plan.Security.SideInformation.init(rawValue:))
        else { throw wrong("plan_extractor") }
        extractor = Plan.Security.Extractor(kind: kind, epsilon: epsilon, sideInformation: side)
        guard let chosen = json["chosen"]?.stringValue, [Self.sealed, Self.after].contains(chosen) else {
            throw wrong("chosen")
        }
        isSealed = chosen == Self.sealed
    }

    /// How another order differs from this one, in words; nil when it is the same. A file is compared by its bits.
    public func difference(from other: ExtractionOrder) -> String? {
        if second.origin.name != other.second.origin.name {
            return "source two was \(second.origin.name), not \(other.second.origin.name)"
        }
        if second.rate != other.second.rate || second.bias != other.second.bias {
            return "source two was declared to have \(second.rate) bits a bit, not \(other.second.rate)"
        }
        if extractor != other.extractor { return "the extractor was another: \(extractor.kind.rawValue)" }
        return nil
    }
}
