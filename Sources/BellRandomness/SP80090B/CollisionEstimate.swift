import Glibc

extension EntropyEstimate {
    /// The collision estimate of bits, section 6.3.2: how long it takes until a value is repeated; nil without two of them.
    ///
    /// Of two bits the mean is 2 + 2p(1 − p), which is solved for p in closed form; the standard searches for it.
    static func collision(_ bits: [UInt8]) -> EntropyEstimate? {
        var twos = 0
        var threes = 0
        var at = 0
        while at + 1 < bits.count {
            if bits[at] == bits[at + 1] {
                twos += 1
                at += 2
            } else if at + 2 < bits.count {
                threes += 1
                at += 3
            } else {
                break
            }
        }
        let count = Double(twos + threes)
        guard count > 1 else { return nil }
        let mean = Double(2 * twos + 3 * threes) / count
        let variance = (Double(4 * twos + 9 * threes) - count * mean * mean) / (count - 1)
        let deviation = max(0, variance).squareRoot()
        let lower = max(2, mean - z * deviation / count.squareRoot())
        let p = lower < 2.5 ? 0.5 + (1.25 - lower / 2).squareRoot() : 0.5
        return EntropyEstimate(
            .collision, -log2(p), [("v", count), ("mean", mean), ("sigma", deviation), ("bound", lower), ("p", p)])
    }
}
