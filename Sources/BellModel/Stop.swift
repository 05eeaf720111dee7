extension Plan {
    /// The sealed rule by which the data may end a campaign before its n.
    public enum Stop: String, CaseIterable, Sendable {
        /// At the end of the first block with which the headline is met.
        case headline
    }

    /// Why no stop rule can be sealed with these claims; nil when one can.
    public static func obstacle(toStoppingWith headline: Claim, _ claims: [Claim]) -> String? {
        for (i, claim) in ([headline] + claims).enumerated() where !claim.holdsWheneverOneStops {
            let which = i == 0 ? "the headline" : "claim \(i)"
            return "A stop rule lets the data choose the number of trials, and \(which) (\(claim.name)"
                + (claim.name == "local-realism-rejected" ? ", test: binomial" : "")
                + ") holds only for a number that was fixed before the first one."
        }
        return nil
    }

    /// What to write instead of the claims that a stop rule excludes.
    public static let stoppingAdvice =
        "choose local-realism-rejected with test: win-count or prediction-ratio, or min-entropy-probability-estimation, "
        + "for every claim; or leave stop away"
}

extension Plan.Stop {
    /// The object in the sealed plan.
    var json: JSON { ["when": .string(rawValue)] }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        guard let stop = Plan.Stop(rawValue: try reader.string("when")) else {
            throw BellError(
                .jsonShape, "No campaign can stop so: \(json.text.prefix(80)).", at: "\(path).when",
                fix: "known: \(Plan.Stop.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try reader.finish()
        self = stop
    }
}

extension Plan.Claim {
    /// Whether the claim may rest on a number of trials that the data have chosen.
    public var holdsWheneverOneStops: Bool {
        switch self {
        case .localRealism(_, let test, _): test != .binomial
        case .probabilityEstimation: true
        case .pironio, .entropyAccumulation: false
        }
    }
}
