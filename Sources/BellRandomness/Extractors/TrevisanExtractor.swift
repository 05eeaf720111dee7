import BellModel

/// Trevisan's extractor: each output bit is a one-bit extractor's, with its own choice of bits of a short seed.
///
/// One bit: the source as symbols s_0, s_1, … of l bits, the last filled with zeros, is the polynomial
/// p(α) = (…(s_0 α + s_1) α + …) over GF(2^l); the bit is the inner product of p(α) with β, both from the seed (Reed–Solomon
/// and Hadamard codes). The seed's places come from ``WeakDesign``. GF(2^l) is built with the lowest trinomial or pentanomial.
///
/// Cost: m n / l steps of l/4 additions of l bits; memory: the source once more and 4 l² bits.
///
/// - SeeAlso: Trevisan, J. ACM 48, 860 (2001); De, Portmann, Vidick, Renner, SIAM J. Comput. 41, 915 (2012); Mauerer,
///   Portmann, Scholz, arXiv:1212.0520.
enum TrevisanExtractor {
    static func design(symbolBits: Int, outputBits: Int) -> WeakDesign {
        WeakDesign(reads: 2 * symbolBits, outputBits: outputBits)
    }

    static func extract(
        _ source: Bits, seed: Bits, outputBits: Int, symbolBits: Int, exponents: [Int],
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        let design = design(symbolBits: symbolBits, outputBits: outputBits)
        var code = OneBitExtractor(source, symbolBits: symbolBits, exponents: exponents)
        var output = Bits(zeros: outputBits)
        var (place, base) = (0, 0)
        for count in design.outputs {
            for index in 0..<count {
                var read = Bits(zeros: 2 * symbolBits)
                for (bit, at) in design.places(index, count: 2 * symbolBits).enumerated() where seed[base + at] {
                    read[bit] = true
                }
                output[place] = code.bit(
                    alpha: read.slice(from: 0, length: symbolBits),
                    beta: read.slice(from: symbolBits, length: symbolBits))
                place += 1
                if place % 256 == 0 { try progress(Double(place) / Double(outputBits)) }
            }
            base += design.field * design.field
        }
        return output
    }
}

/// The Reed–Solomon–Hadamard code of a source, read at one place.
private struct OneBitExtractor {
    private let bits: Int
    private let exponents: [Int]
    /// Words of a symbol.
    private let width: Int
    /// The symbols, `width` words each.
    private let symbols: [UInt64]
    /// Products of α with the 16 polynomials of four terms at x^0, x^4, …; `width` words each.
    private var table: [UInt64]

    init(_ source: Bits, symbolBits: Int, exponents: [Int]) {
        bits = symbolBits
        self.exponents = exponents
        width = Bits.words(for: symbolBits)
        symbols = stride(from: 0, to: source.count, by: symbolBits).flatMap {
            source.slice(from: $0, length: symbolBits).words
        }
        table = [UInt64](repeating: 0, count: (symbolBits + 3) / 4 * 16 * width)
    }

    mutating func bit(alpha: Bits, beta: Bits) -> Bool {
        fill(alpha)
        var value = [UInt64](repeating: 0, count: width)
        var next = value
        let windows = table.count / (16 * width)
        for start in stride(from: 0, to: symbols.count, by: width) {
            for word in 0..<width { next[word] = symbols[start + word] }
            for window in 0..<windows {
                let digit = Int(value[window / 16] >> UInt64(window % 16 * 4) & 15)
                let entry = (window * 16 + digit) * width
                for word in 0..<width { next[word] ^= table[entry + word] }
            }
            swap(&value, &next)
        }
        return zip(value, beta.words).reduce(0) { $0 ^ ($1.0 & $1.1).nonzeroBitCount } & 1 == 1
    }

    private mutating func fill(_ alpha: Bits) {
        var power = alpha
        for window in 0..<table.count / (16 * width) {
            for bit in 0..<4 {
                let size = 1 << bit
                for digit in size..<2 * size {
                    let (to, from) = ((window * 16 + digit) * width, (window * 16 + digit - size) * width)
                    for word in 0..<width { table[to + word] = table[from + word] ^ power.words[word] }
                }
                power = timesX(power)
            }
        }
    }

    private func timesX(_ element: Bits) -> Bits {
        let carries = element[bits - 1]
        var shifted = Bits(zeros: bits)
        shifted.add(element, at: 1)
        if carries { for exponent in exponents { shifted[exponent].toggle() } }
        return shifted
    }
}
