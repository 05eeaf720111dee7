import Glibc

/// Holm's adjustment of several p-values for one joint level: reject those whose adjusted value is ≤ the level.
///
/// - Parameter log10P: log10 of each p-value, ≤ 0.
/// - Returns: log10 of the adjusted p-values, in the same order.
/// - SeeAlso: Holm, Scand. J. Stat. 6, 65 (1979).
public func holmAdjusted(log10P: [Double]) -> [Double] {
    let order = log10P.indices.sorted { log10P[$0] < log10P[$1] }
    var adjusted = log10P
    var highest = -Double.infinity
    for (rank, index) in order.enumerated() {
        let factor = log10(Double(log10P.count - rank))
        highest = max(highest, min(0, log10P[index] + factor))
        adjusted[index] = highest
    }
    return adjusted
}
