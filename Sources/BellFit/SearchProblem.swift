/// Residuals and their derivatives as MINPACK asks for them; a class, because C hands it back by its address.
class SearchProblem {
    let pointCount: Int
    let parameterCount: Int
    /// Whether a function value or a derivative was no number.
    var isBroken = false

    init(pointCount: Int, parameterCount: Int) {
        self.pointCount = pointCount
        self.parameterCount = parameterCount
    }

    /// (f − y)/σ at every point.
    func residuals(at p: UnsafePointer<Double>, into r: UnsafeMutablePointer<Double>) {}

    /// Derivatives of the residuals, column by column; false when the model has none.
    func jacobian(at p: UnsafePointer<Double>, into j: UnsafeMutablePointer<Double>) -> Bool { false }
}

/// A model with its data.
///
/// The search asks for the derivatives where it has just asked for the residuals: both are found at once and kept.
final class WeightedProblem<Model: FitModel>: SearchProblem {
    /// In place of a residual that is no number: so long that the step is refused, and its square is still finite.
    private static var wall: Double { 1e100 }

    private let model: Model
    private let x: [Double]
    private let y: [Double]
    /// 1/σ; empty for 1.
    private let weights: [Double]
    private let hasGradient: Bool
    // Kept, so that an evaluation allocates nothing.
    private var parameters: [Double]
    private var slope: [Double]
    /// Derivatives at `parameters`, column by column.
    private var columns: [Double]
    /// Residuals there.
    private var residuals: [Double]
    private var isFinite = false

    init(_ model: Model, x: [Double], y: [Double], weights: [Double], hasGradient: Bool) {
        (self.model, self.x, self.y, self.weights, self.hasGradient) = (model, x, y, weights, hasGradient)
        let count = model.parameterNames.count
        parameters = [Double](repeating: .nan, count: count)
        slope = [Double](repeating: 0, count: count)
        columns = [Double](repeating: 0, count: hasGradient ? count * x.count : 0)
        residuals = [Double](repeating: 0, count: x.count)
        super.init(pointCount: x.count, parameterCount: count)
    }

    override func residuals(at p: UnsafePointer<Double>, into r: UnsafeMutablePointer<Double>) {
        move(to: p)
        residuals.withUnsafeBufferPointer { residuals in
            if let base = residuals.baseAddress { r.update(from: base, count: residuals.count) }
        }
    }

    /// Has the residuals, and the derivatives if there are any, at p.
    private func move(to p: UnsafePointer<Double>) {
        if (0..<parameterCount).allSatisfy({ self.parameters[$0] == p[$0] }) { return }
        for k in 0..<parameterCount { self.parameters[k] = p[k] }
        guard hasGradient else {
            let parameters = self.parameters
            for i in x.indices { residuals[i] = bounded(model.value(x[i], parameters) - y[i], i) }
            return
        }
        // Out of the object for the loop, so that nothing in it is counted or checked for company.
        var (columns, slope, r) = ([Double](), [Double](), [Double]())
        swap(&r, &residuals)
        swap(&columns, &self.columns)
        swap(&slope, &self.slope)
        let (parameters, model, x, y, weights) = (self.parameters, model, x, y, weights)
        let (rows, count) = (pointCount, parameterCount)
        var sum = 0.0
        columns.withUnsafeMutableBufferPointer { columns in
            for i in 0..<rows {
                let value = model.evaluate(x[i], parameters, into: &slope)
                r[i] = bounded(value - y[i], i)
                let weight = weights.isEmpty ? 1 : weights[i]
                for k in 0..<count {
                    let derivative = slope[k] * weight
                    columns[k * rows + i] = derivative
                    sum += derivative * 0
                }
            }
        }
        // 0 unless a derivative is none.
        isFinite = sum == 0
        swap(&columns, &self.columns)
        swap(&slope, &self.slope)
        swap(&r, &residuals)
    }

    private func bounded(_ residual: Double, _ i: Int) -> Double {
        let weighted = weights.isEmpty ? residual : residual * weights[i]
        return weighted.magnitude < WeightedProblem.wall ? weighted : WeightedProblem.wall
    }

    override func jacobian(at p: UnsafePointer<Double>, into j: UnsafeMutablePointer<Double>) -> Bool {
        guard hasGradient else { return false }
        move(to: p)
        if !isFinite { isBroken = true }
        columns.withUnsafeBufferPointer { columns in
            if let base = columns.baseAddress { j.update(from: base, count: columns.count) }
        }
        return true
    }

    /// Residuals and the sum of their squares.
    func residuals(at p: [Double]) -> (residuals: [Double], chiSquare: Double) {
        var residuals = [Double](repeating: 0, count: pointCount)
        residuals.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { self.residuals(at: p, into: base) }
        }
        return (residuals, residuals.reduce(0) { $0 + $1 * $1 })
    }

    /// Derivatives at the end of a search: the model's own, else central differences.
    func finalJacobian(at p: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: pointCount * parameterCount)
        if result.withUnsafeMutableBufferPointer({ buffer in
            buffer.baseAddress.map { jacobian(at: p, into: $0) } ?? true
        }) {
            return result
        }
        for k in 0..<parameterCount {
            // The error of a central difference is smallest near the cube root of a double's precision.
            let step = 6e-6 * max(p[k].magnitude, 1e-12)
            var (above, below) = (p, p)
            above[k] += step
            below[k] -= step
            for i in 0..<pointCount {
                let slope = (model.value(x[i], above) - model.value(x[i], below)) / (above[k] - below[k])
                result[k * pointCount + i] = weights.isEmpty ? slope : slope * weights[i]
            }
        }
        return result
    }
}
