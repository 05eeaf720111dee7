import Glibc

/// The adaptive proportion test of a stream of bits: how often a window's first value comes in it.
///
/// Windows of 1024 bits follow one another; the one that is not full counts as far as it has come, because the test fails
/// as soon as its cut-off is reached. Keeps the largest count instead of an alarm.
/// - SeeAlso: NIST SP 800-90B (January 2018), section 4.4.2.
public struct AdaptiveProportion: Equatable, Sendable {
    /// Bits of a window: 1024 for a binary source.
    public static let window: UInt64 = 1024

    /// Of the windows before this one.
    private var past: UInt64 = 0
    private var pastFrom: UInt64 = 0
    /// Of this window: the value that is counted, how often it came, the bits so far, and where it begins.
    private var counted: UInt8 = 0
    private var count: UInt64 = 0
    private var place = AdaptiveProportion.window
    private var from: UInt64 = 0

    public init() {}

    /// Bits of a window that equal its first one, at most; 0 before the first bit.
    public var largest: UInt64 { max(past, count) }
    /// The trial with the first bit of that window; of several equal ones, of the first.
    public var largestFrom: UInt64 { count > past ? from : pastFrom }

    /// Takes a trial's bit, 0 or 1.
    @inline(__always)
    mutating func add(_ bit: UInt8, at trial: UInt64) {
        if place == AdaptiveProportion.window {
            if count > past { (past, pastFrom) = (count, from) }
            (counted, count, place, from) = (bit, 0, 0, trial)
        }
        count &+= bit == counted ? 1 : 0
        place &+= 1
    }

    /// The least C with P[1 + Bin(1023, ½ + μ) ≥ C] ≤ α: a given window reaches C no likelier than α.
    ///
    /// Whatever its first bit is, each further one equals it with probability ½ + μ at most, given all before it. SP 800-90B
    /// takes P[Bin(1024, ½ + μ) ≥ C] as if the first bit could differ from itself, which gives C or C − 1.
    /// - Parameters:
    ///   - alpha: In 0..<1, 0 excluded.
    ///   - model: Declares μ.
    /// - Returns: 2...1025; 1025 where μ is so large that the test cannot fail.
    static func cutoff(alpha: Double, _ model: LocalModel) -> UInt64 {
        var (low, high) = (UInt64(2), window + 1)
        while low < high {
            let middle = (low + high) / 2
            let tail = Binomial.logUpperTail(
                successes: middle - 1, trials: window - 1, p: 0.5 + model.settingBias, q: model.leastBit)
            if tail <= log(alpha) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
