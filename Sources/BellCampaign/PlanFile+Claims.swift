import BellModel
import BellYAML

/// The claims of a plan file and what their errors may come to.
extension PlanFile {
    /// - Parameter trials: n of the plan; 0 after an error.
    static func claim(_ mapping: YAMLReader, trials: UInt64) -> Plan.Claim {
        var reader = mapping
        switch reader.choice("claim", of: Plan.Claim.names) {
        case "min-entropy-pironio":
            let thresholds = thresholds(&reader)
            let delta = reader.double("delta", in: Plan.Claim.errors)
            let epsilon = reader.double("epsilon", in: Plan.Claim.errors)
            // The sound form is smooth with δ/ε′, which must be a probability worth the name.
            if delta >= epsilon {
                reader.fail(
                    "delta", "δ must be below ε′ = \(epsilon): the bits are smooth with δ/ε′.",
                    fix: "for a smoothness of 1e-6 at ε′ = 1e-6 give delta: 1.0e-12")
            }
            return .pironio(thresholds: thresholds, delta: delta, epsilon: epsilon)
        case "min-entropy-probability-estimation":
            return .probabilityEstimation(
                bits: reader.double("bits", in: Plan.Claim.bits), power: power(&reader, trials: trials),
                epsilon: reader.double("epsilon", in: Plan.Claim.errors),
                kappa: reader.optionalDouble("kappa", in: Plan.Claim.errors))
        case "min-entropy-entropy-accumulation":
            return .entropyAccumulation(
                threshold: threshold(&reader), smoothing: reader.double("smoothing", in: Plan.Claim.errors),
                event: reader.double("event", in: Plan.Claim.errors))
        default:
            let tests = Plan.RejectionTest.allCases.map(\.rawValue)
            let test = reader.optionalChoice("test", of: tests).flatMap(Plan.RejectionTest.init(rawValue:))
            let expected = reader.optionalDouble("expected", in: Plan.Claim.thresholds)
            if expected != nil, test != .predictionRatio {
                reader.fail(
                    "expected", "Only the prediction ratio makes a bet before the first arm.",
                    fix: "add test: prediction-ratio, or leave expected away")
            }
            return .localRealism(
                significance: reader.double("significance", in: Plan.Claim.errors), test: test ?? .binomial,
                expected: expected)
        }
    }

    /// `power`, or the trials of `training` that it is chosen from.
    private static func power(_ reader: inout YAMLReader, trials: UInt64) -> Plan.Power {
        guard reader.keys.contains("training") else { return .fixed(reader.double("power", in: Plan.Claim.powers)) }
        let training = reader.count("training", in: Plan.Claim.trainings)
        if reader.optionalDouble("power") != nil {
            reader.fail(
                "power", "Both power and training are given.", fix: "leave one away: training chooses the power")
        }
        if trials > 0, training >= trials {
            reader.fail(
                "training", "No trials are left after a training of \(training): the plan has \(trials).",
                fix: "a twentieth of the trials is plenty")
        }
        return .trained(trials: training)
    }

    /// `threshold`, or the list `thresholds`.
    private static func thresholds(_ reader: inout YAMLReader) -> [Double] {
        guard reader.keys.contains("thresholds") else { return [threshold(&reader)] }
        let list = reader.doubles("thresholds")
        if reader.optionalDouble("threshold") != nil {
            reader.fail("threshold", "Both threshold and thresholds are given.", fix: "leave threshold away")
        }
        if let fault = Plan.Claim.fault(ofThresholds: list) {
            reader.fail("thresholds", fault, fix: "for example [2.05, 2.1, 2.2]: above 2, below 2√2, ever larger")
        }
        return list
    }

    private static func threshold(_ reader: inout YAMLReader) -> Double {
        let threshold = reader.double("threshold", in: Plan.Claim.thresholds)
        // A value that is missing or out of range is reported by its own words.
        if threshold == 2, reader.node["threshold"]?.scalar.flatMap(Double.init) == 2,
            let fault = Plan.Claim.fault(ofThresholds: [threshold])
        {
            reader.fail("threshold", fault, fix: "give a value above 2 and below 2√2")
        }
        return threshold
    }

    /// The section `security`: the headline's errors have to fit into its total.
    static func security(_ mapping: YAMLReader, headline: Plan.Claim) -> Plan.Security {
        var reader = mapping
        let total = reader.double("total", in: Plan.Claim.errors)
        var inner = reader.mapping("extractor")
        let kinds = Plan.Security.Extractor.Kind.allCases.map(\.rawValue)
        let sides = Plan.Security.SideInformation.allCases.map(\.rawValue)
        let extractor = Plan.Security.Extractor(
            kind: Plan.Security.Extractor.Kind(rawValue: inner.choice("kind", of: kinds)) ?? .toeplitz,
            epsilon: inner.double("epsilon", in: Plan.Claim.errors),
            sideInformation: Plan.Security.SideInformation(rawValue: inner.choice("side_information", of: sides))
                ?? .classical)
        if let budget = headline.errorBudget(extractor: extractor.epsilon) {
            // Written so that NaN is refused as well.
            if !(budget.total <= total) {
                reader.fail(
                    "total", "The headline's errors come to \(budget.total), more than the total: \(budget.words).",
                    fix: "make a term smaller, or the total larger")
            }
        } else {
            reader.fail(
                "extractor", "The headline claims no min-entropy, so that nothing can be extracted.",
                fix: "leave security away, or choose a min-entropy claim as the headline")
        }
        return Plan.Security(total: total, extractor: extractor)
    }

    /// The section `stop`: only with claims that hold for a number of trials that the data have chosen.
    static func stop(_ mapping: YAMLReader, headline: Plan.Claim, claims: [Plan.Claim]) -> Plan.Stop {
        var reader = mapping
        let when = reader.choice("when", of: Plan.Stop.allCases.map(\.rawValue))
        if let obstacle = Plan.obstacle(toStoppingWith: headline, claims) {
            reader.fail("when", obstacle, fix: Plan.stoppingAdvice)
        }
        return Plan.Stop(rawValue: when) ?? .headline
    }
}
