extension Plan {
    /// A claim that the certificate will make or refuse.
    public enum Claim: Equatable, Sendable {
        /// Local realism is rejected: the test's p-value ≤ `significance`.
        ///
        /// `expected` is the S-value that the prediction ratio's first bet is made on; nil for no bet before data.
        case localRealism(significance: Double, test: RejectionTest = .binomial, expected: Double? = nil)
        /// Pironio's min-entropy bound in its sound form: thresholds J₀ < J₁ < … on Î, statistical δ, and ε′.
        ///
        /// The largest threshold that Î reaches counts.
        case pironio(thresholds: [Double], delta: Double, epsilon: Double)
        /// Min-entropy by probability estimation: the target h bits, the power β, ε_h, and κ of the conditional form.
        case probabilityEstimation(bits: Double, power: Power, epsilon: Double, kappa: Double? = nil)
        /// Min-entropy by entropy accumulation: threshold J on Î, smoothing ε_s, and p_Ω.
        case entropyAccumulation(threshold: Double, smoothing: Double, event: Double)

        /// Pironio's bound with one threshold.
        public static func minEntropy(threshold: Double, delta: Double, epsilon: Double) -> Claim {
            .pironio(thresholds: [threshold], delta: delta, epsilon: epsilon)
        }
    }

    /// Where a probability estimation has its power β from.
    public enum Power: Equatable, Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
        /// β itself.
        case fixed(Double)
        /// Chosen by the registered rule at the end of the first arm that ends at or beyond so many trials; only the
        /// trials after it count.
        case trained(trials: UInt64)

        public init(floatLiteral value: Double) { self = .fixed(value) }
        public init(integerLiteral value: Int) { self = .fixed(Double(value)) }
    }

    /// How local realism is tested.
    public enum RejectionTest: String, CaseIterable, Sendable {
        /// P[Bin(n, β) ≥ k] of the sealed n.
        case binomial
        /// The mixture of bets on the win count, valid whenever one stops.
        case winCount = "win-count"
        /// Bets that learn from the arms before which outcomes to expect, valid whenever one stops.
        case predictionRatio = "prediction-ratio"
    }
}

extension Plan.Claim {
    /// Thresholds on Î and values of S; as a threshold 2 itself says nothing and is refused. The upper end is 2√2.
    public static let thresholds = 2.0...2.828427
    /// The most thresholds of one claim.
    public static let mostThresholds = 64
    /// Error probabilities of a plan.
    public static let errors = 1e-300...0.5
    /// Powers β of probability estimation.
    public static let powers = 1e-9...32.0
    /// Trials of a training block: after fewer, S would be known to no better than ±0.1.
    public static let trainings: ClosedRange<UInt64> = 1000...1_000_000_000_000
    /// Bits that a claim may promise; no trial has more than two.
    public static let bits = 1.0...1e13

    /// The name in plan files and certificates.
    public var name: String {
        switch self {
        case .localRealism: "local-realism-rejected"
        case .pironio: "min-entropy-pironio"
        case .probabilityEstimation: "min-entropy-probability-estimation"
        case .entropyAccumulation: "min-entropy-entropy-accumulation"
        }
    }

    /// All names.
    public static let names = [
        "local-realism-rejected", "min-entropy-pironio", "min-entropy-probability-estimation",
        "min-entropy-entropy-accumulation",
    ]

    /// The object in the sealed plan; what is left out in it has the value it always had.
    public var json: JSON {
        var object: [String: JSON] = ["claim": .string(name)]
        switch self {
        case .localRealism(let significance, let test, let expected):
            object["significance"] = .double(significance)
            if test != .binomial { object["test"] = .string(test.rawValue) }
            if let expected { object["expected"] = .double(expected) }
        case .pironio(let thresholds, let delta, let epsilon):
            if thresholds.count == 1 {
                object["threshold"] = .double(thresholds[0])
            } else {
                object["thresholds"] = .array(thresholds.map { .double($0) })
            }
            object["delta"] = .double(delta)
            object["epsilon"] = .double(epsilon)
        case .probabilityEstimation(let bits, let power, let epsilon, let kappa):
            object["bits"] = .double(bits)
            switch power {
            case .fixed(let power): object["power"] = .double(power)
            case .trained(let trials): object["training"] = JSON(count: trials)
            }
            object["epsilon"] = .double(epsilon)
            if let kappa { object["kappa"] = .double(kappa) }
        case .entropyAccumulation(let threshold, let smoothing, let event):
            object["threshold"] = .double(threshold)
            object["smoothing"] = .double(smoothing)
            object["event"] = .double(event)
        }
        return .object(object)
    }

    /// Reads a claim of a sealed plan.
    ///
    /// - Throws: `json.shape` for an unknown claim or key, and for values that no plan file could have had.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func within(_ key: String, _ range: ClosedRange<Double>, _ value: Double) throws(BellError) -> Double {
            if range.contains(value) { return value }
            throw BellError(
                .jsonShape, "No claim can have this value: \(JSON.double(value).text).", at: "\(path).\(key)")
        }
        switch try reader.string("claim") {
        case "local-realism-rejected":
            var test = Plan.RejectionTest.binomial
            if let name = reader.optional("test") {
                guard let known = name.stringValue.flatMap(Plan.RejectionTest.init(rawValue:)) else {
                    throw BellError(
                        .jsonShape, "Unknown test \(name.text.prefix(80)).", at: "\(path).test",
                        fix: "known tests: \(Plan.RejectionTest.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                test = known
            }
            let expected = try reader.optional("expected").map { (json) throws(BellError) in
                try within("expected", Plan.Claim.thresholds, json.doubleValue ?? 0)
            }
            if expected != nil, test != .predictionRatio {
                throw BellError(.jsonShape, "Only a prediction ratio makes a first bet.", at: "\(path).expected")
            }
            self = .localRealism(
                significance: try within("significance", Plan.Claim.errors, try reader.double("significance")),
                test: test, expected: expected)
        case "min-entropy-pironio":
            let delta = try within("delta", Plan.Claim.errors, try reader.double("delta"))
            let epsilon = try within("epsilon", Plan.Claim.errors, try reader.double("epsilon"))
            // The bits are smooth with δ/ε′.
            if delta >= epsilon { _ = try within("delta", 0...epsilon.nextDown, delta) }
            guard let list = reader.optional("thresholds") else {
                let threshold = try reader.double("threshold")
                guard Plan.Claim.fault(ofThresholds: [threshold]) == nil else {
                    throw BellError(.jsonShape, "No claim can have this threshold.", at: "\(path).threshold")
                }
                self = .pironio(thresholds: [threshold], delta: delta, epsilon: epsilon)
                break
            }
            let thresholds = (list.arrayValue ?? []).compactMap(\.doubleValue)
            guard thresholds.count == list.arrayValue?.count, thresholds.count > 1,
                Plan.Claim.fault(ofThresholds: thresholds) == nil
            else {
                throw BellError(
                    .jsonShape, "No claim can have these thresholds: \(list.text.prefix(80)).", at: "\(path).thresholds"
                )
            }
            self = .pironio(thresholds: thresholds, delta: delta, epsilon: epsilon)
        case "min-entropy-probability-estimation":
            let kappa = try reader.optional("kappa").map { (json) throws(BellError) in
                try within("kappa", Plan.Claim.errors, json.doubleValue ?? 0)
            }
            self = .probabilityEstimation(
                bits: try within("bits", Plan.Claim.bits, try reader.double("bits")),
                power: try Plan.Power(&reader, path: path),
                epsilon: try within("epsilon", Plan.Claim.errors, try reader.double("epsilon")), kappa: kappa)
        case "min-entropy-entropy-accumulation":
            let threshold = try within("threshold", Plan.Claim.thresholds, try reader.double("threshold"))
            guard Plan.Claim.fault(ofThresholds: [threshold]) == nil else {
                throw BellError(.jsonShape, "No claim can have this threshold.", at: "\(path).threshold")
            }
            self = .entropyAccumulation(
                threshold: threshold,
                smoothing: try within("smoothing", Plan.Claim.errors, try reader.double("smoothing")),
                event: try within("event", Plan.Claim.errors, try reader.double("event")))
        case let other:
            throw BellError(
                .jsonShape, "Unknown claim \"\(other.prefix(80))\".", at: "\(path).claim",
                fix: "known claims: \(Plan.Claim.names.joined(separator: ", "))")
        }
        try reader.finish()
    }

    /// What is wrong with a list of thresholds, in words; nil when nothing is.
    public static func fault(ofThresholds list: [Double]) -> String? {
        if list.isEmpty { return "There is no threshold." }
        if list.count > mostThresholds { return "\(list.count) thresholds are too many." }
        // NaN is in no range.
        if let wrong = list.first(where: { !(thresholds.contains($0) && $0 > 2) }) {
            return "The threshold \(JSON.double(wrong).text) is not between 2 and 2√2: no entropy could follow."
        }
        for (before, after) in zip(list, list.dropFirst()) where before >= after {
            return "The thresholds do not increase: \(JSON.double(after).text) follows \(JSON.double(before).text)."
        }
        return nil
    }
}

extension Plan.Claim {
    /// Trials that its power is to be chosen from; nil for a claim without a training block.
    public var training: UInt64? {
        if case .probabilityEstimation(_, .trained(let trials), _, _) = self { trials } else { nil }
    }
}

extension Plan.Power {
    /// Reads `power` or `training` of a sealed plan.
    fileprivate init(_ reader: inout JSONReader, path: String) throws(BellError) {
        guard let json = reader.optional("training") else {
            let power = try reader.double("power")
            guard Plan.Claim.powers.contains(power) else {
                throw BellError(
                    .jsonShape, "No claim can have this value: \(JSON.double(power).text).", at: "\(path).power")
            }
            self = .fixed(power)
            return
        }
        if reader.optional("power") != nil {
            throw BellError(.jsonShape, "A claim has a power or chooses one, not both.", at: "\(path).training")
        }
        guard let trials = json.countValue, Plan.Claim.trainings.contains(trials) else {
            throw BellError(
                .jsonShape, "No claim can have this value: \(json.text.prefix(80)).", at: "\(path).training")
        }
        self = .trained(trials: trials)
    }
}
