/// Least-squares fits.
public enum LeastSquares {
    /// More points than a sweep has; a bound for what comes from files.
    static let maximumPoints = 1 << 20

    /// Fits a model to points: Levenberg-Marquardt, or directly where the model is linear.
    ///
    /// Pure; needs no order of x. O(points × parameters) per evaluation.
    ///
    /// - Parameters:
    ///   - sigma: Standard uncertainties of y, positive. With them the covariance is (JᵀJ)⁻¹ as it is; without, it is
    ///     scaled by the reduced χ².
    ///   - start: Where to begin; nil for the model's own start.
    ///   - maximumEvaluations: Of the model over all points, derivatives included.
    /// - Returns: What was found, in the model's normal form; ``Fit/Ending/badData(_:)`` for numbers that are none, too
    ///   few points or no start, with parameters nan.
    /// - SeeAlso: Moré, Lecture Notes in Mathematics 630, 105 (1978); cminpack's `lmder`, `lmdif`.
    public static func fit(
        _ model: some FitModel, x: [Double], y: [Double], sigma: [Double]? = nil, start: [Double]? = nil,
        maximumEvaluations: Int = 2000
    ) -> Fit {
        let names = model.parameterNames
        if let flaw = flaw(x: x, y: y, sigma: sigma, parameterCount: names.count) { return bad(names, flaw) }
        let weights = sigma.map { sigma in sigma.map { 1 / $0 } } ?? []
        if let linear = model as? any LinearModel { return solve(linear, x, y, weights) }
        guard let start = start ?? model.start(x: x, y: y) else {
            return bad(names, "the data show nothing to begin with")
        }
        guard start.count == names.count, start.allSatisfy(\.isFinite) else {
            return bad(names, "the start is not \(names.count) finite numbers")
        }
        return search(model, x, y, weights, from: start, maximumEvaluations)
    }

    private static func search(
        _ model: some FitModel, _ x: [Double], _ y: [Double], _ weights: [Double], from start: [Double], _ limit: Int
    ) -> Fit {
        var (p, slope) = (start, start)
        let hasGradient = model.gradient(x[0], start, into: &slope)
        let problem = WeightedProblem(model, x: x, y: y, weights: weights, hasGradient: hasGradient)
        let result = Minpack.search(problem, from: &p, maximumEvaluations: limit, hasGradient: hasGradient)
        p = model.normal(p)
        let ending: Fit.Ending =
            switch result.info {
            case 1...4, 6...8: .converged
            case 5: .notConverged("no end after \(result.evaluations) evaluations")
            default: .notConverged("the model gives numbers that are none")
            }
        return finish(problem, model, weights, p, ending, result.evaluations)
    }

    private static func solve(_ model: some LinearModel, _ x: [Double], _ y: [Double], _ weights: [Double]) -> Fit {
        let problem = WeightedProblem(model, x: x, y: y, weights: weights, hasGradient: true)
        let count = model.parameterNames.count
        let zero = [Double](repeating: 0, count: count)
        let columns = problem.finalJacobian(at: zero)
        guard columns.allSatisfy(\.isFinite) else { return bad(model.parameterNames, "the model gives no numbers") }
        let factors = SmallFactors(
            columns: columns, rows: x.count, count: count,
            rightSide: weights.isEmpty ? y : zip(y, weights).map { $0 * $1 })
        return finish(problem, model, weights, model.normal(factors.solution), .converged, 1)
    }

    /// The last step, residuals, covariance and whether it is all finite.
    private static func finish<Model: FitModel>(
        _ problem: WeightedProblem<Model>, _ model: Model, _ weights: [Double], _ p: [Double], _ ending: Fit.Ending,
        _ evaluations: Int
    ) -> Fit {
        let (rows, count) = (problem.pointCount, problem.parameterCount)
        let (residuals, chiSquare) = problem.residuals(at: p)
        let columns = problem.finalJacobian(at: p)
        let freedom = rows - count
        var fit = Fit(
            ending: ending, names: model.parameterNames, parameters: p,
            covariance: [Double](repeating: .nan, count: count * count), chiSquare: chiSquare,
            degreesOfFreedom: freedom, evaluations: evaluations)
        // Beyond this a residual was no number.
        guard p.allSatisfy(\.isFinite), chiSquare < 1e190, columns.allSatisfy(\.isFinite) else {
            if fit.hasConverged { fit.ending = .notConverged("the minimum is no number") }
            return fit
        }
        let factors = SmallFactors(columns: columns, rows: rows, count: count, rightSide: residuals)
        if fit.hasConverged, factors.explained <= 1e-6 * chiSquare {
            let polished = zip(p, factors.solution).map { $0 - $1 }
            let (_, rest) = problem.residuals(at: polished)
            if polished.allSatisfy(\.isFinite), rest <= chiSquare * (1 + 1e-13) {
                (fit.parameters, fit.chiSquare) = (polished, rest)
            }
        }
        let scale = weights.isEmpty ? fit.reducedChiSquare : 1
        fit.covariance = factors.covariance.map { $0 * scale }
        return fit
    }

    private static func bad(_ names: [String], _ reason: String) -> Fit {
        let count = names.count
        return Fit(
            ending: .badData(reason), names: names, parameters: [Double](repeating: .nan, count: count),
            covariance: [Double](repeating: .nan, count: count * count), chiSquare: .nan, degreesOfFreedom: 0,
            evaluations: 0)
    }

    /// What is wrong with the data; nil when nothing is.
    private static func flaw(x: [Double], y: [Double], sigma: [Double]?, parameterCount: Int) -> String? {
        guard parameterCount > 0 else { return "the model has no parameters" }
        guard x.count == y.count, sigma == nil || sigma?.count == x.count else {
            return "\(x.count) x for \(y.count) y" + (sigma.map { " and \($0.count) uncertainties" } ?? "")
        }
        guard x.count >= parameterCount else { return "\(x.count) points for \(parameterCount) parameters" }
        guard x.count <= maximumPoints else { return "\(x.count) points; at most \(maximumPoints)" }
        // Squares must stay finite, too.
        let limit = 1e90
        if let place = x.indices.first(where: { !(x[$0].magnitude < limit) || !(y[$0].magnitude < limit) }) {
            return "point \(place) is (\(x[place]), \(y[place]))"
        }
        if let sigma, let place = sigma.firstIndex(where: { !($0 > 1e-90 && $0 < limit) }) {
            return "the uncertainty of point \(place) is \(sigma[place])"
        }
        return nil
    }
}
