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
    private let hasGradient: Bool
    private var parameters: [Double]
    private var isFinite = false
    // One piece of memory of its own, so that an evaluation allocates nothing and nothing in it is checked for company.
    private let memory: UnsafeMutableBufferPointer<Double>
    private let x: UnsafeBufferPointer<Double>
    private let y: UnsafeBufferPointer<Double>
    /// 1/σ; empty for 1.
    private let weights: UnsafeBufferPointer<Double>
    /// At `parameters`.
    private let residuals: UnsafeMutableBufferPointer<Double>
    /// Derivatives there, column by column; empty without a gradient.
    private let columns: UnsafeMutableBufferPointer<Double>

    init(_ model: Model, x: [Double], y: [Double], weights: [Double], hasGradient: Bool) {
        (self.model, self.hasGradient) = (model, hasGradient)
        let (rows, count) = (x.count, model.parameterNames.count)
        parameters = [Double](repeating: .nan, count: count)
        let parts = [x, y, weights, y, [Double](repeating: 0, count: hasGradient ? count * rows : 0)]
        memory = .allocate(capacity: parts.reduce(0) { $0 + $1.count })
        var rest = memory[...]
        let places = parts.map { part in
            let place = UnsafeMutableBufferPointer(rebasing: rest.prefix(part.count))
            _ = place.initialize(from: part)
            rest = rest.dropFirst(part.count)
            return place
        }
        self.x = UnsafeBufferPointer(places[0])
        self.y = UnsafeBufferPointer(places[1])
        self.weights = UnsafeBufferPointer(places[2])
        (residuals, columns) = (places[3], places[4])
        super.init(pointCount: rows, parameterCount: count)
    }

    deinit { memory.deallocate() }

    override func residuals(at p: UnsafePointer<Double>, into r: UnsafeMutablePointer<Double>) {
        move(to: p)
        if let base = residuals.baseAddress { r.update(from: base, count: residuals.count) }
    }

    /// Has the residuals, and the derivatives if there are any, at p.
    private func move(to p: UnsafePointer<Double>) {
        let p = UnsafeBufferPointer(start: p, count: parameterCount)
        if parameters.elementsEqual(p) { return }
        let parameters = Array(p)
        self.parameters = parameters
        if hasGradient {
            model.tabulate(x, parameters, into: residuals, columns)
        } else {
            for i in x.indices { residuals[i] = model.value(x[i], parameters) }
        }
        let wall = WeightedProblem.wall
        for i in x.indices {
            let residual = weights.isEmpty ? residuals[i] - y[i] : (residuals[i] - y[i]) * weights[i]
            residuals[i] = residual.magnitude < wall ? residual : wall
        }
        if hasGradient { isFinite = weigh() }
    }

    /// Multiplies the derivatives by the weights; false when one is no number.
    private func weigh() -> Bool {
        guard weights.isEmpty else {
            return (0..<parameterCount).reduce(true) { isFinite, k in
                let column = UnsafeMutableBufferPointer(rebasing: columns[k * x.count..<(k + 1) * x.count])
                return Lanes.multiply(column, by: weights) && isFinite
            }
        }
        return Lanes.areFinite(UnsafeBufferPointer(columns))
    }

    override func jacobian(at p: UnsafePointer<Double>, into j: UnsafeMutablePointer<Double>) -> Bool {
        guard hasGradient else { return false }
        move(to: p)
        if !isFinite { isBroken = true }
        if let base = columns.baseAddress { j.update(from: base, count: columns.count) }
        return true
    }

    /// Residuals and the sum of their squares.
    func residuals(at p: [Double]) -> (residuals: [Double], chiSquare: Double) {
        move(to: p)
        return (Array(residuals), residuals.reduce(0) { $0 + $1 * $1 })
    }

    /// Derivatives at the end of a search: the model's own, else central differences.
    func finalJacobian(at p: [Double]) -> [Double] {
        if hasGradient {
            move(to: p)
            return Array(columns)
        }
        var result = [Double](repeating: 0, count: pointCount * parameterCount)
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
