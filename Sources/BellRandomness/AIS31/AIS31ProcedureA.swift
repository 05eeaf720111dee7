/// Test procedure A of AIS 20/31: T0 once and T1 to T5 on 257 sequences, 1286 basic tests.
///
/// It is for bits that are meant to be indistinguishable from ideal ones, that is after post-processing. One basic test that
/// fails asks for a second run on other bits, all of which must pass then; more end it.
public struct AIS31ProcedureA: Equatable, Sendable {
    /// T0's words of 48 bits, and the 257 sequences after them.
    static let words = 1 << 16
    static let wordBits = 48
    static let sequences = 257
    /// 8 285 728 bits a run.
    public static let bitsNeeded = wordBits * words + sequences * AIS31Block.bits

    public static let names = [
        "T0 disjointness", "T1 monobit", "T2 poker", "T3 runs", "T4 long run", "T5 autocorrelation",
    ]

    /// One run of the 1286 basic tests.
    public struct Run: Equatable, Sendable {
        /// Of T0 to T5: how many basic tests have failed.
        public internal(set) var failures = [Int](repeating: 0, count: 6)
        /// Of T1 to T5: the smallest and the largest number met.
        public internal(set) var ranges: [ClosedRange<Double>?] = .init(repeating: nil, count: 5)
        /// T0: how many words had come before.
        public internal(set) var repeatedWords = 0

        public var failed: Int { failures.reduce(0, +) }
    }

    /// At most two.
    public internal(set) var runs: [Run] = []
    /// Whether a second run is asked for that the bits are too few for.
    public internal(set) var wantsMore = false
    /// nil when there were too few bits for a first run, or for the second that is asked for.
    public var passed: Bool? {
        guard let last = runs.last, !wantsMore else { return nil }
        return last.failed == 0
    }

    /// - Parameters:
    ///   - bits: Packed, the most significant first; what comes after two runs' bits is not looked at.
    ///   - progress: Told before each sequence, with the share of a run that is done; false ends the work.
    /// - Returns: nil when `progress` has ended it.
    public static func run(
        packed bits: [UInt8], bits count: Int, progress: (_ done: Double, _ doing: String) -> Bool
    ) -> AIS31ProcedureA? {
        var result = AIS31ProcedureA()
        var first = 0
        while result.runs.count < 2 {
            guard first + bitsNeeded <= min(count, 8 * bits.count) else {
                result.wantsMore = true
                return result
            }
            guard let run = once(bits, from: first, progress) else { return nil }
            result.runs.append(run)
            if run.failed != 1 { break }
            first += bitsNeeded
        }
        return result
    }

    private static func once(_ packed: [UInt8], from first: Int, _ progress: (Double, String) -> Bool) -> Run? {
        guard progress(0, names[0]) else { return nil }
        var run = Run()
        var at = first
        var seen = Set<UInt64>(minimumCapacity: words)
        for _ in 0..<words {
            if !seen.insert(word(packed, at)).inserted { run.repeatedWords += 1 }
            at += wordBits
        }
        run.failures[0] = run.repeatedWords > 0 ? 1 : 0
        for sequence in 0..<sequences {
            guard progress(Double(sequence) / Double(sequences), "T1 to T5, sequence \(sequence + 1)")
            else { return nil }
            let block = AIS31Block((at..<at + AIS31Block.bits).map { packed[$0 / 8] >> UInt8(7 - $0 % 8) & 1 }[...])
            at += AIS31Block.bits
            for (test, passed) in block.passed.enumerated() where !passed { run.failures[test + 1] += 1 }
            let common = block.runs.map { Double($0[1]) }
            let values = [
                [Double(block.ones)], [block.poker], common, [Double(block.longestRun)],
                [Double(block.autocorrelation)],
            ]
            for (test, values) in values.enumerated() {
                let low = values.min() ?? 0
                let high = values.max() ?? 0
                run.ranges[test] =
                    min(
                        run.ranges[test]?.lowerBound ?? low, low)...max(
                        run.ranges[test]?.upperBound ?? high, high)
            }
        }
        return run
    }

    /// 48 bits.
    private static func word(_ packed: [UInt8], _ at: Int) -> UInt64 {
        // Both runs begin at a whole byte.
        packed[at / 8..<at / 8 + 6].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
