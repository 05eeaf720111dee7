import BellFit
import BellModel
import BellPlot

/// Shares of outcomes 1 over what was swept, ready to be fitted and drawn.
struct SharedSweep: Sendable {
    private(set) var x: [Double] = []
    private(set) var y: [Double] = []
    private(set) var sigma: [Double] = []

    mutating func append(_ x: Double, _ y: Uncertain) {
        self.x.append(x)
        self.y.append(y.value)
        sigma.append(y.sigma)
    }

    /// Appends what came back of points, with a parameter of theirs as x; false when a point did not come back.
    mutating func append(
        _ points: [ExperimentPoint], _ measurements: [Measurement], of node: Node, over parameter: String
    ) -> Bool {
        guard points.count == measurements.count else { return false }
        for (point, measurement) in zip(points, measurements) {
            guard let share = CountedShare(measurement, of: node), let x = point.parameters[parameter] else {
                return false
            }
            append(x, Uncertain(share))
        }
        return true
    }

    func fit(_ model: some FitModel, start: [Double]? = nil) -> Fit {
        LeastSquares.fit(model, x: x, y: y, sigma: sigma, start: start)
    }

    func judgement(_ fit: Fit, of model: some FitModel, limits: FitLimits = FitLimits()) -> FitJudgement {
        FitJudgement(fit, of: model, x: x, y: y, sigma: sigma, limits: limits)
    }

    /// The points with x ≥ `from` and the fitted curve through them.
    func series(_ name: String, _ fit: Fit?, of model: some FitModel, from: Double = -.infinity) -> [Figure.Series] {
        let places = x.indices.filter { x[$0] >= from }.sorted { x[$0] < x[$1] }
        let points = Figure.Series(
            name, x: places.map { x[$0] }, y: places.map { y[$0] }, error: places.map { sigma[$0] })
        guard let fit, fit.hasConverged, let low = points.x.first, let high = points.x.last, high > low else {
            return [points]
        }
        let line = (0...200).map { low + (high - low) * Double($0) / 200 }
        return [points, Figure.Series("fit", .line, x: line, y: line.map { model.value($0, fit.parameters) })]
    }
}

extension FitJudgement {
    /// The verdict in the words of a report.
    var ofRoutine: RoutineReport.Verdict {
        switch verdict {
        case .good: .good
        case .outOfSpec: .outOfSpec
        case .badData: .badData
        }
    }
}

extension RoutineReport {
    /// A point came back empty or of the wrong kind: nothing can be said.
    static func unusable(_ routine: String) -> RoutineReport {
        RoutineReport(
            .badData, "A point of \(routine) came back without shots. See that both boards answer, and run it again.")
    }
}
