import Glibc

/// The choice of l and p in the error bound of Raz's extractor.
///
/// log2 ε ≤ m/2 + 1 + (n1 − k1)/p + max((l − n1/2 + 1)/p, log2 p − k2/2), for every even p ≤ 2^l / m: an output's sum of bits
/// is a linear test of 2^l bits at most when p seconds meet, the family of them is 2^(l+1−n1/2)-biased for those, and the sums
/// of all non-empty subsets of outputs cost 2^(m/2). Only l is part of the extractor; p is part of the proof.
///
/// - SeeAlso: Raz, STOC 2005, lemmas 3.3–3.5; Foreman, Wooltorton, Milner, Curchod, arXiv:2506.15547.
struct RazParameters: Equatable, Sendable {
    /// l, log2 of the number of terms.
    let logTerms: Int
    /// p.
    let moments: Int
    /// log2 of the error, which holds for classical side information.
    let errorExponent: Double

    /// The largest l that is looked at; p then is up to 2^48, more than n1 − k1 can call for.
    static let largestLog = 48

    /// The best choice for given lengths and entropies; nil when no p is allowed.
    ///
    /// For fixed l, (l − n1/2 + 1 + n1 − k1)/p falls in size and rises in value with p, where it is negative, and the other term
    /// falls to p = (n1 − k1) ln 2 and rises from there: their maximum has one valley, which is found by thirds.
    static func best(sourceBits n1: Int, sourceEntropy k1: Double, secondEntropy k2: Double, outputBits m: Int)
        -> RazParameters?
    {
        var best: RazParameters?
        let missing = Double(n1) - k1
        for l in 1...max(1, min(largestLog, n1 / 2)) {
            let most = (1 << l) / max(1, m) / 2
            guard most >= 1 else { continue }
            let bias = Double(l) - Double(n1) / 2 + 1
            func bound(_ halfOfMoments: Int) -> Double {
                let p = 2 * Double(halfOfMoments)
                return Double(m) / 2 + 1 + missing / p + max(bias / p, log2(p) - k2 / 2)
            }
            var (low, high) = (1, most)
            while high - low > 2 {
                let third = (high - low) / 3
                if bound(low + third) <= bound(high - third) { high -= third } else { low += third }
            }
            for half in low...high where bound(half) < best?.errorExponent ?? .infinity {
                best = RazParameters(logTerms: l, moments: 2 * half, errorExponent: bound(half))
            }
        }
        return best
    }

    /// The largest m with an error of at most ε, and the choice for it; nil when not even one bit comes out.
    ///
    /// Against quantum side information, product or Markov, each source gives log2 1/ε₀ of its entropy, ε₀ being the classical
    /// error that ``OutputLength/classicalError(reaching:outputBits:)`` wants.
    static func longest(_ demand: ExtractorDemand) -> (outputBits: Int, choice: RazParameters)? {
        let m = OutputLength.largest(upTo: demand.sourceBits / 2) { choice(demand, outputBits: $0) != nil }
        return choice(demand, outputBits: m).flatMap { m > 0 ? (m, $0) : nil }
    }

    /// The choice for m bits; nil when its error is larger than ε.
    static func choice(_ demand: ExtractorDemand, outputBits m: Int) -> RazParameters? {
        let error = OutputLength.classicalError(reaching: demand, outputBits: m)
        let taken = demand.security == .classical ? 0 : -error
        let found = best(
            sourceBits: demand.sourceBits, sourceEntropy: demand.sourceEntropy - taken,
            secondEntropy: demand.secondEntropy - taken, outputBits: m)
        return found.flatMap { $0.errorExponent <= error ? $0 : nil }
    }
}
