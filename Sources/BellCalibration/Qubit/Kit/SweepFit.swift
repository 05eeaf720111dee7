import BellFit
import BellPlot
import Glibc

/// A fit to a sweep with its judgement and its figure.
///
/// Shots are many, so that χ² sees what no experiment's model has (leakage, a readout's slow drift): what counts is that
/// the model leaves not more than a part of its amplitude unexplained.
struct SweepFit<Model: FitModel> {
    let model: Model
    let x: [Double]
    let signal: ShotSignal
    let fit: Fit
    var judgement: FitJudgement

    init(_ model: Model, x: [Double], _ signal: ShotSignal) {
        self.model = model
        self.x = x
        self.signal = signal
        fit = LeastSquares.fit(model, x: x, y: signal.y, sigma: signal.sigma)
        judgement = FitJudgement(
            fit, of: model, x: x, y: signal.y, sigma: signal.sigma,
            limits: FitLimits(reducedChiSquare: 0...1e6, runsScore: -.infinity))
    }

    /// Standard uncertainty of a parameter, wider where the model leaves more than noise.
    func uncertainty(_ name: String) -> Double {
        fit.uncertainty(of: name) * max(1, fit.reducedChiSquare.isFinite ? fit.reducedChiSquare : 1).squareRoot()
    }

    /// The data show `amplitude` by five standard uncertainties, and the model describes them but for `part` of it.
    mutating func requireLikeness(_ amplitude: Double, _ uncertainty: Double, part: Double = 0.2) {
        guard fit.hasConverged else { return }
        if !(amplitude.magnitude >= 5 * uncertainty) {
            judgement.find(
                .badData,
                "the signal \(Wording.number(amplitude, uncertainty)) does not stand out of the noise")
            return
        }
        let residuals = judgement.residuals
        let square = residuals.reduce(0) { $0 + $1 * $1 } / Double(max(residuals.count, 1))
        let noise = signal.sigma.reduce(0) { $0 + $1 * $1 } / Double(max(signal.sigma.count, 1))
        // Twice the noise's variance is what even few points do not pass.
        let rest = max(0, square - 2 * noise).squareRoot()
        if !(rest <= part * amplitude.magnitude) {
            judgement.find(
                .badData,
                "the model leaves \(Wording.percent(rest / amplitude.magnitude)) of the signal unexplained")
        }
    }

    func figure(_ title: String, _ xLabel: String, scale: Double = 1, marks: [Figure.Mark] = []) -> Figure {
        Figure.sweep(
            title, xLabel, x: x, signal, scale: scale, marks: marks,
            curve: fit.hasConverged ? { model.value($0, fit.parameters) } : nil)
    }
}

extension FitJudgement {
    var routineVerdict: RoutineReport.Verdict {
        switch verdict {
        case .good: .good
        case .outOfSpec: .outOfSpec
        case .badData: .badData
        }
    }
}

extension Figure {
    /// Data with error bars, the fitted curve and marks; x divided by `scale`.
    static func sweep(
        _ title: String, _ xLabel: String, x: [Double], _ signal: ShotSignal, scale: Double = 1, marks: [Mark] = [],
        curve: ((Double) -> Double)? = nil
    ) -> Figure {
        var figure = Figure(title: title, xLabel: xLabel, yLabel: signal.label, marks: marks)
        figure.series = [Series("data", x: x.map { $0 / scale }, y: signal.y, error: signal.sigma)]
        if let curve, let low = x.min(), let high = x.max(), high > low {
            let places = (0...200).map { low + (high - low) * Double($0) / 200 }
            figure.series.append(Series("fit", .line, x: places.map { $0 / scale }, y: places.map(curve)))
        }
        return figure
    }
}

/// `count` numbers from `first` to `last`, equally far apart.
func spread(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
    guard count > 1 else { return [first] }
    return (0..<count).map { first + (last - first) * Double($0) / Double(count - 1) }
}
