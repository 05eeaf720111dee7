import BellCrypto
import BellHost
import BellModel
import BellPool

/// What a person said of an extraction, together with what the plan has sealed.
struct ExtractionArguments {
    /// Nil when no source two is named.
    let order: ExtractionOrder?

    init(_ invocation: Invocation, plan: Plan) throws(BellError) {
        let extractor = try Self.extractor(invocation, plan)
        guard let text = invocation.text("second-source") else {
            if invocation.text("second-bias") != nil || invocation.text("second-entropy") != nil {
                throw BellError(
                    .toolArgument, "Something is declared of a source two that is not named.", at: "--second-source",
                    fix: "add --second-source host, board:NAME or a file")
            }
            order = nil
            return
        }
        let origin = PoolSource.Origin(text)
        let second: PoolSource
        if invocation.text("second-entropy") != nil {
            guard invocation.text("second-bias") == nil else {
                throw BellError(
                    .toolArgument, "--second-bias and --second-entropy say the same twice.", at: "--second-entropy",
                    fix: "give one of them")
            }
            let rate = try invocation.number("second-entropy", in: 0.001..<1.0.nextUp)
            second = PoolSource(origin, rate: rate)
        } else if invocation.text("second-bias") != nil {
            second = PoolSource(origin, bias: try invocation.number("second-bias", in: 0..<0.499))
        } else {
            second = PoolSource(origin, bias: plan.settingBias)
        }
        order = ExtractionOrder(second: second, extractor: extractor, isSealed: plan.security != nil)
    }

    private static func extractor(
        _ invocation: Invocation, _ plan: Plan
    ) throws(BellError) -> Plan.Security.Extractor {
        let options = ["extractor", "extractor-error", "side-information"]
        if let sealed = plan.security {
            if let given = options.first(where: { invocation.text($0) != nil }) {
                throw BellError(
                    .toolArgument, "The extractor is sealed in the plan and cannot be chosen any more.",
                    at: "--\(given)",
                    cause: "security.extractor: \(sealed.extractor.kind.rawValue), error \(sealed.extractor.epsilon)",
                    fix: "leave --\(given) out")
            }
            return sealed.extractor
        }
        var error = 1e-9
        if invocation.text("extractor-error") != nil {
            error = try invocation.number("extractor-error", in: 1e-300..<0.5)
        }
        let side = invocation.text("side-information").flatMap(Plan.Security.SideInformation.init(rawValue:))
        return Plan.Security.Extractor(
            kind: invocation.text("extractor").flatMap(Plan.Security.Extractor.Kind.init(rawValue:)) ?? .circulant,
            epsilon: error, sideInformation: side ?? plan.headline.sideInformation ?? .classical)
    }

    /// Where a source two is needed and none is named.
    var missing: BellError {
        BellError(
            .toolArgument, "An extraction needs a second source of fresh bits.", at: "--second-source",
            cause: "it must be independent of the outcomes given the adversary and the settings",
            state: "nothing was extracted",
            fix:
                "give --second-source FILE with bits of a generator that shares nothing with the readout, board:NAME, or host"
        )
    }

    /// Refuses what is not what the campaign was extracted with.
    ///
    /// - Throws: `pool.second-source`.
    func compare(with recipe: JSON, second: [UInt8], at place: String) throws(BellError) {
        guard let order else { return }
        // What is wrong with a recipe that cannot be read is said when it is repeated.
        guard let stored = try? ExtractionOrder(recipe: recipe) else { return }
        var difference = stored.difference(from: order)
        if difference == nil, case .file(let path) = order.second.origin, let bits = recipe["n2"]?.intValue,
            (1...Int64(1 << 30)).contains(bits),
            try SecondSourceDraw.read(path, bits: Int(bits)) != second
        {
            difference = "source two was another file"
        }
        guard let difference else { return }
        throw BellError(
            .secondSource, "The campaign was extracted before, otherwise: \(difference).", at: place,
            cause: "a campaign is extracted exactly once: whoever could choose among extractions could choose the bits",
            state: "nothing was changed",
            fix: "leave the options out: the extraction is then repeated and compared")
    }
}
