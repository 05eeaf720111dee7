/// Maximises Σ f log R subject to V R ≤ 1, where the rows of V are the local vertices: a primal–dual interior point.
///
/// The dual variables are the weights w of the vertices, with m = Vᵀw; at the optimum m R = f cell by cell, w s = 0 for
/// the slacks s = 1 − V R, and Σ w = 1. Each step solves the 16 × 16 Newton equations of m R = f, w s = τ with τ a tenth
/// of the mean of w s. Sums, products, divisions and square roots only: the same bits everywhere.
/// - SeeAlso: Nocedal and Wright, "Numerical Optimization" (2006), chapter 19; Koenker and Mizera, J. Am. Stat. Assoc.
///   109, 674 (2014), who solve mixture problems by their dual in this way.
struct RatioSolver {
    /// Thirty have been the most for random laws.
    static let mostSteps = 80

    private let f: [Double]
    private let vertices: LocalVertices
    private var r: [Double]
    private var slacks: [Double]
    private var weights: [Double]
    private(set) var steps = 0
    /// Feasible R: the iterate divided by its largest expectation.
    private(set) var factors: [Double] = []
    /// Σ f log2 R, bits.
    private(set) var rate = 0.0
    /// Σ f log2(f/m) − rate ≥ 0 with m of weight 1: an upper bound of what is missing, bits.
    private(set) var gap = Double.infinity

    init(law: [Double], vertices: LocalVertices) {
        f = law
        self.vertices = vertices
        // Strictly feasible: every vertex has the total 1, so V R = ½.
        r = [Double](repeating: 0.5, count: 16)
        slacks = [Double](repeating: 0.5, count: vertices.count)
        weights = [Double](repeating: 1 / Double(vertices.count), count: vertices.count)
    }

    /// Steps until the gap is small enough or nothing moves any more.
    mutating func run() {
        while true {
            let m = vertices.mixture(weights)
            evaluate(m)
            // Half of what is allowed, so that the check afterwards, on the mixed bet, has room.
            if gap <= RatioFit.relativeGap * max(rate, 1e-3) / 2 || steps == RatioSolver.mostSteps { return }
            guard step(m) else { return }
            steps += 1
        }
    }

    private mutating func evaluate(_ m: [Double]) {
        let scale = vertices.largestExpectation(r)
        let total = weights.reduce(0, +)
        factors = r.map { $0 / scale }
        rate = 0
        gap = 0
        for c in 0..<16 {
            rate += f[c] * portableLog2(factors[c])
            gap -= f[c] * portableLog2(m[c] / total * factors[c] / f[c])
        }
        // Rounding may give −1e-16.
        gap = max(0, gap)
    }

    private mutating func step(_ m: [Double]) -> Bool {
        let count = vertices.count
        var product = 0.0
        for j in 0..<count { product += weights[j] * slacks[j] }
        let tau = 0.1 * product / Double(count)
        var push = [Double](repeating: 0, count: count)
        var curvature = push
        for j in 0..<count {
            push[j] = tau / slacks[j]
            curvature[j] = weights[j] / slacks[j]
        }
        let pushed = vertices.mixture(push)
        var matrix = [Double](repeating: 0, count: 256)
        vertices.addOuterProducts(curvature, to: &matrix)
        var change = [Double](repeating: 0, count: 16)
        for c in 0..<16 {
            matrix[17 * c] += m[c] / r[c]
            change[c] = f[c] / r[c] - pushed[c]
        }
        guard solveCholesky(&matrix, &change) else { return false }
        let drift = vertices.expectations(change)
        // 0.995 of the way to the nearest boundary, at most a full step.
        var length = 1.0
        for c in 0..<16 where change[c] < 0 { length = min(length, -0.995 * r[c] / change[c]) }
        var weightChange = curvature
        for j in 0..<count {
            weightChange[j] = push[j] - weights[j] + curvature[j] * drift[j]
            if drift[j] > 0 { length = min(length, 0.995 * slacks[j] / drift[j]) }
            if weightChange[j] < 0 { length = min(length, -0.995 * weights[j] / weightChange[j]) }
        }
        for c in 0..<16 { r[c] += length * change[c] }
        for j in 0..<count {
            slacks[j] -= length * drift[j]
            weights[j] += length * weightChange[j]
        }
        return true
    }
}

/// Solves A x = b for a symmetric positive definite 16 × 16 matrix whose lower triangle is given by rows.
///
/// - Returns: False when a pivot is not positive; then `b` is worthless.
private func solveCholesky(_ a: inout [Double], _ b: inout [Double]) -> Bool {
    for i in 0..<16 {
        for j in 0...i {
            var sum = a[16 * i + j]
            for k in 0..<j { sum -= a[16 * i + k] * a[16 * j + k] }
            if i == j {
                guard sum > 0, sum.isFinite else { return false }
                a[17 * i] = sum.squareRoot()
            } else {
                a[16 * i + j] = sum / a[17 * j]
            }
        }
        for k in 0..<i { b[i] -= a[16 * i + k] * b[k] }
        b[i] /= a[17 * i]
    }
    for i in (0..<16).reversed() {
        for k in i + 1..<16 { b[i] -= a[16 * k + i] * b[k] }
        b[i] /= a[17 * i]
    }
    return true
}
