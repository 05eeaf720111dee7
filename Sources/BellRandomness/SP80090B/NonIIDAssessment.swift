import BellModel

/// The entropy of a noise source about whose samples nothing is assumed: SP 800-90B, sections 3.1.3 and 6.3.
///
/// The smallest of the estimates counts. An estimate of raw samples; it certifies nothing, and an adversary who knows the
/// source may predict what no estimator does.
public struct NonIIDAssessment: Equatable, Sendable {
    public let bitsPerSymbol: Int
    /// Of the symbols; for bits all ten estimators.
    public let symbols: [EntropyEstimate]
    /// Of the symbols' bits one after the other; empty when the symbols are bits.
    public let bits: [EntropyEstimate]

    /// H_original: bits a symbol; nil when no estimator could be used.
    public var original: Double? { symbols.map(\.minEntropy).min() }
    /// H_bitstring: bits a bit.
    public var bitstring: Double? { bits.map(\.minEntropy).min() }
    /// min(H_original, n·H_bitstring): bits a symbol.
    public var minEntropy: Double? {
        [original, bitstring.map { Double(bitsPerSymbol) * $0 }].compactMap(\.self).min()
    }

    /// Runs every estimator; about a second for 10^6 bytes.
    ///
    /// - Parameter progress: Told before each estimator, with the share that is done; false ends the work.
    /// - Returns: nil when `progress` has ended it.
    public static func run(
        _ samples: NoiseSamples, progress: (_ done: Double, _ doing: String) -> Bool
    ) -> NonIIDAssessment? {
        let wide = samples.bitsPerSymbol > 1
        // The string of bits is longer and has all ten estimators: it takes most of the time.
        let share = wide ? 0.3 : 1
        guard
            let symbols = estimates(samples, of: wide ? "symbols" : "bits", progress: { progress(share * $0, $1) })
        else { return nil }
        var bits: [EntropyEstimate] = []
        if wide {
            let string = samples.asBits
            guard
                let found = estimates(string, of: "bits", progress: { progress(share + (1 - share) * $0, $1) })
            else { return nil }
            bits = found
        }
        return NonIIDAssessment(bitsPerSymbol: samples.bitsPerSymbol, symbols: symbols, bits: bits)
    }

    private static func estimates(
        _ samples: NoiseSamples, of what: String, progress: (Double, String) -> Bool
    ) -> [EntropyEstimate]? {
        let estimators = EntropyEstimator.allCases.filter { samples.bitsPerSymbol == 1 || !$0.isBinaryOnly }
        // Constant bits are bits: 1 must not become the rank 0.
        let values = samples.bitsPerSymbol == 1 ? samples.symbols : samples.ranks
        let alphabet = samples.bitsPerSymbol == 1 ? max(2, samples.alphabet) : samples.alphabet
        var tuples: RepeatedTuples?
        var found: [EntropyEstimate] = []
        for (place, estimator) in estimators.enumerated() {
            let done = Double(place) / Double(estimators.count)
            guard progress(done, "\(estimator.rawValue) of \(what)") else { return nil }
            let estimate: EntropyEstimate?
            switch estimator {
            case .mostCommonValue: estimate = .mostCommonValue(values)
            case .collision: estimate = .collision(values)
            case .markov: estimate = .markov(values)
            case .compression: estimate = CompressionEstimate().estimate(values)
            case .tTuple:
                tuples = RepeatedTuples(values, bits: samples.bitsPerSymbol)
                estimate = tuples?.tTuple()
            case .longestRepeat: estimate = tuples?.longestRepeat()
            default: estimate = Predictors().estimate(estimator, values, alphabet: alphabet)
            }
            if let estimate { found.append(estimate) }
        }
        return found
    }
}
