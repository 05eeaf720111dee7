import BellFit
import BellModel
import BellPlot
import Glibc

/// Points of a readout measured with the qubit in |g⟩ and in |e⟩.
enum CloudPair {
    /// Two points: |g⟩ and |e⟩, with the tone in force except where `changes` says otherwise.
    static func points(_ bench: NodeBench, _ changes: [String: Double], _ count: Int) -> [ExperimentPoint] {
        let tone = bench.tone.merging(changes) { _, new in new }
        return [0.0, 1].map { excite in
            bench.point("readout", tone.merging(["excite": excite]) { _, new in new }, count)
        }
    }

    /// The clouds of both; nil when they do not differ or shots are missing.
    static func clouds(_ round: [Measurement], at place: Int) -> TwoGaussians? {
        guard round.count > place + 1, case .shots(let ground) = round[place],
            case .shots(let excited) = round[place + 1]
        else { return nil }
        return TwoGaussians(
            ground: IQCloud(i: ground.i, q: ground.q), excited: IQCloud(i: excited.i, q: excited.q))
    }

    /// Distance of the mean points of each pair, with its standard uncertainty; nil when shots are missing.
    static func distances(_ round: [Measurement]) -> ShotSignal? {
        guard round.count.isMultiple(of: 2), let means = ShotSignal.Means(round) else { return nil }
        var signal = ShotSignal(y: [], sigma: [], shotNoise: means.shotNoise, label: "distance of the means (codes)")
        for pair in stride(from: 0, to: round.count, by: 2) {
            let square = pow(means.i[pair] - means.i[pair + 1], 2) + pow(means.q[pair] - means.q[pair + 1], 2)
            let variance = pow(means.sigma[pair], 2) + pow(means.sigma[pair + 1], 2)
            // Noise makes distances longer: by its variance in each of two quadratures.
            signal.y.append(max(0, square - 2 * variance).squareRoot())
            signal.sigma.append(variance.squareRoot())
        }
        return signal
    }

    /// Part of the points at the ends of the converter's range.
    static func saturatedPart(_ round: [Measurement]) -> Double {
        var (count, clipped) = (0, 0)
        for measurement in round {
            guard case .shots(let shots) = measurement else { continue }
            count += shots.count
            for (i, q) in zip(shots.i, shots.q)
            where max(Int(i).magnitude, Int(q).magnitude) >= UInt(Int16.max) { clipped += 1 }
        }
        return count > 0 ? Double(clipped) / Double(count) : 0
    }

    /// From this part on the clouds are cut off.
    static let mostSaturated = 0.005

    /// The first points of |g⟩ and |e⟩, and the line between them.
    static func figure(
        _ bench: NodeBench, _ title: String, _ round: [Measurement], _ clouds: TwoGaussians?
    ) -> Figure {
        var figure = Figure(
            title: title, xLabel: "I (codes)", yLabel: "Q (codes)", isSquare: true)
        for (name, measurement) in zip(["prepared |g⟩", "prepared |e⟩"], round) {
            guard case .shots(let shots) = measurement else { continue }
            figure.series.append(
                .init(name, x: shots.i.prefix(500).map(Double.init), y: shots.q.prefix(500).map(Double.init)))
        }
        guard let clouds else { return figure }
        // The line that decides, through the foot of the threshold.
        let (c, s) = (cos(clouds.angle), sin(clouds.angle))
        let length = 2 * clouds.separation
        // Beside the middle of both centres, so that it is seen where the clouds are.
        let middle = (clouds.ground + clouds.excited) / 2
        let along = -s * middle.x + c * middle.y
        let foot = SIMD2(c * clouds.threshold - s * along, s * clouds.threshold + c * along)
        figure.series.append(
            .init(
                "threshold", .line, x: [foot.x + s * length, foot.x - s * length],
                y: [foot.y - c * length, foot.y + c * length]))
        return figure
    }
}
