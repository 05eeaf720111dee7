import BellModel

/// Whether samples may be taken as independent and identically distributed, and their entropy if so: SP 800-90B, sections
/// 3.1.2 and 5.
public struct IIDAssessment: Equatable, Sendable {
    public let bitsPerSymbol: Int
    public let permutations: PermutationTest
    public let chiSquares: [ChiSquareTest]
    public let longestRepeat: LongestRepeatTest?
    /// The most common value estimate of the symbols and of their bits; the only one that the standard takes here.
    public let symbols: EntropyEstimate?
    public let bits: EntropyEstimate?

    /// min(H_original, n·H_bitstring): bits a symbol. It holds only when no test finds a defect.
    public var minEntropy: Double? {
        [symbols?.minEntropy, bits.map { Double(bitsPerSymbol) * $0.minEntropy }].compactMap(\.self).min()
    }

    /// The seed of the shuffles unless another is given; fixed, so that nobody shuffles until samples pass.
    public static let seed: UInt64 = 0x5350_3830_3039_3042

    /// Runs all tests; about a minute for 10^6 samples without a defect, half an hour with one: all 10 000 shuffles are
    /// then made.
    ///
    /// - Parameter progress: Told before each step, with the share that is done; false ends the work.
    /// - Returns: nil when `progress` has ended it.
    public static func run(
        _ samples: NoiseSamples, seed: UInt64 = IIDAssessment.seed,
        progress: (_ done: Double, _ doing: String) -> Bool
    ) -> IIDAssessment? {
        guard progress(0, "chi-square tests") else { return nil }
        let chiSquares = ChiSquareTest.all(samples)
        guard progress(0, "longest repeated substring") else { return nil }
        let longest = LongestRepeatTest(samples)
        let symbols = EntropyEstimate.mostCommonValue(samples.symbols)
        let bits = samples.bitsPerSymbol > 1 ? EntropyEstimate.mostCommonValue(samples.asBits.symbols) : nil
        guard let permutations = PermutationTest.run(samples, seed: seed, progress: progress) else { return nil }
        return IIDAssessment(
            bitsPerSymbol: samples.bitsPerSymbol, permutations: permutations, chiSquares: chiSquares,
            longestRepeat: longest, symbols: symbols, bits: bits)
    }
}
