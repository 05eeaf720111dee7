/// Density matrices of a three-level system as nine real numbers, and what acts on them as real 9×9 matrices.
///
/// Order: ρ00, ρ11, ρ22, Re ρ01, Im ρ01, Re ρ12, Im ρ12, Re ρ02, Im ρ02. Every step is a real product, two nodes are a
/// 9×9 array of such numbers, and the trace is kept exactly: a matrix's first three rows sum to (1, 1, 1, 0, …, 0), so
/// what one node does cannot change the other's marginal. Matrices are row-major, 81 numbers.
/// - SeeAlso: Greenbaum, "Introduction to quantum gate set tomography", arXiv:1509.02921, section 2.
enum LevelBasis {
    static let size = 9
    /// Levels j < k of the three coherences, in the basis' order.
    static let pairs = [(0, 1), (1, 2), (0, 2)]

    /// |g⟩.
    static let ground: [Double] = [1, 0, 0, 0, 0, 0, 0, 0, 0]

    static let identity: [Double] = (0..<81).map { $0 % 10 == 0 ? 1 : 0 }

    /// A 3×3 matrix by rows; only Hermitian ones have real coefficients.
    static func matrix(of coefficients: [Double]) -> [Complex] {
        var rho = [Complex](repeating: Complex(0), count: 9)
        for level in 0..<3 { rho[level * 4] = Complex(coefficients[level]) }
        for (place, (j, k)) in pairs.enumerated() {
            let value = Complex(coefficients[3 + 2 * place], coefficients[4 + 2 * place])
            rho[j * 3 + k] = value
            rho[k * 3 + j] = value.conjugate
        }
        return rho
    }

    static func coefficients(of rho: [Complex]) -> [Double] {
        var result = (0..<3).map { rho[$0 * 4].re }
        for (j, k) in pairs { result += [rho[j * 3 + k].re, rho[j * 3 + k].im] }
        return result
    }

    /// The 9×9 matrix of a linear map of Hermitian 3×3 matrices.
    static func superoperator(_ map: ([Complex]) -> [Complex]) -> [Double] {
        var result = [Double](repeating: 0, count: 81)
        for column in 0..<9 {
            var unit = [Double](repeating: 0, count: 9)
            unit[column] = 1
            for (row, value) in coefficients(of: map(matrix(of: unit))).enumerated() {
                result[row * 9 + column] = value
            }
        }
        return result
    }

    /// −i[h, ρ].
    static func commutator(_ h: [Complex]) -> [Double] {
        superoperator { rho in
            let (left, right) = (product(h, rho), product(rho, h))
            return zip(left, right).map { Complex(0, -1) * ($0 - $1) }
        }
    }

    /// Whatever the state was, it is |e⟩ with probability `excited`, else |g⟩.
    static func prepare(excited: Double) -> [Double] {
        var result = [Double](repeating: 0, count: 81)
        for column in 0..<3 {
            result[column] = 1 - excited
            result[9 + column] = excited
        }
        return result
    }

    /// Exchanges |g⟩ and |e⟩ by a rotation by π about x, and leaves |f⟩.
    static let flip = superoperator { rho in
        let u = [
            Complex(0), Complex(0, -1), Complex(0), Complex(0, -1), Complex(0), Complex(0), Complex(0), Complex(0),
            Complex(1),
        ]
        let adjoint = (0..<9).map { u[$0 % 3 * 3 + $0 / 3].conjugate }
        return product(product(u, rho), adjoint)
    }

    static func product(_ a: [Complex], _ b: [Complex]) -> [Complex] {
        (0..<9).map { place in
            let (row, column) = (place / 3, place % 3)
            var sum = Complex(0)
            for k in 0..<3 { sum += a[row * 3 + k] * b[k * 3 + column] }
            return sum
        }
    }

    static func transpose(_ m: [Double]) -> [Double] { (0..<81).map { m[$0 % 9 * 9 + $0 / 9] } }
}
