/// Finds a maximum of a smooth function near its start: one parabola a coordinate, round after round.
struct ParabolaSearch {
    /// How far each coordinate is tried at first; halved each round.
    var reach: [Double]
    var rounds = 6

    func maximum(from start: [Double], of function: ([Double]) -> Double) -> (point: [Double], value: Double) {
        var best = start
        var value = function(start)
        var reach = reach
        for _ in 0..<rounds {
            for place in best.indices {
                let step = reach[place]
                func tried(_ distance: Double) -> Double {
                    var point = best
                    point[place] += distance
                    return function(point)
                }
                let (low, high) = (tried(-step), tried(step))
                let curvature = low + high - 2 * value
                var candidates = [(-step, low), (step, high)]
                if curvature < 0 {
                    let top = min(max(0.5 * step * (low - high) / curvature, -2 * step), 2 * step)
                    candidates.append((top, tried(top)))
                }
                let top = candidates.reduce((0, value)) { $1.1 > $0.1 ? $1 : $0 }
                best[place] += top.0
                value = top.1
            }
            reach = reach.map { 0.5 * $0 }
        }
        return (best, value)
    }
}
