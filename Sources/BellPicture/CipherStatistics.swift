public import BellModel
import Glibc

/// What shows in an encrypted picture and in the pad that lies over it.
///
/// They find defects; that they find none says nothing more than that. Whoever publishes them with the encrypted picture gives
/// away a few bits about the picture.
public struct CipherStatistics: Equatable, Sendable {
    /// One statistic, with what even and independent bits would give.
    public struct Entry: Equatable, Sendable {
        /// For programs, for example `horizontal`.
        public let key: String
        /// For people.
        public let title: String
        /// Nil when it is not defined: for one colour only, or for too few samples.
        public let value: Double?
        public let expected: Double
        /// Standard deviation under even and independent bits; nil for entropy, which repeats χ².
        public let deviation: Double?

        /// In standard deviations from what is expected.
        public var distance: Double? {
            guard let value, let deviation, deviation > 0 else { return nil }
            return (value - expected) / deviation
        }

        /// Beyond five standard deviations: for even bits less than once in a million.
        public var isDefect: Bool { (distance?.magnitude ?? 0) > 5 }
    }

    /// Samples that were looked at.
    public let samples: Int
    public let entries: [Entry]

    /// The titles of what was found; empty says only that these statistics found nothing at this size.
    public var defects: [String] { entries.filter(\.isDefect).map(\.title) }

    /// - Parameters:
    ///   - plain: The picture.
    ///   - cipher: The same with the pad over it; of the same size.
    public init(plain: Picture, cipher: Picture) {
        precondition(plain.samples.count == cipher.samples.count, "one picture, covered and not")
        let n = plain.samples.count
        samples = n
        var (cipherBytes, padBytes) = ([Int](repeating: 0, count: 256), [Int](repeating: 0, count: 256))
        var against = Correlation()
        for (a, b) in zip(plain.samples, cipher.samples) {
            cipherBytes[Int(b)] += 1
            padBytes[Int(a ^ b)] += 1
            against.add(a, b)
        }
        let half = 0.5 / (8 * Double(n)).squareRoot()
        func ones(_ key: String, _ title: String, _ counts: [Int]) -> Entry {
            let ones = counts.indices.reduce(0) { $0 + counts[$1] * $1.nonzeroBitCount }
            return Entry(key: key, title: title, value: Double(ones) / Double(8 * n), expected: 0.5, deviation: half)
        }
        func correlation(_ key: String, _ title: String, _ sums: Correlation) -> Entry {
            Entry(
                key: key, title: title, value: sums.value, expected: 0,
                deviation: sums.count > 0 ? 1 / Double(sums.count).squareRoot() : nil)
        }
        func chiSquare(_ key: String, _ title: String, _ counts: [Int]) -> Entry {
            // Fewer than five expected in a cell: the distribution is not that of χ².
            Entry(
                key: key, title: title, value: n >= 5 * 256 ? CipherStatistics.chiSquare(counts) : nil, expected: 255,
                deviation: (2.0 * 255).squareRoot())
        }
        entries = [
            ones("ones", "fraction of ones", cipherBytes),
            correlation("horizontal", "neighbours, horizontal", Correlation(neighboursOf: cipher, right: 1, down: 0)),
            correlation("vertical", "neighbours, vertical", Correlation(neighboursOf: cipher, right: 0, down: 1)),
            correlation("diagonal", "neighbours, diagonal", Correlation(neighboursOf: cipher, right: 1, down: 1)),
            Entry(
                key: "entropy", title: "entropy of byte values, bits", value: CipherStatistics.entropy(cipherBytes),
                expected: 8, deviation: nil),
            chiSquare("chi_square", "χ² of byte values", cipherBytes),
            correlation("with_plain", "correlation with the picture", against),
            ones("pad_ones", "fraction of ones in the pad", padBytes),
            chiSquare("pad_chi_square", "χ² of the pad's bytes", padBytes),
        ]
    }

    /// Shannon's entropy of the histogram, bits a byte.
    static func entropy(_ counts: [Int]) -> Double {
        let n = Double(counts.reduce(0, +))
        return counts.reduce(0.0) { sum, count in
            count == 0 ? sum : sum - Double(count) / n * log2(Double(count) / n)
        }
    }

    /// Pearson's χ² against equal frequencies, 255 degrees of freedom.
    static func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) } / expected
    }

    /// `{"samples", "statistics": {key: {"value", "expected", "deviation"}}, "defects"}`.
    public var json: JSON {
        var members: [String: JSON] = [:]
        for entry in entries {
            members[entry.key] = [
                "value": JSON(entry.value), "expected": .double(entry.expected), "deviation": JSON(entry.deviation),
            ]
        }
        return [
            "samples": .int(Int64(samples)), "statistics": .object(members),
            "defects": .array(entries.filter(\.isDefect).map { .string($0.key) }),
        ]
    }
}
