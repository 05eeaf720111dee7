import Glibc

/// Test procedure B of AIS 20/31: T6 to T8, for the raw bits of a physical source, which may be slightly biased and depend a
/// little on the ones before them.
///
/// - SeeAlso: Killmann and Schindler 2011, section 2.4.4.2; T8 after J.-S. Coron, "On the security of random sources", PKC 1999.
public struct AIS31ProcedureB: Equatable, Sendable {
    /// One basic test with its number and its limit.
    public struct Test: Equatable, Sendable {
        public let name: String
        public let value: Double
        public let limit: Double
        /// The value must be below the limit; T8's must be above.
        public let below: Bool

        public var passed: Bool { below ? value < limit : value > limit }
    }

    /// How many values each transition is looked at.
    static let sample = 100_000
    /// χ² with one degree of freedom at the level 0.0001.
    static let homogeneity = 15.13
    /// T8: words of 8 bits; Q fill the memory, K are tested.
    static let (memory, tested) = (2_560, 256_000)
    /// The least that a run can do with; how many bits the steps with several kinds of tuples take depends on the bits.
    public static let bitsNeeded = sample * (1 + 2 * 2 + 3 * 4 + 4 * 8) + 8 * (memory + tested)
    public static let names = [
        "T6 uniform distribution", "T6 one step", "T7 two steps, 0", "T7 two steps, 1", "T7 three steps, 00",
        "T7 three steps, 01", "T7 three steps, 10", "T7 three steps, 11", "T8 entropy",
    ]

    /// At most two; the tests of a run that lacked bits are those before.
    public internal(set) var runs: [[Test]] = []
    /// What the run that lacked bits still wants, at least; nil when none did.
    public internal(set) var wantsBits: Int?

    /// nil when there were too few bits to say. One failure is forgiven in the first run, none in the second.
    public var passed: Bool? {
        guard let last = runs.last else { return nil }
        if last.count(where: { !$0.passed }) > (runs.count == 1 && wantsBits != nil ? 1 : 0) { return false }
        return wantsBits == nil ? true : nil
    }

    /// One failure asks for a second run on the bits after the first's; every test must pass then.
    ///
    /// - Parameter progress: As of ``AIS31ProcedureA/run(packed:bits:progress:)``.
    public static func run(
        packed bits: [UInt8], bits count: Int, progress: (_ done: Double, _ doing: String) -> Bool
    ) -> AIS31ProcedureB? {
        var result = AIS31ProcedureB()
        var reader = BitReader(bits, count)
        while result.runs.count < 2 {
            var run: [Test] = []
            for step in 0..<5 {
                guard progress(Double(step) / 5, names[[0, 1, 2, 4, 8][step]]) else { return nil }
                guard let tests = tests(step, &reader) else {
                    result.runs.append(run)
                    result.wantsBits = max(count + 1, (result.runs.count) * bitsNeeded)
                    return result
                }
                run += tests
            }
            result.runs.append(run)
            if run.count(where: { !$0.passed }) != 1 { break }
        }
        return result
    }

    /// nil when the bits come to their end.
    private static func tests(_ step: Int, _ reader: inout BitReader) -> [Test]? {
        switch step {
        case 0:
            guard reader.left >= sample else { return nil }
            let ones = (0..<sample).reduce(0) { sum, _ in sum + reader.next() }
            return [below(names[0], abs(Double(ones) / Double(sample) - 0.5), 0.025)]
        case 1:
            guard let ones = transitions(1, &reader) else { return nil }
            if ones.isEmpty { return [below(names[1], 1, 0.02)] }
            // p(1 after 0) and p(0 after 1): the standard's |p + p − 1|.
            let away = Double(ones[0]) / Double(sample) + Double(sample - ones[1]) / Double(sample) - 1
            return [below(names[1], abs(away), 0.02)]
        case 2, 3:
            guard let ones = transitions(step, &reader) else { return nil }
            if ones.isEmpty {
                return (0..<1 << (step - 1)).map {
                    below(names[(step == 2 ? 2 : 4) + $0], Double(2 * sample), homogeneity)
                }
            }
            // Tuples that differ in their first bit alone.
            let half = ones.count / 2
            return (0..<half).map { tail in
                below(names[(step == 2 ? 2 : 4) + tail], chiSquare(ones[tail], ones[tail + half]), homogeneity)
            }
        default:
            guard reader.left >= 8 * (memory + tested) else { return nil }
            return [Test(name: names[8], value: entropy(&reader), limit: 7.976, below: false)]
        }
    }

    private static func below(_ name: String, _ value: Double, _ limit: Double) -> Test {
        Test(name: name, value: value, limit: limit, below: true)
    }

    /// Tuples of `length` bits and one more, read without overlap: how often the last is 1 after each of the first
    /// 100 000 tuples of a kind; nil when the bits come to their end. Empty when a kind has not come so often within 16 times as
    /// many tuples as there would be were all kinds equally frequent: then no test of it can be passed.
    private static func transitions(_ length: Int, _ reader: inout BitReader) -> [Int]? {
        var counts = [Int](repeating: 0, count: 1 << length)
        var ones = counts
        var full = 0
        var read = 0
        while full < counts.count {
            guard read < 16 * sample * counts.count else { return [] }
            read += 1
            guard reader.left > length else { return nil }
            let tuple = (0..<length).reduce(0) { value, _ in value << 1 | reader.next() }
            let bit = reader.next()
            guard counts[tuple] < sample else { continue }
            counts[tuple] += 1
            ones[tuple] += bit
            if counts[tuple] == sample { full += 1 }
        }
        return ones
    }

    /// Whether two samples of 100 000 bits have the same share of ones.
    static func chiSquare(_ a: Int, _ b: Int) -> Double {
        let difference = Double((a - b) * (a - b))
        let (ones, zeros) = (Double(a + b), Double(2 * sample - a - b))
        return (ones > 0 ? difference / ones : 0) + (zeros > 0 ? difference / zeros : 0)
    }

    /// T8: the mean of g at the distances to the last equal word; g(i) = Σ_{k<i} 1/k / ln 2.
    private static func entropy(_ reader: inout BitReader) -> Double {
        var g = [0.0, 0.0]
        g.reserveCapacity(memory + tested + 1)
        for i in 1..<memory + tested { g.append(g[i] + 1 / (Double(i) * M_LN2)) }
        var last = [Int](repeating: 0, count: 256)
        var sum = 0.0
        for n in 1...memory + tested {
            let word = (0..<8).reduce(0) { value, _ in value << 1 | reader.next() }
            if n > memory { sum += g[n - last[word]] }
            last[word] = n
        }
        return sum / Double(tested)
    }
}

/// Packed bits one after the other.
private struct BitReader {
    private let bytes: [UInt8]
    private let count: Int
    private var at = 0

    init(_ bytes: [UInt8], _ count: Int) {
        self.bytes = bytes
        self.count = max(0, min(count, 8 * bytes.count))
    }

    var left: Int { count - at }

    mutating func next() -> Int {
        let bit = bytes[at / 8] >> UInt8(7 - at % 8) & 1
        at += 1
        return Int(bit)
    }
}
