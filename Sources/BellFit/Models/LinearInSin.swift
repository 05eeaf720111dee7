import Glibc

/// Error amplification: y = offset + contrast · sgn(x) · sin(|x| · error + initial), the contrast being known.
///
/// A π/2 pulse that turns by π/2 + error, played n times with n odd, leaves P(1) = ½ ± ½ sin(n · error): + for
/// n = 1, 5, 9..., − for n = 3, 7, 11.... A caller gives x = +n or −n with that sign, so that the sine's slope, the error
/// in rad, stands apart from an offset of the readout. π pulses: after one π/2 that turns too far by `initial`, n pulses
/// leave ½ ± ½ sin(n · error + initial), + for even n; then `fitsInitial`. The contrast is half of the distance between
/// the readout's means of |g⟩ and |e⟩. For small errors this is a line through the offset with slope contrast · error.
///
/// Start: the best of errors up to ±π/4 at the smallest |x|; about ±π/2 the sine is an offset's alias.
/// - SeeAlso: Sheldon et al., PRA 93, 012301 (2016), section III.
public struct LinearInSin: FitModel {
    public var contrast: Double
    /// Whether there is a third parameter, the error before the first pulse.
    public var fitsInitial: Bool

    public init(contrast: Double, fitsInitial: Bool = false) {
        self.contrast = contrast
        self.fitsInitial = fitsInitial
    }

    public var parameterNames: [String] { fitsInitial ? ["offset", "error", "initial"] : ["offset", "error"] }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        p[0] + contrast * sign(x) * sin(x.magnitude * p[1] + (fitsInitial ? p[2] : 0))
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        let slope = contrast * sign(x) * cos(x.magnitude * p[1] + (fitsInitial ? p[2] : 0))
        gradient[0] = 1
        gradient[1] = slope * x.magnitude
        if fitsInitial { gradient[2] = slope }
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        guard contrast != 0, contrast.isFinite, x.count == y.count, !x.isEmpty,
            x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite)
        else { return nil }
        let sizes = x.map(\.magnitude).filter { $0 > 0 }
        guard let least = sizes.min(), let most = sizes.max() else { return nil }
        let mean = y.reduce(0, +) / Double(y.count)
        var best: [Double]?
        var rest = Double.infinity
        // A sixteenth of a period at the longest sequence; small errors are tried first and kept when as good.
        let step = .pi / 8 / most
        let count = Int(min(.pi / 4 / least / step, 2000))
        for size in 0...max(1, count) {
            for error in [Double(size) * step, -Double(size) * step] {
                for initial in fitsInitial ? [0, 0.3, -0.3] : [0] {
                    var (sum, square) = (0.0, 0.0)
                    for i in x.indices {
                        let residual = y[i] - mean - contrast * sign(x[i]) * sin(x[i].magnitude * error + initial)
                        sum += residual
                        square += residual * residual
                    }
                    let left = square - sum * sum / Double(y.count)
                    guard left < rest else { continue }
                    rest = left
                    let offset = mean + sum / Double(y.count)
                    best = fitsInitial ? [offset, error, initial] : [offset, error]
                }
            }
        }
        return best
    }

    private func sign(_ x: Double) -> Double { x < 0 ? -1 : 1 }
}
