import Glibc

/// Column-scaled A = Q R and the singular values of R: solutions and covariances of small least-squares problems.
///
/// Columns are scaled to length 1 first, so that parameters in Hz and in units of 1 are told apart from parameters that
/// the data do not determine. R is that of the modified Gram-Schmidt process (backward stable, Björck 1967), its singular
/// vectors those of the one-sided Jacobi method, which keeps the relative accuracy of small singular values.
struct SmallFactors {
    /// Below this fraction of the largest singular value a direction is not determined.
    private static let rankLimit = 1e-12
    /// A parameter takes part in an undetermined direction from this component on.
    private static let shareLimit = 1e-7

    private let count: Int
    private let scales: [Double]
    /// V, column by column.
    private var right: [Double]
    private var singular: [Double]
    /// Uᵀ Qᵀ b.
    private var rotated: [Double]

    /// - Parameters:
    ///   - columns: A, column by column, `rows` × `count`; finite.
    ///   - rightSide: b; `rows` entries.
    init(columns: [Double], rows: Int, count: Int, rightSide: [Double]) {
        self.count = count
        var (a, b) = (columns, rightSide)
        var scales = [Double](repeating: 0, count: count)
        // R, column by column.
        var r = [Double](repeating: 0, count: count * count)
        var z = [Double](repeating: 0, count: count)
        a.withUnsafeMutableBufferPointer { a in
            for j in 0..<count {
                let column = UnsafeMutableBufferPointer(rebasing: a[j * rows..<(j + 1) * rows])
                scales[j] = SmallFactors.norm(column)
                if scales[j] > 0 { for i in 0..<rows { column[i] /= scales[j] } }
            }
            b.withUnsafeMutableBufferPointer { b in
                for j in 0..<count {
                    let q = UnsafeMutableBufferPointer(rebasing: a[j * rows..<(j + 1) * rows])
                    let length = SmallFactors.norm(q)
                    r[j * count + j] = length
                    guard length > 0 else { continue }
                    for i in 0..<rows { q[i] /= length }
                    for k in j + 1..<max(count, j + 1) {
                        let other = UnsafeMutableBufferPointer(rebasing: a[k * rows..<(k + 1) * rows])
                        r[k * count + j] = SmallFactors.project(other, on: q)
                    }
                    z[j] = SmallFactors.project(b, on: q)
                }
            }
        }
        self.scales = scales
        right = [Double](repeating: 0, count: count * count)
        for j in 0..<count { right[j * count + j] = 1 }
        singular = []
        rotated = []
        SmallFactors.diagonalise(&r, &right, count)
        for j in 0..<count {
            let column = r[j * count..<(j + 1) * count]
            let length = column.reduce(0) { $0 + $1 * $1 }.squareRoot()
            singular.append(length)
            rotated.append(length > 0 ? zip(column, z).reduce(0) { $0 + $1.0 * $1.1 } / length : 0)
        }
    }

    private var limit: Double { (singular.max() ?? 0) * SmallFactors.rankLimit }

    /// The shortest p (in scaled columns) that minimises |A p − b|.
    var solution: [Double] {
        (0..<count).map { i in
            guard scales[i] > 0 else { return 0 }
            var sum = 0.0
            for k in 0..<count where singular[k] > limit { sum += right[k * count + i] * rotated[k] / singular[k] }
            return sum / scales[i]
        }
    }

    /// How much of |b|² the columns explain.
    var explained: Double {
        zip(singular, rotated).reduce(0) { $0 + ($1.0 > limit ? $1.1 * $1.1 : 0) }
    }

    /// (AᵀA)⁻¹, row by row; nan in the rows and columns of parameters that are not determined.
    var covariance: [Double] {
        var result = [Double](repeating: .nan, count: count * count)
        let isFree = (0..<count).map { i in
            scales[i] == 0
                || (0..<count).contains {
                    singular[$0] <= limit && abs(right[$0 * count + i]) > SmallFactors.shareLimit
                }
        }
        for i in 0..<count where !isFree[i] {
            for j in 0..<count where !isFree[j] {
                var sum = 0.0
                for k in 0..<count where singular[k] > limit {
                    sum += right[k * count + i] * right[k * count + j] / (singular[k] * singular[k])
                }
                result[i * count + j] = sum / scales[i] / scales[j]
            }
        }
        return result
    }

    /// Makes R's columns orthogonal by plane rotations from the right; V is their product.
    private static func diagonalise(_ r: inout [Double], _ right: inout [Double], _ count: Int) {
        r.withUnsafeMutableBufferPointer { r in
            right.withUnsafeMutableBufferPointer { right in
                // Quadratic convergence: about six sweeps; the bound is for numbers that are none.
                for _ in 0..<40 { if sweep(r, right, count) { return } }
            }
        }
    }

    /// One rotation for every pair of columns; true when none was needed.
    private static func sweep(
        _ r: UnsafeMutableBufferPointer<Double>, _ right: UnsafeMutableBufferPointer<Double>, _ count: Int
    ) -> Bool {
        var isDone = true
        for i in 0..<max(0, count - 1) {
            for j in i + 1..<count {
                var (ii, jj, ij) = (0.0, 0.0, 0.0)
                for k in 0..<count {
                    let (x, y) = (r[i * count + k], r[j * count + k])
                    ii += x * x
                    jj += y * y
                    ij += x * y
                }
                guard abs(ij) > 1e-16 * (ii * jj).squareRoot(), ij != 0 else { continue }
                isDone = false
                let zeta = (jj - ii) / (2 * ij)
                let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
                let cosine = 1 / (1 + tangent * tangent).squareRoot()
                rotate(r, i, j, count, cosine, cosine * tangent)
                rotate(right, i, j, count, cosine, cosine * tangent)
            }
        }
        return isDone
    }

    private static func rotate(
        _ m: UnsafeMutableBufferPointer<Double>, _ i: Int, _ j: Int, _ count: Int, _ c: Double, _ s: Double
    ) {
        for k in 0..<count {
            let (x, y) = (m[i * count + k], m[j * count + k])
            m[i * count + k] = c * x - s * y
            m[j * count + k] = s * x + c * y
        }
    }

    private static func norm(_ v: UnsafeMutableBufferPointer<Double>) -> Double { product(v, v).squareRoot() }

    /// Takes q's part out of v; returns how much it was.
    private static func project(_ v: UnsafeMutableBufferPointer<Double>, on q: UnsafeMutableBufferPointer<Double>)
        -> Double
    {
        let sum = product(v, q)
        for i in 0..<q.count { v[i] -= sum * q[i] }
        return sum
    }

    /// Four sums side by side: one would wait for itself.
    private static func product(_ a: UnsafeMutableBufferPointer<Double>, _ b: UnsafeMutableBufferPointer<Double>)
        -> Double
    {
        var sums = SIMD4<Double>.zero
        let whole = a.count & ~3
        for i in stride(from: 0, to: whole, by: 4) {
            let (left, right) = (
                SIMD4<Double>(a[i], a[i + 1], a[i + 2], a[i + 3]), SIMD4<Double>(b[i], b[i + 1], b[i + 2], b[i + 3])
            )
            sums += left * right
        }
        var sum = sums.sum()
        for i in whole..<a.count { sum += a[i] * b[i] }
        return sum
    }
}
