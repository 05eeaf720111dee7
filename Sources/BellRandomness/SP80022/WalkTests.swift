import BellStatistics
import CKernels
import Glibc

/// Sections 2.13 to 2.15: the walk of +1 for a one and −1 for a zero.
struct WalkTests {
    let walk: bell_sp22_walk
    let streamBits: Int

    /// Section 2.13, forward and backward.
    var cumulativeSums: [Double] {
        [WalkTests.excursion(walk.forward, streamBits), WalkTests.excursion(walk.backward, streamBits)]
    }

    /// P(max |S| ≥ z), summed between the limits of the standard with C's division of whole numbers, towards zero, as in
    /// NIST's program; differences of Φ are taken from its nearer tail.
    private static func excursion(_ z: UInt64, _ n: Int) -> Double {
        let ratio = n / max(1, Int(z))
        let unit = Double(z) / Double(n).squareRoot() / 2.0.squareRoot()
        /// Φ(b z/√n) − Φ(a z/√n) for odd a < b.
        func between(_ a: Int, _ b: Int) -> Double {
            let (near, far) = a > 0 ? (Double(a), Double(b)) : (Double(-b), Double(-a))
            return (erfc(near * unit) - erfc(far * unit)) / 2
        }
        // 1 − [Φ(1) − Φ(−1)], the middle of the first sum.
        var p = erfc(unit)
        for k in ((-ratio + 1) / 4)...((ratio - 1) / 4) where k != 0 { p -= between(4 * k - 1, 4 * k + 1) }
        for k in ((-ratio - 3) / 4)...((ratio - 1) / 4) { p += between(4 * k + 1, 4 * k + 3) }
        return min(1, max(0, p))
    }

    /// Sections 2.14.7 and 2.15.7: fewer cycles than max(0.005 √n, 500) are too few.
    var hasEnoughCycles: Bool { Double(walk.cycles) >= max(0.005 * Double(streamBits).squareRoot(), 500) }

    /// Section 2.14 for −4, …, −1, 1, …, 4, then 2.15 for −9, …, −1, 1, …, 9; nil with too few cycles.
    var excursions: [Double?] {
        guard hasEnoughCycles else { return [Double?](repeating: nil, count: 26) }
        let cycles = Double(walk.cycles)
        let visits = withUnsafeBytes(of: walk.visits) { Array($0.bindMemory(to: UInt64.self)) }
        let totals = withUnsafeBytes(of: walk.totals) { Array($0.bindMemory(to: UInt64.self)) }
        var p: [Double?] = SP80022.excursionStates(4).enumerated().map { place, state in
            let away = 1 - 1 / (2 * Double(abs(state)))
            let first = 1 / (4 * Double(state * state))
            let classes = [away] + (0..<4).map { first * pow(away, Double($0)) } + [(1 - away) * pow(away, 4)]
            let half = SP80022.halfChiSquare(Array(visits[6 * place..<6 * place + 6]), classes, total: cycles)
            return IncompleteGamma(a: 2.5, x: half).upper
        }
        for (place, state) in SP80022.excursionStates(9).enumerated() {
            let spread = (2 * cycles * Double(4 * abs(state) - 2)).squareRoot()
            p.append(erfc(abs(Double(totals[place]) - cycles) / spread))
        }
        return p
    }
}
