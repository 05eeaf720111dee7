import Glibc

/// The repetition count test of a stream of bits: how often one value came in a row.
///
/// Keeps the longest run instead of an alarm, so that the same stream gives the same value whatever the cut-off is.
/// - SeeAlso: NIST SP 800-90B (January 2018), section 4.4.1.
public struct RepetitionCount: Equatable, Sendable {
    /// Equal bits in a row, at most; 0 before the first bit.
    public private(set) var longest: UInt64 = 0
    /// The trial with the first bit of that run; of several equally long ones, of the first.
    public private(set) var longestFrom: UInt64 = 0
    /// The bit before; 2 before the first one, which equals no bit.
    private var last: UInt8 = 2
    private var run: UInt64 = 0
    private var runFrom: UInt64 = 0

    public init() {}

    /// Takes a trial's bit, 0 or 1.
    @inline(__always)
    mutating func add(_ bit: UInt8, at trial: UInt64) {
        // Fair bits make a branch here a coin toss for the processor: a mask costs less.
        let same: UInt64 = bit == last ? ~0 : 0
        run = (run & same) &+ 1
        runFrom = runFrom & same | trial & ~same
        last = bit
        if run > longest { (longest, longestFrom) = (run, runFrom) }
    }

    /// The least C with (½ + μ)^(C − 1) ≤ α: a run of C that begins at a given bit is no likelier than α.
    ///
    /// Whatever the run's first bit is, each further one equals it with probability ½ + μ at most, given all before it.
    /// - Parameters:
    ///   - alpha: In 0..<1, 0 excluded.
    ///   - model: Declares μ.
    /// - Returns: At least 2; 2^63 where μ is so close to ½ that no campaign could reach it.
    static func cutoff(alpha: Double, _ model: LocalModel) -> UInt64 {
        let bitsEach = -log1p(-model.leastBit) / M_LN2
        // The logarithms' rounding must not lift a whole number; this costs less than 1e-9 of the budget.
        let further = (-log2(alpha) / bitsEach - 1e-9).rounded(.up)
        return further < 0x1p62 ? 1 + UInt64(max(1, further)) : 1 << 63
    }
}
