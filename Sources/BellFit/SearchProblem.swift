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
final class WeightedProblem<Model: FitModel>: SearchProblem {
    /// In place of a residual that is no number: so long that the step is refused, and its square is still finite.
    private static var wall: Double { 1e100 }

    private let model: Model
    private let x: [Double]
    private let y: [Double]
    /// 1/σ; empty for 1.
    private let weights: [Double]
    // Kept, so that an evaluation allocates nothing.
    private var parameters: [Double]
    private var slope: [Double]

    init(_ model: Model, x: [Double], y: [Double], weights: [Double]) {
        (self.model, self.x, self.y, self.weights) = (model, x, y, weights)
        let count = model.parameterNames.count
        parameters = [Double](repeating: 0, count: count)
        slope = parameters
        super.init(pointCount: x.count, parameterCount: count)
    }

    private func take(_ p: UnsafePointer<Double>) { for i in 0..<parameterCount { parameters[i] = p[i] } }

    override func residuals(at p: UnsafePointer<Double>, into r: UnsafeMutablePointer<Double>) {
        take(p)
        for i in 0..<pointCount {
            let residual = model.value(x[i], parameters) - y[i]
            let weighted = weights.isEmpty ? residual : residual * weights[i]
            r[i] = weighted.magnitude < WeightedProblem.wall ? weighted : WeightedProblem.wall
        }
    }

    override func jacobian(at p: UnsafePointer<Double>, into j: UnsafeMutablePointer<Double>) -> Bool {
        take(p)
        for i in 0..<pointCount {
            guard model.gradient(x[i], parameters, into: &slope) else { return false }
            let weight = weights.isEmpty ? 1 : weights[i]
            for k in 0..<parameterCount {
                let derivative = slope[k] * weight
                if !derivative.isFinite { isBroken = true }
                j[k * pointCount + i] = derivative
            }
        }
        return true
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
