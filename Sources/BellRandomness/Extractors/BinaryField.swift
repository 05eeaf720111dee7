import BellModel

/// The ring GF(2)[x] / f, a field where f is irreducible; elements are strings of n bits.
///
/// f = x^n + Σ x^e over a few exponents e ≤ n / 2, so that reducing is two passes of shifts and sums.
struct BinaryField {
    /// n.
    let bits: Int
    /// The exponents of f below n, 0 among them.
    let exponents: [Int]

    /// The product of two elements.
    func multiply(_ a: Bits, _ b: Bits) throws(BellError) -> Bits { reduce(try a.product(with: b)) }

    /// Squares spread the bits: coefficient i goes to 2i.
    func square(_ a: Bits) -> Bits {
        var spread = Bits(zeros: 2 * bits)
        for (index, word) in a.words.enumerated() {
            spread.words[2 * index] = BinaryField.spread(word & 0xffff_ffff)
            if 2 * index + 1 < spread.words.count { spread.words[2 * index + 1] = BinaryField.spread(word >> 32) }
        }
        return reduce(spread)
    }

    /// x^(n + i) = Σ x^(e + i), until nothing stands at x^n or above.
    private func reduce(_ value: Bits) -> Bits {
        let largest = exponents.max() ?? 0
        var rest = value
        while rest.count > bits {
            let all = rest.slice(from: bits, length: rest.count - bits)
            let high = all.slice(from: 0, length: all.length)
            var low = Bits(zeros: max(bits, high.count == 0 ? 0 : largest + high.count))
            low.add(rest.slice(from: 0, length: bits))
            for exponent in exponents { low.add(high, at: exponent) }
            rest = low
        }
        return rest
    }

    /// The lower 32 bits with a zero after each.
    private static func spread(_ half: UInt64) -> UInt64 {
        var word = (half | half << 16) & 0x0000_ffff_0000_ffff
        word = (word | word << 8) & 0x00ff_00ff_00ff_00ff
        word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f
        word = (word | word << 2) & 0x3333_3333_3333_3333
        return (word | word << 1) & 0x5555_5555_5555_5555
    }
}

extension Bits {
    /// Bits up to and with the last one that is set.
    var length: Int {
        for index in words.indices.reversed() where words[index] != 0 {
            return index * 64 + 64 - words[index].leadingZeroBitCount
        }
        return 0
    }
}
