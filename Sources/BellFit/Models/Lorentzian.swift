/// y = offset + amplitude / (1 + (2 (x − centre)/width)²): one resonance, a peak or (amplitude < 0) a dip.
///
/// `width` is the full width at half height, positive. Start: the best of centres at the data's places and ten widths.
public struct Lorentzian: FitModel {
    public init() {}

    public var parameterNames: [String] { ["offset", "amplitude", "centre", "width"] }

    public func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * Lorentzian.shape(x, p[2], p[3]) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        gradient[0] = 1
        Lorentzian.slopes(x, p, at: 1, into: &gradient)
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        Lorentzian.best(x, y).map { [$0.offset, $0.amplitude, $0.candidate[0], $0.candidate[1]] }
    }

    public func normal(_ p: [Double]) -> [Double] { [p[0], p[1], p[2], p[3].magnitude] }

    static func shape(_ x: Double, _ centre: Double, _ width: Double) -> Double {
        let ratio = 2 * (x - centre) / width
        return 1 / (1 + ratio * ratio)
    }

    /// Derivatives by amplitude, centre and width, which stand at `place` and the two after it.
    static func slopes(_ x: Double, _ p: [Double], at place: Int, into gradient: inout [Double]) {
        let ratio = 2 * (x - p[place + 1]) / p[place + 2]
        let shape = 1 / (1 + ratio * ratio)
        let slope = 2 * p[place] * shape * shape * ratio / p[place + 2]
        gradient[place] = shape
        gradient[place + 1] = 2 * slope
        gradient[place + 2] = slope * ratio
    }

    static func best(_ x: [Double], _ y: [Double]) -> (candidate: [Double], offset: Double, amplitude: Double)? {
        guard let sweep = Sweep(x), var search = ShapeSearch(x: x, y: y) else { return nil }
        for width in Sweep.ratios(min(1.5 * sweep.spacing, sweep.span), sweep.span, 10) {
            for centre in Sweep.places(x, 150) { search.consider([centre, width]) { shape($0, centre, width) } }
        }
        return search.best
    }
}
