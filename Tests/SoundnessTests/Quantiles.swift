import BellStatistics
import Foundation

/// How many campaigns are played, and how many of them may be certified by chance.
enum Quantiles {
    /// 1 000 in `make test-soundness`, which sets `BELL_SOUNDNESS`; a small version of it without.
    static let campaigns = max(1, min(wanted ?? 25, 1_000_000))
    private static let wanted = ProcessInfo.processInfo.environment["BELL_SOUNDNESS"].flatMap { Int($0) }

    /// Prints counts in the slow version.
    static func tell(_ counts: String) {
        if wanted != nil { print("of \(campaigns) campaigns, \(counts)") }
    }

    /// The 99.9 % quantile: the least k with P[Bin(campaigns, p) > k] ≤ 0.001.
    static func most(_ p: Double, of campaigns: Int = campaigns) -> Int {
        (0...campaigns).first { upperTail($0 + 1, p, campaigns) <= 0.001 } ?? campaigns
    }

    /// The 0.1 % quantile: the greatest k with P[Bin(campaigns, p) < k] ≤ 0.001.
    static func least(_ p: Double, of campaigns: Int = campaigns) -> Int {
        (0...campaigns).last { upperTail($0, p, campaigns) >= 0.999 } ?? 0
    }

    /// P[Bin(n, p) ≥ k].
    static func upperTail(_ k: Int, _ p: Double, _ n: Int) -> Double {
        exp(Binomial.logUpperTail(successes: UInt64(k), trials: UInt64(n), p: p, q: 1 - p))
    }
}
