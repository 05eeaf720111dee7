/// Irreducible polynomials over GF(2) with few terms.
enum Irreducible {
    /// The largest degree that is searched for; beyond it only the table knows trinomials.
    static let searched = 2048
    /// x^n + x^middle + 1, by n: those that Raz's extractor is used with elsewhere, and Mersenne exponents, each checked by
    /// x^(2^n) = x (and without a common factor with x^(2^(n/p)) + x for the primes p that divide n).
    ///
    /// - SeeAlso: Brent, Larvala, Zimmermann, Math. Comp. 72, 1443 (2003), tables of primitive trinomials.
    static let trinomials: [Int: Int] = [
        3: 1, 7: 1, 15: 1, 31: 3, 63: 1, 127: 7, 255: 52, 521: 32, 1279: 216, 2281: 715, 3217: 67, 4423: 271, 9689: 84,
        19937: 881, 23209: 1530, 44497: 8575, 110503: 25230, 132049: 7000, 756839: 279695, 859433: 170340,
    ]

    /// The exponents below `degree` of an irreducible polynomial: the trinomial with the lowest middle, else the pentanomial
    /// with the lowest exponents in order; nil when the degree is not provided for.
    ///
    /// - Parameter degree: 2 … 2048. Cost: some n tests of n squarings, a second for the largest.
    static func lowest(degree: Int) -> [Int]? {
        guard degree >= 2, degree <= searched else { return nil }
        for middle in stride(from: 1, through: degree / 2, by: 1)
        where isIrreducible([middle, 0], degree: degree) { return [middle, 0] }
        for a in stride(from: 3, to: degree, by: 1) {
            for b in 2..<a {
                for c in 1..<b where isIrreducible([a, b, c, 0], degree: degree) { return [a, b, c, 0] }
            }
        }
        return nil
    }

    /// The middle exponent of a trinomial for Raz's extractor: from the table, or by a search up to degree 1024.
    static func trinomial(degree: Int) -> Int? {
        if let middle = trinomials[degree] { return middle }
        guard degree >= 2, degree <= 1024 else { return nil }
        return (1...max(1, degree / 2)).first { isIrreducible([$0, 0], degree: degree) }
    }

    /// Rabin's test, after a sieve by roots in small fields.
    ///
    /// - SeeAlso: Rabin, SIAM J. Comput. 9, 273 (1980), lemma 1.
    static func isIrreducible(_ exponents: [Int], degree: Int) -> Bool {
        let all = exponents + [degree]
        guard all.count % 2 == 1, !hasSmallRoot(all, degree: degree) else { return false }
        let field = BinaryField(bits: degree, exponents: exponents)
        var power = Bits(zeros: degree)
        power[1] = true
        let x = power
        let stops = Set(Primes.factors(of: degree).map { degree / $0 })
        var polynomial = Bits(zeros: degree + 1)
        for exponent in all { polynomial[exponent] = true }
        var atStops: [Bits] = []
        for step in 1...degree {
            power = field.square(power)
            if step < degree, stops.contains(step) {
                var difference = power
                difference.add(x)
                atStops.append(difference)
            }
        }
        return power == x && atStops.allSatisfy { degreeOfCommonFactor(polynomial, $0) == 0 }
    }

    /// Whether an element of GF(2^d), 2 ≤ d ≤ 8, d < degree, is a root, so that a polynomial of degree d or less divides.
    private static func hasSmallRoot(_ exponents: [Int], degree: Int) -> Bool {
        for d in 2...8 where d < degree {
            let order = 1 << d - 1
            let powers = SmallField.powers[d - 2]
            for k in 1..<order where exponents.reduce(0, { $0 ^ powers[$1 * k % order] }) == 0 { return true }
        }
        return false
    }

    private static func degreeOfCommonFactor(_ a: Bits, _ b: Bits) -> Int {
        var (large, small) = (a, Bits(words: b.words, count: a.count))
        while small.length > 0 {
            if large.length < small.length { swap(&large, &small) }
            guard small.length > 0 else { break }
            let shift = large.length - small.length
            large.add(small, at: shift)
            if large.length < small.length { swap(&large, &small) }
        }
        return large.length - 1
    }
}

/// Powers of a generator of GF(2^d).
enum SmallField {
    /// Primitive polynomials of degree 2 … 13 as bits; the lowest of each degree.
    static let polynomials = [
        0b111, 0b1011, 0x13, 0x25, 0x43, 0x83, 0x11d, 0x211, 0x409, 0x805, 0x1053, 0x201b,
    ]

    /// g^0, g^1, … of GF(2^d) for d = 2 … 8.
    static let powers: [[Int]] = (2...8).map { d in
        var list = [1]
        for _ in 1..<(1 << d - 1) {
            let next = (list.last ?? 1) << 1
            list.append(next >> d == 1 ? next ^ polynomials[d - 2] : next)
        }
        return list
    }

    /// a b in GF(2^d).
    static func multiply(_ a: Int, _ b: Int, degree d: Int) -> Int {
        var (product, a, b) = (0, a, b)
        while b > 0 {
            if b & 1 == 1 { product ^= a }
            a <<= 1
            if a >> d == 1 { a ^= polynomials[d - 2] }
            b >>= 1
        }
        return product
    }
}
