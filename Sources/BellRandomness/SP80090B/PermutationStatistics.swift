/// The 19 numbers of the permutation tests of SP 800-90B, section 5.1: eleven statistics, two of them for five lags each.
struct PermutationStatistics {
    /// In the order of the values.
    static let names = [
        "excursion", "number of directional runs", "longest directional run", "increases and decreases",
        "number of runs about the median", "longest run about the median", "average collision", "longest collision",
        "periodicity 1", "periodicity 2", "periodicity 8", "periodicity 16", "periodicity 32", "covariance 1",
        "covariance 2", "covariance 8", "covariance 16", "covariance 32", "compression",
    ]
    static let lags = [1, 2, 8, 16, 32]

    private let binary: Bool
    /// Of all samples: it stays when they change places.
    private let total: Int
    /// Twice the median, so that it is whole; 1 for bits, whose median is taken as ½.
    private let twiceMedian: Int
    private var compressed = CompressedLength()

    init(_ samples: NoiseSamples) {
        binary = samples.bitsPerSymbol == 1
        total = samples.symbols.reduce(0) { $0 + Int($1) }
        let sorted = samples.symbols.sorted()
        let middle = sorted.count / 2
        twiceMedian =
            binary || sorted.isEmpty
            ? 1 : Int(sorted[(sorted.count - 1) / 2]) + Int(sorted[middle])
    }

    /// Computes the numbers that are asked for; what is not asked for stays as it is.
    mutating func compute(_ symbols: [UInt8], into values: inout [Double], where wanted: [Bool]) {
        symbols.withUnsafeBufferPointer { symbols in
            if wanted[0] { values[0] = excursion(symbols) }
            let counts = binary && wanted[1...3].contains(true) || binary && wanted[8...17].contains(true)
            let bytes = binary && wanted[6...7].contains(true)
            let one = counts ? PermutationStatistics.blocks(symbols, sum: true) : []
            let two = bytes ? PermutationStatistics.blocks(symbols, sum: false) : []
            func with(_ blocks: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
                if binary { blocks.withUnsafeBufferPointer(body) } else { body(symbols) }
            }
            if wanted[1...3].contains(true) {
                with(one) { s in
                    let runs = Runs(s.count - 1) { s[$0] <= s[$0 + 1] }
                    values[1] = Double(runs.count)
                    values[2] = Double(runs.longest)
                    values[3] = Double(max(runs.yes, s.count - 1 - runs.yes))
                }
            }
            if wanted[4...5].contains(true) {
                let runs = Runs(symbols.count) { 2 * Int(symbols[$0]) >= twiceMedian }
                values[4] = Double(runs.count)
                values[5] = Double(runs.longest)
            }
            if wanted[6...7].contains(true) {
                with(two) { (values[6], values[7]) = PermutationStatistics.collisions($0) }
            }
            for (place, lag) in PermutationStatistics.lags.enumerated() {
                if wanted[8 + place] { with(one) { values[8 + place] = PermutationStatistics.periodicity($0, lag) } }
                if wanted[13 + place] { with(one) { values[13 + place] = PermutationStatistics.covariance($0, lag) } }
            }
            if wanted[18] { values[18] = Double(compressed.length(of: symbols) ?? 0) }
        }
    }

    /// 5.1.1: how far the running sum departs from the mean's; exact in whole numbers, so that equal ones compare equal.
    private func excursion(_ s: UnsafeBufferPointer<UInt8>) -> Double {
        var (sum, mean, most) = (0, 0, 0)
        for x in s {
            sum += Int(x) * s.count
            mean += total
            most = max(most, abs(sum - mean))
        }
        return s.isEmpty ? 0 : Double(most) / Double(s.count)
    }

    /// Conversions I and II: the number of ones in each 8 bits, or their value; zeros fill the last.
    private static func blocks(_ bits: UnsafeBufferPointer<UInt8>, sum: Bool) -> [UInt8] {
        (0..<(bits.count + 7) / 8).map { block in
            var value: UInt8 = 0
            for i in 8 * block..<8 * block + 8 {
                let bit = i < bits.count ? bits[i] : 0
                value = sum ? value + bit : value << 1 | bit
            }
            return value
        }
    }

    /// 5.1.7 and 5.1.8: how many samples it takes until one is repeated, on average and at most.
    private static func collisions(_ s: UnsafeBufferPointer<UInt8>) -> (Double, Double) {
        var seen = [Int](repeating: -1, count: 256)
        var (start, count, longest) = (0, 0, 0)
        for (i, x) in s.enumerated() {
            if seen[Int(x)] >= start {
                count += 1
                longest = max(longest, i - start + 1)
                start = i + 1
            } else {
                seen[Int(x)] = i
            }
        }
        // The pieces follow each other without a gap, so their lengths add up to where the last one ends.
        return count > 0 ? (Double(start) / Double(count), Double(longest)) : (0, 0)
    }

    /// 5.1.9.
    private static func periodicity(_ s: UnsafeBufferPointer<UInt8>, _ lag: Int) -> Double {
        var count = 0
        for i in 0..<max(0, s.count - lag) where s[i] == s[i + lag] { count += 1 }
        return Double(count)
    }

    /// 5.1.10.
    private static func covariance(_ s: UnsafeBufferPointer<UInt8>, _ lag: Int) -> Double {
        var sum = 0
        for i in 0..<max(0, s.count - lag) { sum += Int(s[i]) * Int(s[i + lag]) }
        return Double(sum)
    }
}

/// The runs of equal answers to a question about 0..<n.
private struct Runs {
    private(set) var count = 0
    private(set) var longest = 0
    /// How often the answer was yes.
    private(set) var yes = 0

    init(_ n: Int, _ question: (Int) -> Bool) {
        var start = 0
        var last = false
        for i in 0..<max(0, n) {
            let answer = question(i)
            if answer { yes += 1 }
            if i == 0 || answer != last {
                longest = max(longest, i - start)
                start = i
                count += 1
            }
            last = answer
        }
        longest = max(longest, n - start)
    }
}
