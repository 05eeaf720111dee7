/// The joint laws p(xy) P(ab|xy) of a deterministic local strategy under an extreme settings law.
///
/// What local realism allows in one trial, given the past, is a mixture of these: 16 strategies × 12 laws (4 for
/// independent bits, 1 for μ = 0). Each has four cells 8x + 4y + 2a + b that are not 0, one a setting pair.
struct LocalVertices: Equatable, Sendable {
    /// The number of vertices; vertex 16 law + strategy.
    let count: Int

    /// P(xy) at 4 law + 2x + y.
    private let laws: [Double]
    /// Their products P(i) P(j), j ≤ i, for ``addOuterProducts(_:to:)``: at law + laws (i(i+1)/2 + j).
    private let products: [Double]

    /// The cell of strategy s at setting pair 2x + y, at 4s + 2x + y; s = 8a₀ + 4a₁ + 2b₀ + b₁.
    static let cells: [Int] = (0..<64).map { index in
        let (strategy, pair) = (index >> 2, index & 3)
        let (x, y) = (pair >> 1, pair & 1)
        return 4 * pair + 2 * (strategy >> (3 - x) & 1) + (strategy >> (1 - y) & 1)
    }

    init(_ model: LocalModel, _ settings: SettingDependence) {
        let extreme = settings.extremeLaws(model)
        count = 16 * extreme.count
        laws = extreme.flatMap { $0 }
        var products: [Double] = []
        for i in 0..<4 {
            for j in 0...i {
                for law in extreme { products.append(law[i] * law[j]) }
            }
        }
        self.products = products
    }

    /// Σ p(xy) P(ab|xy) R(abxy) of each vertex.
    func expectations(_ factors: [Double]) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(count)
        let cells = LocalVertices.cells
        for law in stride(from: 0, to: laws.count, by: 4) {
            for s in stride(from: 0, to: 64, by: 4) {
                var sum = 0.0
                for pair in 0..<4 { sum += laws[law + pair] * factors[cells[s + pair]] }
                result.append(sum)
            }
        }
        return result
    }

    /// The largest of them: what R must be divided by.
    func largestExpectation(_ factors: [Double]) -> Double { expectations(factors).reduce(0, max) }

    /// Σ weight · vertex, by cell.
    func mixture(_ weights: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: 16)
        let cells = LocalVertices.cells
        for vertex in 0..<count {
            let (law, s) = (4 * (vertex >> 4), 4 * (vertex & 15))
            for pair in 0..<4 { result[cells[s + pair]] += weights[vertex] * laws[law + pair] }
        }
        return result
    }

    /// Adds Σ weight · vertex vertexᵀ to the lower triangle of a 16 × 16 matrix by rows.
    func addOuterProducts(_ weights: [Double], to matrix: inout [Double]) {
        let cells = LocalVertices.cells
        let laws = count / 16
        for s in 0..<16 {
            var at = 0
            for i in 0..<4 {
                for j in 0...i {
                    var sum = 0.0
                    for law in 0..<laws { sum += weights[16 * law + s] * products[at + law] }
                    at += laws
                    // A later setting pair has the larger cell: always the lower triangle.
                    matrix[16 * cells[4 * s + i] + cells[4 * s + j]] += sum
                }
            }
        }
    }
}
