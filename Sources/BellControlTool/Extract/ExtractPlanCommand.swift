import BellModel
import BellRandomness

/// `bellctl extract plan`: what each extractor could give.
enum ExtractPlanCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let plan = try ExtractOptions.plan(
            invocation, n1: try ExtractOptions.length("n1", invocation), n2: try ExtractOptions.length("n2", invocation)
        )
        let chosen = try plan.offer()
        return Reply(json: json(plan, chosen), text: text(plan, chosen))
    }

    private static func json(_ plan: ExtractionPlan, _ chosen: ExtractorOffer) -> JSON {
        let offers = plan.offers.map { offer -> JSON in
            var object: [String: JSON] = [
                "extractor": .string(offer.kind.rawValue), "largest_m": .int(Int64(offer.largest)),
                "reason": JSON(offer.reason), "seconds": .double(offer.seconds),
            ]
            if let shape = offer.shape, let demand = offer.demand {
                object["n1"] = .int(Int64(shape.sourceBits))
                object["n2"] = .int(Int64(shape.secondBits))
                object["m"] = .int(Int64(shape.outputBits))
                object["parameter"] = .int(Int64(shape.parameter))
                object["k1"] = .double(demand.sourceEntropy)
                object["k2"] = .double(demand.secondEntropy)
            }
            return .object(object)
        }
        return [
            "offers": .array(offers), "chosen": .string(chosen.kind.rawValue), "why": .string(plan.why),
            "log2_epsilon": .double(plan.errorExponent), "security": .string(plan.security.rawValue),
        ]
    }

    private static func text(_ plan: ExtractionPlan, _ chosen: ExtractorOffer) -> String {
        var table = TextTable(["", "extractor", ">output m", ">of n1", ">needs n2", ">about", "why not"])
        for offer in plan.offers {
            let shape = offer.shape
            table.add([
                offer == chosen ? "*" : "", offer.kind.rawValue, NumberText.count(UInt64(offer.largest)),
                NumberText.count(shape.map { UInt64($0.sourceBits) }),
                NumberText.count(shape.map { UInt64($0.secondBits) }),
                shape == nil ? NumberText.missing : seconds(offer.seconds), offer.reason ?? "",
            ])
        }
        let bits = chosen.shape?.outputBits ?? 0
        return """
            error at most 2^\(NumberText.fixed(plan.errorExponent, 2)), security \(plan.security.rawValue)
            \(table.text())\
            chosen: \(chosen.kind.rawValue), \(NumberText.count(UInt64(bits))) bits, because \(plan.why)
            assumed: the sources have these entropies, and source two is independent of source one given the adversary
            von-neumann is left out: it has no bound on its error

            """
    }

    private static func seconds(_ value: Double) -> String {
        value < 0.001 ? "< 1 ms" : value < 1 ? "\(Int(value * 1000)) ms" : "\(NumberText.fixed(value, 1)) s"
    }
}
