import BellFit
import BellPlot
import Glibc

/// Figures of a θ sweep.
enum BellFigures {
    /// S over θ as published, and the four correlations that it is made of.
    static func fringes(_ sweep: FringeFit) -> [Figure] {
        let angles = sweep.model.angles
        let order = angles.indices.sorted { angles[$0] < angles[$1] }
        let line = (0...180).map { Double($0) * 2 }
        let places = order.filter { sweep.correlations.indices.contains($0) }
        let s = places.map { sweep.correlations[$0].s }
        var overTheta = Figure(
            title: "S over θ", xLabel: "θ (deg)", yLabel: "S",
            series: [
                Figure.Series("trials", x: places.map { angles[$0] }, y: s.map(\.value), error: s.map(\.sigma))
            ], marks: bounds)
        var correlations = Figure(title: "Correlations over θ", xLabel: "θ (deg)", yLabel: "E(x, y)")
        for pair in 0..<4 {
            let values = places.map { sweep.correlations[$0].values[pair] }
            correlations.series.append(
                Figure.Series(
                    "E\(pair >> 1)\(pair & 1)", x: places.map { angles[$0] }, y: values.map(\.value),
                    error: values.map(\.sigma)))
        }
        guard sweep.fit.hasConverged else { return [overTheta, correlations] }
        let p = sweep.fit.parameters
        let curve = { (pair: Int, theta: Double) in
            p[1 + 2 * pair] + p[2 + 2 * pair] * cos((theta - BellFringes.peaks[pair]) * .pi / 180 - p[0])
        }
        overTheta.series.append(
            Figure.Series(
                "fit", .line, x: line,
                y: line.map { theta in (0..<4).reduce(0) { $0 + BellCorrelations.signs[$1] * curve($1, theta) } }))
        for pair in 0..<4 {
            correlations.series.append(
                Figure.Series("fit \(pair >> 1)\(pair & 1)", .line, x: line, y: line.map { curve(pair, $0) }))
        }
        return [overTheta, correlations]
    }

    /// What local realism and quantum mechanics allow.
    static let bounds: [Figure.Mark] = [
        .init("2", y: 2), .init("−2", y: -2), .init("2√2", y: 2 * 2.0.squareRoot()),
        .init("−2√2", y: -2 * 2.0.squareRoot()),
    ]
}
