/// Tests T1 to T5 of AIS 20/31 on one sequence of 20 000 bits.
///
/// - SeeAlso: W. Killmann, W. Schindler, "A proposal for: Functionality classes for random number generators", version 2.0,
///   BSI 2011, section 2.4.4.1; T1 to T4 are those of FIPS 140-1.
struct AIS31Block: Equatable {
    static let bits = 20_000

    /// The numbers of the five tests.
    let ones: Int
    let poker: Double
    /// [value][length]: runs of zeros and of ones of the lengths 1...5, and 6 for all longer ones.
    let runs: [[Int]]
    let longestRun: Int
    /// The shift that the first half chose, and T5 at it in the second half.
    let shift: Int
    let autocorrelation: Int

    /// T1: 9654 < ones < 10346.
    static let onesAllowed = 9655...10345
    /// T2: 1.03 < T < 57.4.
    static func pokerIsAllowed(_ value: Double) -> Bool { 1.03 < value && value < 57.4 }
    /// T3: runs of each length, for zeros and for ones.
    static let runsAllowed = [0...0, 2267...2733, 1079...1421, 502...748, 223...402, 90...223, 90...223]
    /// T4: no run of 34.
    static let tooLong = 34
    /// T5: 2326 < T < 2674.
    static let autocorrelationAllowed = 2327...2673

    /// Which of T1...T5 have not failed.
    var passed: [Bool] {
        [
            AIS31Block.onesAllowed.contains(ones), AIS31Block.pokerIsAllowed(poker),
            runs.allSatisfy { counts in (1...6).allSatisfy { AIS31Block.runsAllowed[$0].contains(counts[$0]) } },
            longestRun < AIS31Block.tooLong, AIS31Block.autocorrelationAllowed.contains(autocorrelation),
        ]
    }

    /// - Parameter bits: 20 000 bits, each in a byte.
    init(_ bits: ArraySlice<UInt8>) {
        let bits = Array(bits)
        ones = bits.reduce(0) { $0 + Int($1) }
        var nibbles = [Int](repeating: 0, count: 16)
        for i in stride(from: 0, to: bits.count - 3, by: 4) {
            nibbles[Int(bits[i]) << 3 | Int(bits[i + 1]) << 2 | Int(bits[i + 2]) << 1 | Int(bits[i + 3])] += 1
        }
        let squares = nibbles.reduce(0) { $0 + $1 * $1 }
        poker = 16.0 / 5000 * Double(squares) - 5000
        var runs = [[Int]](repeating: [Int](repeating: 0, count: 7), count: 2)
        var (longest, start) = (0, 0)
        for i in 1...bits.count where i == bits.count || bits[i] != bits[start] {
            runs[Int(bits[start])][min(6, i - start)] += 1
            longest = max(longest, i - start)
            start = i
        }
        self.runs = runs
        longestRun = longest
        (shift, autocorrelation) = AIS31Block.autocorrelation(bits)
    }

    /// T5: the shift τ in 1...5000 at which the first 10 000 bits differ from half the most, the smallest of equals, and how
    /// many of 5000 bits of the second half differ from those τ later.
    private static func autocorrelation(_ bits: [UInt8]) -> (shift: Int, value: Int) {
        let first = words(bits[..<10_000])
        var (best, most) = (1, -1)
        for shift in 1...5000 {
            let away = abs(differing(first, shift) - 2500)
            if away > most { (best, most) = (shift, away) }
        }
        return (best, differing(words(bits[10_000...]), best))
    }

    /// Bit i of word j is bit 64j + i; two words of zeros follow.
    private static func words(_ bits: ArraySlice<UInt8>) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (bits.count + 63) / 64 + 2)
        for (i, bit) in bits.enumerated() { words[i / 64] |= UInt64(bit) << UInt64(i % 64) }
        return words
    }

    /// How many of the first 5000 bits differ from those `shift` later.
    private static func differing(_ words: [UInt64], _ shift: Int) -> Int {
        let (step, low) = (shift / 64, UInt64(shift % 64))
        var count = 0
        for i in 0..<78 {
            // The smart shift gives 0 for 64.
            let later = words[i + step] >> low | words[i + step + 1] << (64 - low)
            count += (words[i] ^ later).nonzeroBitCount
        }
        // 78 words are 4992 bits.
        let later = words[78 + step] >> low | words[79 + step] << (64 - low)
        return count + ((words[78] ^ later) & 0xff).nonzeroBitCount
    }
}
