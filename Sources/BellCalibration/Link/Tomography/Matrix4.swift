import Glibc

/// A complex 4×4 matrix, row-major, on the stack; of two qubits in the order gg, ge, eg, ee (alice first).
struct Matrix4: Equatable, Sendable {
    var re: SIMD16<Double>
    var im: SIMD16<Double>

    static let zero = Matrix4(re: .zero, im: .zero)
    static let identity = Matrix4(diagonal: [1, 1, 1, 1])

    init(re: SIMD16<Double>, im: SIMD16<Double>) { (self.re, self.im) = (re, im) }

    init(diagonal: SIMD4<Double>) {
        (re, im) = (.zero, .zero)
        for k in 0..<4 { re[5 * k] = diagonal[k] }
    }

    /// The product of alice's and of bob's 2×2 matrices, each row-major.
    init(alice: [(re: Double, im: Double)], bob: [(re: Double, im: Double)]) {
        (re, im) = (.zero, .zero)
        guard alice.count == 4, bob.count == 4 else { return }
        for row in 0..<4 {
            for column in 0..<4 {
                let a = alice[(row >> 1) * 2 + (column >> 1)]
                let b = bob[(row & 1) * 2 + (column & 1)]
                re[4 * row + column] = a.re * b.re - a.im * b.im
                im[4 * row + column] = a.re * b.im + a.im * b.re
            }
        }
    }

    static func + (a: Matrix4, b: Matrix4) -> Matrix4 { Matrix4(re: a.re + b.re, im: a.im + b.im) }
    static func - (a: Matrix4, b: Matrix4) -> Matrix4 { Matrix4(re: a.re - b.re, im: a.im - b.im) }
    static func * (a: Double, b: Matrix4) -> Matrix4 { Matrix4(re: a * b.re, im: a * b.im) }

    static func * (a: Matrix4, b: Matrix4) -> Matrix4 {
        var product = Matrix4.zero
        for row in 0..<4 {
            var (re, im) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
            for k in 0..<4 {
                let (x, y) = (a.re[4 * row + k], a.im[4 * row + k])
                let (u, v) = (b.row(k, b.re), b.row(k, b.im))
                re += x * u - y * v
                im += x * v + y * u
            }
            for column in 0..<4 {
                product.re[4 * row + column] = re[column]
                product.im[4 * row + column] = im[column]
            }
        }
        return product
    }

    @inline(__always)
    private func row(_ k: Int, _ values: SIMD16<Double>) -> SIMD4<Double> {
        SIMD4(values[4 * k], values[4 * k + 1], values[4 * k + 2], values[4 * k + 3])
    }

    /// The conjugate transpose.
    var adjoint: Matrix4 {
        var result = Matrix4.zero
        for row in 0..<4 {
            for column in 0..<4 {
                result.re[4 * column + row] = re[4 * row + column]
                result.im[4 * column + row] = -im[4 * row + column]
            }
        }
        return result
    }

    /// Half the sum with its adjoint: what rounding made of a Hermitian matrix, mended.
    var hermitian: Matrix4 { 0.5 * (self + adjoint) }

    var trace: Double { re[0] + re[5] + re[10] + re[15] }

    /// Tr(self · other) of two Hermitian matrices: a real number.
    func overlap(_ other: Matrix4) -> Double { (re * other.re + im * other.im).sum() }

    /// Largest size of an entry's real or imaginary part.
    var size: Double {
        var most = 0.0
        for k in 0..<16 { most = max(most, re[k].magnitude, im[k].magnitude) }
        return most
    }

    /// Eigenvalues, rising, and the unitary whose columns are the eigenvectors, of a Hermitian matrix; Jacobi's method.
    ///
    /// - SeeAlso: Golub and Van Loan, Matrix Computations, section 8.5.
    func eigen() -> (values: [Double], vectors: Matrix4) {
        var a = hermitian
        var vectors = Matrix4.identity
        for _ in 0..<50 {
            var rest = 0.0
            for p in 0..<4 {
                for q in p + 1..<4 {
                    let (x, y) = (a.re[4 * p + q], a.im[4 * p + q])
                    let size = (x * x + y * y).squareRoot()
                    rest += size
                    guard size > 1e-300 else { continue }
                    // The rotation of planes p and q that makes a[p][q] zero: phase first, then the real angle.
                    let theta = (a.re[5 * q] - a.re[5 * p]) / (2 * size)
                    let t = (theta >= 0 ? 1.0 : -1.0) / (theta.magnitude + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    var turn = Matrix4.identity
                    (turn.re[5 * p], turn.re[5 * q]) = (c, c)
                    (turn.re[4 * p + q], turn.im[4 * p + q]) = (s * x / size, s * y / size)
                    (turn.re[4 * q + p], turn.im[4 * q + p]) = (-s * x / size, s * y / size)
                    a = turn.adjoint * a * turn
                    vectors = vectors * turn
                }
            }
            if rest < 1e-14 * max(size, 1e-300) { break }
        }
        let order = (0..<4).sorted { a.re[5 * $0] < a.re[5 * $1] }
        var sorted = Matrix4.zero
        for (column, from) in order.enumerated() {
            for row in 0..<4 {
                sorted.re[4 * row + column] = vectors.re[4 * row + from]
                sorted.im[4 * row + column] = vectors.im[4 * row + from]
            }
        }
        return (order.map { a.re[5 * $0] }, sorted)
    }

    /// f of a Hermitian matrix, eigenvalue by eigenvalue.
    func mapped(_ f: (Double) -> Double) -> Matrix4 {
        let (values, vectors) = eigen()
        let middle = Matrix4(diagonal: SIMD4(f(values[0]), f(values[1]), f(values[2]), f(values[3])))
        return (vectors * middle * vectors.adjoint).hermitian
    }
}
