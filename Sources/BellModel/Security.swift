extension Plan {
    /// What the errors of the headline may come to in all, and the extractor that the certified bits are meant for.
    public struct Security: Equatable, Sendable {
        /// The most that the headline's ``ErrorBudget/total`` may be, 0..<1.
        public var total: Double
        public var extractor: Extractor

        /// Who may hold side information against which a statement is secure.
        public enum SideInformation: String, CaseIterable, Sendable { case classical, quantum }

        /// A two-source or seeded extractor, by name; its own parameters are those of the extraction.
        public struct Extractor: Equatable, Sendable {
            public enum Kind: String, CaseIterable, Sendable { case toeplitz, circulant, deor, raz, trevisan }
            public var kind: Kind
            /// Distance of its output from uniform bits, at most 0.5; > 0.
            public var epsilon: Double
            /// Which side information its error holds against.
            public var sideInformation: SideInformation

            public init(kind: Kind, epsilon: Double, sideInformation: SideInformation) {
                self.kind = kind
                self.epsilon = epsilon
                self.sideInformation = sideInformation
            }
        }

        public init(total: Double, extractor: Extractor) {
            self.total = total
            self.extractor = extractor
        }
    }
}

extension Plan.Security {
    /// The object in the sealed plan.
    var json: JSON {
        [
            "total": .double(total),
            "extractor": [
                "kind": .string(extractor.kind.rawValue), "epsilon": .double(extractor.epsilon),
                "side_information": .string(extractor.sideInformation.rawValue),
            ],
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let total = try reader.double("total")
        var inner = try JSONReader(try reader.value("extractor"), path: "\(path).extractor")
        let epsilon = try inner.double("epsilon")
        guard let kind = Extractor.Kind(rawValue: try inner.string("kind")),
            let side = Plan.Security.SideInformation(rawValue: try inner.string("side_information")),
            Plan.Claim.errors.contains(total), Plan.Claim.errors.contains(epsilon)
        else {
            throw BellError(.jsonShape, "No plan can promise this: \(json.text.prefix(200)).", at: path)
        }
        try inner.finish()
        try reader.finish()
        self.init(total: total, extractor: Extractor(kind: kind, epsilon: epsilon, sideInformation: side))
    }
}

/// The errors of one entropy claim, and what they come to.
///
/// The outcomes are smooth with ``smoothing`` given the event that was registered, unless that event is less likely than
/// its share of ``failure``. An extractor of error ``extractor`` then gives bits that differ from perfect ones by at most
/// extractor + 2·smoothing (from the outcomes to the smoothed ones and back), and by at most 1 in the unlikely events.
public struct ErrorBudget: Equatable, Sendable {
    /// Sum of the probabilities of events for which nothing is said; 0 where the statement is weighted by its event.
    public let failure: Double
    public let smoothing: Double
    /// 0 without an extractor.
    public let extractor: Double
    /// Whether only one event was registered: it is either unlikely or not, so that the greater error counts.
    public let isEither: Bool

    /// What all of it comes to: the distance from perfect bits, each outcome weighted by its probability.
    public var total: Double {
        let bits = extractor + 2 * smoothing
        return isEither ? max(failure, bits) : failure + bits
    }

    /// The terms in words, with their values.
    public var words: String {
        func text(_ value: Double) -> String { JSON.double(value).text }
        let bits = "extractor \(text(extractor)) + 2 × smoothing \(text(smoothing))"
        if failure == 0 { return bits }
        return isEither ? "max(event \(text(failure)), \(bits))" : "events \(text(failure)) + \(bits)"
    }

    public var json: JSON {
        [
            "failure": .double(failure), "smoothing": .double(smoothing), "extractor": .double(extractor),
            "total": .double(total), "rule": .string(words),
        ]
    }
}

extension Plan.Claim {
    /// The errors of an entropy claim; nil for the rejection of local realism, whose only error is its significance.
    public func errorBudget(extractor: Double = 0) -> ErrorBudget? {
        switch self {
        case .localRealism: nil
        case .pironio(let thresholds, let delta, let epsilon):
            // Every threshold has an event of its own, each of which may be the unlikely one.
            ErrorBudget(
                failure: Double(thresholds.count) * epsilon, smoothing: delta / epsilon, extractor: extractor,
                isEither: thresholds.count == 1)
        case .probabilityEstimation(_, _, let epsilon, let kappa):
            ErrorBudget(failure: kappa ?? 0, smoothing: epsilon, extractor: extractor, isEither: true)
        case .entropyAccumulation(_, let smoothing, let event):
            ErrorBudget(failure: event, smoothing: smoothing, extractor: extractor, isEither: true)
        }
    }

    /// Against whose side information the claim's own bound holds; nil where there is no entropy.
    public var sideInformation: Plan.Security.SideInformation? {
        switch self {
        case .localRealism: nil
        case .pironio, .probabilityEstimation: .classical
        case .entropyAccumulation: .quantum
        }
    }
}
