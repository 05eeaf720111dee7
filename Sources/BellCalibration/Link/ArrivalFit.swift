import BellFit
import BellModel
import BellPlot

/// Where arrivals over the delay have their peak: a Gaussian where it describes them, else ``ArrivalPeak``.
struct ArrivalFit: Sendable {
    let data: SharedSweep
    let fit: Fit
    private let isGaussian: Bool

    init(_ data: SharedSweep) {
        self.data = data
        let gaussian = data.fit(GaussianPeak())
        if gaussian.hasConverged, gaussian.reducedChiSquare > 1.5 {
            let flat = data.fit(ArrivalPeak(), start: gaussian.parameters + [0.3])
            if flat.hasConverged, flat.chiSquare < gaussian.chiSquare - 9 {
                (fit, isGaussian) = (flat, false)
                return
            }
        }
        (fit, isGaussian) = (gaussian, true)
    }

    var centre: Double { fit["centre"] }
    var error: Double { fit.uncertainty(of: "centre") }

    func judgement(inside: Bool) -> FitJudgement {
        var judgement =
            isGaussian ? data.judgement(fit, of: GaussianPeak()) : data.judgement(fit, of: ArrivalPeak())
        judgement.requireSignal("amplitude")
        if inside { judgement.requireInside("centre", margin: 0.05) }
        guard fit.hasConverged else { return judgement }
        if fit["amplitude"] < AbsorptionRoutine.leastSignal {
            judgement.find(.badData, "arrivals have no peak")
        }
        if !(fit["width"] < (data.x.max() ?? 0) - (data.x.min() ?? 0)) {
            judgement.find(.badData, "the peak is wider than the sweep")
        }
        return judgement
    }

    func figure(_ node: Node) -> Figure {
        let series =
            isGaussian
            ? data.series("trials", fit, of: GaussianPeak()) : data.series("trials", fit, of: ArrivalPeak())
        return Figure(
            title: "Arrival at \(node.name)", xLabel: "start to start of the pulses (ns)", yLabel: "P(1)",
            series: series, marks: fit.hasConverged ? [.init("arrival", x: centre)] : [])
    }
}
