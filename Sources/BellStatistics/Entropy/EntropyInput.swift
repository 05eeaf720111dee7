/// Whether a number is an error probability, in 0..<1 without 0; false for NaN.
func isErrorProbability(_ epsilon: Double) -> Bool { epsilon > 0 && epsilon < 1 }

/// The greatest value that a grid and then golden-section search around its best point meet, the ends included.
///
/// For functions with one maximum it is the maximum; for others a value that the function takes, which is all that
/// a bound needs that holds for every argument.
/// - Parameters:
///   - cells: How many equal cells the grid has; 1 for a function that is known to have one maximum.
///   - steps: Golden-section steps; each shrinks the interval by 0.618.
func greatest(
    of f: (Double) -> Double, in low: Double, _ high: Double, cells: Int = 1, steps: Int
) -> (argument: Double, value: Double) {
    let width = (high - low) / Double(cells)
    var best = (argument: low, value: -Double.infinity)
    func meet(_ x: Double) -> Double {
        let value = f(x)
        if value > best.value { best = (x, value) }
        return value
    }
    for cell in 0...cells { _ = meet(low + width * Double(cell)) }
    let ratio = (5.0.squareRoot() - 1) / 2
    var (a, b) = (
        cells == 1 ? low : max(low, best.argument - width), cells == 1 ? high : min(high, best.argument + width)
    )
    var (x, y) = (b - ratio * (b - a), a + ratio * (b - a))
    var (fx, fy) = (meet(x), meet(y))
    for _ in 0..<steps {
        if fx > fy {
            (b, y, fy) = (y, x, fx)
            x = b - ratio * (b - a)
            fx = meet(x)
        } else {
            (a, x, fx) = (x, y, fy)
            y = a + ratio * (b - a)
            fy = meet(y)
        }
    }
    return best
}
