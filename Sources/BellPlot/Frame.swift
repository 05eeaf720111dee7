/// Both axes of a figure.
struct Frame: Equatable {
    var x: Axis
    var y: Axis

    /// - Parameters:
    ///   - aspect: Width over height of the plot area in equal units of length; for figures that are square.
    init(_ figure: Figure, xTicks: Int, yTicks: Int, aspect: Double) {
        let points = figure.series.flatMap(\.drawable)
        let marks = figure.marks.filter { Axis.isDrawable($0.at) }
        x = Axis(
            points.map(\.x) + marks.filter(\.isVertical).map(\.at), tickCount: xTicks, margin: 0.03)
        y = Axis(
            points.flatMap { [$0.y - $0.error, $0.y + $0.error] } + marks.filter { !$0.isVertical }.map(\.at),
            tickCount: yTicks, margin: 0.05)
        guard figure.isSquare, aspect > 0, aspect.isFinite else { return }
        x.widen(to: y.span * aspect, tickCount: xTicks)
        y.widen(to: x.span / aspect, tickCount: yTicks)
    }
}

extension Figure.Series {
    /// Points that can be drawn, with their error; 0 where it is none.
    var drawable: [(x: Double, y: Double, error: Double)] {
        zip(x, y).enumerated().compactMap { place, point in
            guard Axis.isDrawable(point.0), Axis.isDrawable(point.1) else { return nil }
            let error = place < error.count ? error[place] : 0
            return (point.0, point.1, Axis.isDrawable(error) ? error.magnitude : 0)
        }
    }

    /// Runs of points without a gap: where a point cannot be drawn a line is broken.
    var segments: [[(x: Double, y: Double)]] {
        var result: [[(x: Double, y: Double)]] = [[]]
        for (x, y) in zip(x, y) {
            if Axis.isDrawable(x), Axis.isDrawable(y) {
                result[result.count - 1].append((x, y))
            } else if !result[result.count - 1].isEmpty {
                result.append([])
            }
        }
        return result.filter { !$0.isEmpty }.map { style == .steps ? stairs($0) : $0 }
    }

    /// A step stands halfway between two places.
    private func stairs(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        var result: [(x: Double, y: Double)] = []
        for (place, point) in points.enumerated() {
            if place > 0 {
                let edge = points[place - 1].x + (point.x - points[place - 1].x) / 2
                result.append((edge, points[place - 1].y))
                result.append((edge, point.y))
            }
            result.append(point)
        }
        return result
    }
}
