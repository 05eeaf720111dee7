import Glibc

/// How many bits an extraction may give, by extractor and security; all in bits and logarithms to the base 2.
///
/// With e = log2 ε. A negative number means that nothing can be extracted.
enum OutputLength {
    /// Toeplitz and circulant matrices are two-universal, and a seed with k2 of n2 bits is worth as many bits less:
    /// m = k1 + (k2 − n2) + 2 e, with classical and with quantum side information, product or Markov.
    ///
    /// Circulant matrices are, when 2 generates all residues modulo n2: then x^n2 − 1 has no factors but x − 1 and the rest,
    /// and any n2 − 1 rows of a source that is not all equal are independent. For n2 = 7 or 17 they are not.
    /// - SeeAlso: Tomamichel, Schaffner, Smith, Renner, arXiv:1002.2436 (leftover hashing with quantum side information);
    ///   Foreman et al., arXiv:2402.09481, theorem on the circulant extractor.
    static func twoUniversal(_ demand: ExtractorDemand) -> Double {
        demand.sourceEntropy + (demand.secondEntropy - Double(demand.secondBits)) + 2 * demand.errorExponent
    }

    /// Dodis, Elbaz, Oliveira, Raz: classical m = k1 + k2 − n + 1 + 2 e.
    ///
    /// Against quantum Markov side information 5 m = k1 + k2 − n + 9 − 4 log2 3 + 8 e: a classical (k1, k2, ε) extractor is a
    /// (k1 + log 1/ε, k2 + log 1/ε, sqrt(3 ε 2^(m−2))) one there; solved for m. A product state is a Markov chain, so that the
    /// same holds there.
    ///
    /// - SeeAlso: RANDOM 2004, theorem 1 (strong, classical); Arnon-Friedman, Portmann, Scholz, arXiv:1510.06743, theorem 2.
    static func deor(_ demand: ExtractorDemand) -> Double {
        let excess = demand.sourceEntropy + demand.secondEntropy - Double(demand.sourceBits)
        switch demand.security {
        case .classical: return excess + 1 + 2 * demand.errorExponent
        case .quantumProduct, .quantumMarkov: return (excess + 9 - 4 * log2(3) + 8 * demand.errorExponent) / 5
        }
    }

    /// log2 of the error of a classical extractor, and what it takes of each entropy, so that ε is reached with m bits:
    /// ε' = sqrt(3 ε 2^(m−2)), hence log ε = 2 log ε' − log 3 − m + 2, and log 1/ε of each source.
    static func classicalError(reaching demand: ExtractorDemand, outputBits: Int) -> Double {
        demand.security == .classical
            ? demand.errorExponent : 2 * demand.errorExponent - log2(3) - Double(outputBits) + 2
    }

    /// Trevisan with Reed–Solomon–Hadamard codes and r = 1: the largest m with m + 4 log2(m/ε) + 6 ≤ k1.
    ///
    /// Quantum-proof as it stands (the one-bit extractor is, with its square-root loss counted). A seed of k2 < n2 bits that is
    /// independent of source and adversary multiplies the error by 2^(n2−k2) at most, because the extractor is strong; for a
    /// seed that is correlated through E (Markov) and not uniform no bound is used here, and the result is negative.
    ///
    /// - SeeAlso: De, Portmann, Vidick, Renner, SIAM J. Comput. 41, 915 (2012), section 5; Mauerer, Portmann, Scholz,
    ///   arXiv:1212.0520, on the parameters of RSH.
    static func trevisan(_ demand: ExtractorDemand) -> Int {
        let deficit = Double(demand.secondBits) - demand.secondEntropy
        if demand.security == .quantumMarkov, deficit > 0 { return 0 }
        let error = demand.errorExponent - deficit
        return largest(upTo: min(demand.sourceBits, Int(max(0, demand.sourceEntropy)))) { m in
            Double(m) + 4 * (log2(Double(m)) - error) + 6 <= demand.sourceEntropy
        }
    }

    /// Bits of a symbol for Trevisan's code: ⌈log2 n⌉ + ⌈2 log2(2 m/ε)⌉. Each output then has an error of ε/m.
    ///
    /// - SeeAlso: Mauerer, Portmann, Scholz, arXiv:1212.0520, on RSH (here both terms are rounded up).
    static func symbolBits(sourceBits: Int, outputBits: Int, errorExponent: Double) -> Int {
        let log = 2 * (1 + log2(Double(max(1, outputBits))) - errorExponent)
        return Int(min(1e9, log2(Double(sourceBits)).rounded(.up) + log.rounded(.up)))
    }

    /// The largest number in 1 … limit that is allowed, where less is always allowed too; 0 when none is.
    static func largest(upTo limit: Int, where isAllowed: (Int) -> Bool) -> Int {
        var (good, bad) = (0, max(0, limit) + 1)
        while bad - good > 1 {
            let middle = good + (bad - good) / 2
            if isAllowed(middle) { good = middle } else { bad = middle }
        }
        return good
    }

    /// ⌊m⌋ in 0 … limit; rounding of a sum of some ten terms is allowed for by 1e-9.
    static func whole(_ value: Double, limit: Int) -> Int {
        value >= 1 - 1e-9 ? Int(min(Double(limit), (value + 1e-9).rounded(.down))) : 0
    }
}
