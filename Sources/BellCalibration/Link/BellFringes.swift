import BellFit
import BellModel
import Glibc

/// E(x, y; θ) = offset + visibility · cos(θ − peak − δ) of all four setting pairs, with one common δ.
///
/// Peaks of bell-phase.yaml: alice reads the directions 90° (x = 0: R_x(π/2) brings +y to +z) and 0° (x = 1: then R_−y(π/2)
/// brings +x there); bob, turned by −45° and with his second axis 45°, reads 45° and 135°. In (|eg⟩ + e^{iφ}|ge⟩)/√2 the
/// correlation of directions α and β is cos(β − α − φ), so E is largest at θ = α − β + φ − link_phase: δ is what must be
/// added to link_phase.
///
/// A fit's x is the place: 4 · (place in `angles`) + 2x + y.
struct BellFringes: FitModel {
    /// θ in degrees.
    let angles: [Double]

    /// α − β of each setting pair in degrees, index 2x + y.
    static let peaks = [45.0, -45, -45, -135]

    var parameterNames: [String] {
        ["delta"] + (0..<4).flatMap { ["offset\($0 >> 1)\($0 & 1)", "visibility\($0 >> 1)\($0 & 1)"] }
    }

    func value(_ x: Double, _ p: [Double]) -> Double {
        guard let (pair, angle) = place(x, p) else { return .nan }
        return p[1 + 2 * pair] + p[2 + 2 * pair] * cos(angle)
    }

    func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        guard let (pair, angle) = place(x, p) else { return false }
        for k in gradient.indices { gradient[k] = 0 }
        gradient[0] = p[2 + 2 * pair] * sin(angle)
        gradient[1 + 2 * pair] = 1
        gradient[2 + 2 * pair] = cos(angle)
        return true
    }

    func start(x: [Double], y: [Double]) -> [Double]? {
        guard x.count == y.count else { return nil }
        // Each pair's own sinusoid, turned back by its peak: their sum shows δ.
        var p = [Double](repeating: 0, count: 9)
        var (re, im) = (0.0, 0.0)
        var sizes: [Double] = []
        for pair in 0..<4 {
            let own = x.indices.filter { Int(x[$0]) & 3 == pair && x[$0] >= 0 }
            let thetas = own.compactMap { Int(x[$0]) / 4 < angles.count ? angles[Int(x[$0]) / 4] : nil }
            guard thetas.count == own.count else { return nil }
            let fit = LeastSquares.fit(CosineKnownPeriod(period: 360), x: thetas, y: own.map { y[$0] })
            guard fit.hasConverged else { return nil }
            let turn = Self.peaks[pair] * .pi / 180
            let (c, s) = (fit.parameters[1], fit.parameters[2])
            re += c * cos(turn) + s * sin(turn)
            im += s * cos(turn) - c * sin(turn)
            p[1 + 2 * pair] = fit.parameters[0]
            sizes.append((c * c + s * s).squareRoot())
        }
        p[0] = atan2(im, re)
        for pair in 0..<4 { p[2 + 2 * pair] = sizes[pair] }
        return p
    }

    func normal(_ p: [Double]) -> [Double] {
        var p = p
        // All visibilities negative is half a turn of δ.
        if (0..<4).reduce(0, { $0 + p[2 + 2 * $1] }) < 0 {
            for pair in 0..<4 { p[2 + 2 * pair] = -p[2 + 2 * pair] }
            p[0] += .pi
        }
        p[0] = Self.wrapped(p[0])
        return p
    }

    /// In −π…π.
    static func wrapped(_ angle: Double) -> Double { remainder(angle, 2 * .pi) }

    private func place(_ x: Double, _ p: [Double]) -> (pair: Int, angle: Double)? {
        guard x >= 0, x < Double(4 * angles.count), p.count == 9 else { return nil }
        let place = Int(x)
        return (place & 3, (angles[place / 4] - Self.peaks[place & 3]) * .pi / 180 - p[0])
    }
}

/// What a θ sweep shows.
struct FringeFit: Sendable {
    let model: BellFringes
    let correlations: [BellCorrelations]
    let fit: Fit
    let x: [Double]
    let y: [Double]
    let sigma: [Double]

    init(angles: [Double], correlations: [BellCorrelations]) {
        model = BellFringes(angles: angles)
        self.correlations = correlations
        x = (0..<4 * angles.count).map(Double.init)
        y = correlations.flatMap { $0.values.map(\.value) }
        sigma = correlations.flatMap { $0.values.map(\.sigma) }
        fit = LeastSquares.fit(model, x: x, y: y, sigma: sigma)
    }

    /// What must be added to link_phase, in radians.
    var delta: Uncertain { Uncertain(fit["delta"], fit.uncertainty(of: "delta")) }

    /// S where it is largest: (Σ visibilities)/√2 plus the offsets, which do not turn.
    var largestS: Uncertain {
        combination { pair in (visibility: 0.5.squareRoot(), offset: BellCorrelations.signs[pair]) }
    }

    /// S with link_phase as it is.
    var presentS: Uncertain {
        let c = cos(fit["delta"]) * 0.5.squareRoot()
        return combination { pair in (visibility: c, offset: BellCorrelations.signs[pair]) }
    }

    /// Mean of the four visibilities.
    var visibility: Uncertain { combination { _ in (visibility: 0.25, offset: 0) } }

    private func combination(_ weights: (Int) -> (visibility: Double, offset: Double)) -> Uncertain {
        guard fit.parameters.count == 9, fit.covariance.count == 81 else { return Uncertain(.nan, .nan) }
        var row = [Double](repeating: 0, count: 9)
        for pair in 0..<4 {
            row[1 + 2 * pair] = weights(pair).offset
            row[2 + 2 * pair] = weights(pair).visibility
        }
        let value = zip(row, fit.parameters).reduce(0) { $0 + $1.0 * $1.1 }
        var variance = 0.0
        for i in 0..<9 { for j in 0..<9 { variance += row[i] * row[j] * fit.covariance[9 * i + j] } }
        return Uncertain(value, max(variance, 0).squareRoot())
    }

    /// Standard deviation in radians of the phase from angle to angle, beyond the trials' own scatter.
    ///
    /// Residuals of a phase that was off by ε are slope · ε for all four pairs at once: ε of each angle by least squares,
    /// and of these what their own uncertainty does not explain.
    var phaseNoise: Double {
        guard fit.hasConverged else { return .nan }
        var (excess, count) = (0.0, 0.0)
        for at in model.angles.indices {
            var (product, weight) = (0.0, 0.0)
            for pair in 0..<4 {
                let place = 4 * at + pair
                var gradient = [Double](repeating: 0, count: 9)
                guard model.gradient(x[place], fit.parameters, into: &gradient) else { continue }
                let residual = y[place] - model.value(x[place], fit.parameters)
                product += gradient[0] * residual / (sigma[place] * sigma[place])
                weight += gradient[0] * gradient[0] / (sigma[place] * sigma[place])
            }
            guard weight > 0 else { continue }
            let shift = product / weight
            excess += shift * shift - 1 / weight
            count += 1
        }
        return count > 1 ? max(excess / (count - 1), 0).squareRoot() : .nan
    }
}
