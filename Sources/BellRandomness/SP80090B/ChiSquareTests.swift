import BellStatistics
import Glibc

/// A χ² test of SP 800-90B, section 5.2: independence, or the same distribution everywhere.
public struct ChiSquareTest: Equatable, Sendable {
    public let name: String
    public let statistic: Double
    public let degrees: Int
    /// The level below which the samples are not independent and identically distributed.
    public static let level = 0.001

    public var pValue: Double { IncompleteGamma(a: Double(degrees) / 2, x: statistic / 2).upper }
    public var passed: Bool { pValue >= ChiSquareTest.level }

    /// Both tests; one is missing when the samples are too few or too uneven for it.
    static func all(_ samples: NoiseSamples) -> [ChiSquareTest] {
        let tests =
            samples.bitsPerSymbol == 1
            ? [bitIndependence(samples.symbols), bitGoodness(samples.symbols)]
            : [independence(samples), goodness(samples)]
        return tests.compactMap(\.self)
    }

    /// 5.2.1: pairs of neighbours that do not overlap, in bins of five expected ones or more.
    static func independence(_ samples: NoiseSamples) -> ChiSquareTest? {
        let (s, k) = (samples.ranks, samples.alphabet)
        let shares = ChiSquareTest.shares(s, k)
        let pairs = Double(s.count / 2)
        let bins = Bins((0..<k * k).map { shares[$0 / k] * shares[$0 % k] * pairs })
        var observed = [Int](repeating: 0, count: bins.expected.count)
        for i in stride(from: 0, to: s.count - 1, by: 2) { observed[bins.of[Int(s[i]) * k + Int(s[i + 1])]] += 1 }
        return test("independence", statistic(observed, bins.expected), observed.count - k)
    }

    /// 5.2.2: the symbols' counts in ten parts of the sequence.
    static func goodness(_ samples: NoiseSamples) -> ChiSquareTest? {
        let (s, k) = (samples.ranks, samples.alphabet)
        let part = s.count / 10
        let bins = Bins(shares(s, k).map { $0 * Double(part) })
        var sum = 0.0
        for first in stride(from: 0, to: 10 * part, by: max(1, part)) {
            var observed = [Int](repeating: 0, count: bins.expected.count)
            for x in s[first..<first + part] { observed[bins.of[Int(x)]] += 1 }
            sum += statistic(observed, bins.expected)
        }
        return test("goodness of fit", sum, 9 * (bins.expected.count - 1))
    }

    /// 5.2.3: tuples of m bits that do not overlap, m as large as expectations of five allow, at most 11.
    static func bitIndependence(_ s: [UInt8]) -> ChiSquareTest? {
        guard !s.isEmpty else { return nil }
        let p1 = Double(s.count { $0 == 1 }) / Double(s.count)
        let rarest = min(p1, 1 - p1)
        guard let m = (2...11).last(where: { pow(rarest, Double($0)) * Double(s.count / $0) >= 5 }) else { return nil }
        var observed = [Int](repeating: 0, count: 1 << m)
        let blocks = s.count / m
        for block in 0..<blocks {
            var value = 0
            for bit in s[block * m..<block * m + m] { value = value << 1 | Int(bit) }
            observed[value] += 1
        }
        let expected = observed.indices.map { value in
            let ones = Double(value.nonzeroBitCount)
            return pow(p1, ones) * pow(1 - p1, Double(m) - ones) * Double(blocks)
        }
        return test("independence, m = \(m)", statistic(observed, expected), (1 << m) - 2)
    }

    /// 5.2.4: ones in ten parts of the sequence.
    static func bitGoodness(_ s: [UInt8]) -> ChiSquareTest? {
        let part = s.count / 10
        let p1 = Double(s.count { $0 == 1 }) / Double(max(1, s.count))
        guard part > 0, p1 > 0, p1 < 1 else { return nil }
        let expected = [(1 - p1) * Double(part), p1 * Double(part)]
        var sum = 0.0
        for first in stride(from: 0, to: 10 * part, by: part) {
            let ones = s[first..<first + part].count { $0 == 1 }
            sum += statistic([part - ones, ones], expected)
        }
        return test("goodness of fit", sum, 9)
    }

    private static func test(_ name: String, _ statistic: Double, _ degrees: Int) -> ChiSquareTest? {
        degrees > 0 ? ChiSquareTest(name: name, statistic: statistic, degrees: degrees) : nil
    }

    private static func shares(_ ranks: [UInt8], _ k: Int) -> [Double] {
        var counts = [Int](repeating: 0, count: k)
        for x in ranks { counts[Int(x)] += 1 }
        return counts.map { Double($0) / Double(max(1, ranks.count)) }
    }

    private static func statistic(_ observed: [Int], _ expected: [Double]) -> Double {
        zip(observed, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
    }
}

/// Cells put together, the rarest first, until each bin expects five.
private struct Bins {
    /// The bin of each cell.
    private(set) var of: [Int]
    private(set) var expected: [Double] = []

    init(_ cells: [Double]) {
        of = [Int](repeating: 0, count: cells.count)
        var sum = 0.0
        for cell in cells.indices.sorted(by: { (cells[$0], $0) < (cells[$1], $1) }) {
            if expected.isEmpty || sum >= 5 {
                expected.append(0)
                sum = 0
            }
            of[cell] = expected.count - 1
            sum += cells[cell]
            expected[expected.count - 1] = sum
        }
        // What is left over at the end joins the last bin that is full.
        if expected.count > 1, sum < 5 {
            let last = expected.removeLast()
            for cell in of.indices where of[cell] == expected.count { of[cell] -= 1 }
            expected[expected.count - 1] += last
        }
    }
}
