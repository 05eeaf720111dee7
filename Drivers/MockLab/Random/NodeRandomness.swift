/// A node's simulated physical random number generator, with a settable Santha–Vazirani bias.
///
/// Given everything before it, each bit is 1 with probability ½ + bias or ½ − bias; `rule` picks the sign. A model that
/// assumes a bias bound μ is tested with bias = μ.
/// - SeeAlso: Santha and Vazirani, "Generating quasi-random sequences from semi-random sources", JCSS 33, 75 (1986).
public struct NodeRandomness: Sendable {
    /// Which sign the bias takes.
    public enum Rule: String, CaseIterable, Sendable {
        /// Always towards 1: seen in the mean.
        case constant
        /// By the parity of the last eight bits: the mean stays ½, the sequence is predictable to the same degree.
        case history
    }

    private var random: Xoshiro256
    private var history: UInt8 = 0
    private var pool: UInt64 = 0
    private var poolCount = 0
    /// 2^32 (½ − bias) and 2^32 (½ + bias); nil when the bias is 0.
    private var thresholds: (low: UInt64, high: UInt64)?
    private var rule: Rule

    public init(seed: UInt64, stream: UInt64, bias: Double, rule: Rule) {
        random = Xoshiro256(seed: seed, stream: stream)
        self.rule = rule
        set(bias: bias, rule: rule)
    }

    /// Changes the bias from the next bit on; `bias` is clamped to 0…½.
    public mutating func set(bias: Double, rule: Rule) {
        self.rule = rule
        let size = min(max(bias, 0), 0.5)
        let scale = 4_294_967_296.0
        thresholds = size == 0 ? nil : (UInt64((0.5 - size) * scale), UInt64((0.5 + size) * scale))
    }

    /// The next bit, 0 or 1.
    @inline(__always)
    public mutating func bit() -> UInt8 {
        if let thresholds { return biasedBit(thresholds) }
        if poolCount == 0 {
            pool = random.next()
            poolCount = 64
        }
        let bit = UInt8(truncatingIfNeeded: pool & 1)
        pool >>= 1
        poolCount -= 1
        return bit
    }

    private mutating func biasedBit(_ thresholds: (low: UInt64, high: UInt64)) -> UInt8 {
        let towardsOne = rule == .constant || history.nonzeroBitCount & 1 == 0
        let limit = towardsOne ? thresholds.high : thresholds.low
        let bit: UInt8 = random.next() >> 32 < limit ? 1 : 0
        history = history << 1 | bit
        return bit
    }

    /// `count` bits packed MSB first; the last byte is filled with zeroes.
    public mutating func packedBits(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
        for place in 0..<max(count, 0) { bytes[place >> 3] |= bit() << UInt8(7 - place & 7) }
        return bytes
    }
}
