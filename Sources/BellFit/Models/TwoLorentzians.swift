/// The sum of two ``Lorentzian`` resonances over one offset, the lower centre first.
///
/// For telling whether there are two where one is expected. Start: the best pair of 28 centres with one width.
public struct TwoLorentzians: FitModel {
    public init() {}

    public var parameterNames: [String] {
        ["offset", "amplitude1", "centre1", "width1", "amplitude2", "centre2", "width2"]
    }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        p[0] + p[1] * Lorentzian.shape(x, p[2], p[3]) + p[4] * Lorentzian.shape(x, p[5], p[6])
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        gradient[0] = 1
        Lorentzian.slopes(x, p, at: 1, into: &gradient)
        Lorentzian.slopes(x, p, at: 4, into: &gradient)
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard let sweep = Sweep(x), ShapeSearch(x: x, y: y) != nil else { return nil }
        // The strongest peak's own place is one of the pair, or one of its flanks.
        var places = Sweep.places(x, 27)
        if let one = Lorentzian.best(x, y) { places.append(one.candidate[0]) }
        places.sort()
        var best: [Double]?
        var least = Double.infinity
        for width in Sweep.ratios(min(1.5 * sweep.spacing, sweep.span), sweep.span, 7) {
            let columns = places.map { centre in x.map { Lorentzian.shape($0, centre, width) } }
            for i in places.indices {
                for j in i + 1..<max(places.count, i + 1) {
                    var sums = NormalEquations3()
                    for k in x.indices { sums.add(1, columns[i][k], columns[j][k], y[k]) }
                    guard let solution = sums.solution, solution.rest < least else { continue }
                    least = solution.rest
                    let p = solution.parameters
                    best = [p[0], p[1], places[i], width, p[2], places[j], width]
                }
            }
        }
        return best
    }

    public func normal(_ p: [Double]) -> [Double] {
        let (first, second) = ([p[1], p[2], p[3].magnitude], [p[4], p[5], p[6].magnitude])
        return [p[0]] + (p[2] <= p[5] ? first + second : second + first)
    }
}
