import BellModel
import Glibc

extension ExtractionPlan {
    /// What one extractor can do here.
    func offer(_ kind: ExtractorKind) -> ExtractorOffer {
        switch kind {
        case .toeplitz: toeplitz
        case .circulant: circulant
        case .deor: deor
        case .raz: raz
        case .trevisan: trevisan
        case .vonNeumann: refusal(kind, "has no bound on its error")
        }
    }

    private func refusal(_ kind: ExtractorKind, _ reason: String) -> ExtractorOffer {
        ExtractorOffer(kind: kind, largest: 0, shape: nil, demand: nil, seconds: 0, reason: reason)
    }

    /// The entropies that are left in the first n1 bits of source one and the first n2 of source two.
    private func demand(_ n1: Int, _ n2: Int) -> ExtractorDemand {
        ExtractorDemand(
            sourceBits: n1, sourceEntropy: max(0, sourceEntropy - Double(sourceBits - n1)), secondBits: n2,
            secondEntropy: second.entropy(ofFirst: n2), errorExponent: errorExponent, security: security)
    }

    /// An offer of `largest` bits, of which as many are taken as are asked for.
    private func result(
        _ kind: ExtractorKind, largest: Int, none: String, seconds: (Int) -> Double, shape: (Int) -> ExtractorShape?
    ) -> ExtractorOffer {
        guard largest > 0 else { return refusal(kind, none) }
        let taken = bits ?? largest
        guard taken <= largest, let shape = shape(taken) else {
            return ExtractorOffer(
                kind: kind, largest: largest, shape: nil, demand: nil, seconds: seconds(largest),
                reason: "\(taken) bits are more than the \(largest) that it gives")
        }
        return ExtractorOffer(
            kind: kind, largest: largest, shape: shape, demand: demand(shape.sourceBits, shape.secondBits),
            seconds: seconds(taken), reason: nil)
    }

    private var toeplitz: ExtractorOffer {
        let n1 = sourceBits
        let room = min(n1, second.bits - n1 + 1)
        let largest = OutputLength.largest(upTo: room) { m in
            OutputLength.whole(OutputLength.twoUniversal(demand(n1, n1 + m - 1)), limit: n1) >= m
        }
        return result(
            .toeplitz, largest: largest,
            none: room < 1
                ? "source two has \(second.bits) bits, and \(n1) are needed at least" : "the entropies do not suffice",
            seconds: { Cost.product(min(n1, $0), n1 + $0) }
        ) { ExtractorShape(kind: .toeplitz, sourceBits: n1, secondBits: n1 + $0 - 1, outputBits: $0) }
    }

    private var circulant: ExtractorOffer {
        // Any other prime leaves sources for which the rows of the matrix depend on each other.
        let limit = min(sourceBits + 1, second.bits)
        guard let prime = Primes.largest(upTo: limit, where: Primes.hasPrimitiveRootTwo) else {
            return refusal(.circulant, "source two is too short")
        }
        let largest = OutputLength.whole(OutputLength.twoUniversal(demand(prime - 1, prime)), limit: prime - 1)
        return result(
            .circulant, largest: largest, none: "the entropies do not suffice",
            seconds: { _ in Cost.product(prime, prime) }
        ) { ExtractorShape(kind: .circulant, sourceBits: prime - 1, secondBits: prime, outputBits: $0) }
    }

    private var deor: ExtractorOffer {
        let limit = min(sourceBits, second.bits)
        guard let prime = Primes.largest(upTo: limit, where: Primes.hasPrimitiveRootTwo) else {
            return refusal(.deor, "the sources are too short")
        }
        let largest = OutputLength.whole(OutputLength.deor(demand(prime, prime)), limit: prime - 1)
        return result(
            .deor, largest: largest, none: "the entropies do not suffice", seconds: { _ in Cost.product(prime, prime) }
        ) { ExtractorShape(kind: .deor, sourceBits: prime, secondBits: prime, outputBits: $0) }
    }

    private var raz: ExtractorOffer {
        let known = Irreducible.trinomials.keys.filter { 2 * $0 <= sourceBits }.max() ?? 0
        let searched = stride(from: min(sourceBits / 2, 1024), to: known, by: -1)
        let half = searched.first { Irreducible.trinomial(degree: $0) != nil } ?? known
        guard half >= 2 else { return refusal(.raz, "source one is too short") }
        let used = demand(2 * half, min(half, second.bits))
        guard let found = RazParameters.longest(used) else {
            return refusal(
                .raz,
                "of n1/2 the largest degree with a known trinomial is \(half), and the entropies do not suffice there")
        }
        return result(
            .raz, largest: found.outputBits, none: "the entropies do not suffice",
            seconds: { _ in 2 * Double(found.choice.logTerms) * Cost.product(half, half) }
        ) { m in
            guard let choice = RazParameters.choice(used, outputBits: m) else { return nil }
            return ExtractorShape(
                kind: .raz, sourceBits: 2 * half, secondBits: used.secondBits, outputBits: m, parameter: choice.logTerms
            )
        }
    }

    private var trevisan: ExtractorOffer {
        func shape(_ m: Int) -> ExtractorShape? {
            // A weak seed's error counts once for each seed it favours, so that the code must be the better; two steps
            // find a length that carries itself, because seeds grow by powers of two.
            var deficit = 0.0
            for _ in 0..<4 {
                let symbol = OutputLength.symbolBits(
                    sourceBits: sourceBits, outputBits: m, errorExponent: errorExponent - deficit)
                guard symbol <= Irreducible.searched else { return nil }
                let seed = TrevisanExtractor.design(symbolBits: symbol, outputBits: m).seedBits
                guard seed <= second.bits else { return nil }
                let missing = Double(seed) - second.entropy(ofFirst: seed)
                if missing <= deficit {
                    return ExtractorShape(
                        kind: .trevisan, sourceBits: sourceBits, secondBits: seed, outputBits: m, parameter: symbol)
                }
                deficit = missing
            }
            return nil
        }
        let largest = OutputLength.largest(upTo: sourceBits) { m in
            guard let shape = shape(m) else { return false }
            return OutputLength.trevisan(demand(shape.sourceBits, shape.secondBits)) >= m
        }
        return result(
            .trevisan, largest: largest,
            none: "its seed is too short or not uniform, or k1 does not suffice",
            seconds: { Cost.trevisan(sourceBits, $0, shape($0)?.parameter ?? 64) }, shape: shape)
    }
}

/// Rough times on one core, for choosing only.
private enum Cost {
    /// 60 ms for two operands of 2^24 bits, in proportion to n log n.
    static func product(_ a: Int, _ b: Int) -> Double {
        let n = Double(max(2, a + b)) / 2
        return 0.06 * n / 0x1p24 * log2(n) / 24
    }

    /// m evaluations of n / l steps, each l/4 additions of ⌈l / 64⌉ words at 1 ns.
    static func trevisan(_ n: Int, _ m: Int, _ l: Int) -> Double {
        Double(m) * Double(n) / 4 * (Double(l) / 64).rounded(.up) * 1e-9
    }
}
