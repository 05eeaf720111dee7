import BellModel
import BellRandomness
import Glibc

/// Which lengths an extraction of a campaign has: n1 is given by its trials, n2 is drawn as it is needed.
enum ExtractionLengths {
    /// Chooses n1, n2 and m: as many bits as there are.
    ///
    /// Two sources that are independent only given the adversary and the settings are a Markov chain, so that quantum side
    /// information is taken in that sense.
    /// - Parameters:
    ///   - sourceBits: Bits of the outcomes; an extractor may take fewer, and what it leaves out is taken from k1 whole.
    ///   - sourceEntropy: k1, bits.
    /// - Throws: `extractor.demand`, `extractor.parameters`.
    static func choose(
        _ order: ExtractionOrder, sourceBits: Int, sourceEntropy: UInt64
    ) throws(BellError) -> (ExtractorShape, ExtractorDemand) {
        let plan = try ExtractionPlan(
            sourceBits: sourceBits, sourceEntropy: min(Double(sourceEntropy), Double(sourceBits)),
            second: order.second.drawn(bits: Bits.longest), errorExponent: log2(order.extractor.epsilon),
            security: order.extractor.sideInformation == .classical ? .classical : .quantumMarkov)
        let offer = try plan.offer(of: ExtractorKind(order.extractor.kind))
        guard let shape = offer.shape, let demand = offer.demand else {
            throw BellError(
                .extractorDemand, "The \(offer.kind.rawValue) extractor gives nothing here.", at: "extraction",
                cause: offer.reason, state: "nothing was extracted")
        }
        return (shape, demand)
    }
}

extension ExtractorKind {
    /// The extractor that a plan names.
    init(_ kind: Plan.Security.Extractor.Kind) {
        switch kind {
        case .toeplitz: self = .toeplitz
        case .circulant: self = .circulant
        case .deor: self = .deor
        case .raz: self = .raz
        case .trevisan: self = .trevisan
        }
    }
}
