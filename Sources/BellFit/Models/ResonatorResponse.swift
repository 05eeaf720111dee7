/// A resonator's complex response over frequency: S(f) = background + response / (1 + 2i (f − centre)/width).
///
/// Background and response are complex: transmission has background 0 (``hasBackground`` false), reflection and a
/// notch have one, whatever the phase of the cables. `width` is the full linewidth in the unit of f; a negative one is no resonator's.
/// A fit's x is the place in `frequencies`, first all real parts, then all imaginary ones; ``fit(i:q:sigma:)`` does this.
public struct ResonatorResponse: FitModel {
    public var frequencies: [Double]
    public var hasBackground: Bool

    public init(frequencies: [Double], hasBackground: Bool = true) {
        self.frequencies = frequencies
        self.hasBackground = hasBackground
    }

    public var parameterNames: [String] {
        ["centre", "width", "response_i", "response_q"] + (hasBackground ? ["background_i", "background_q"] : [])
    }

    /// Fits both quadratures together.
    ///
    /// - Parameters:
    ///   - i: Real parts; as many as frequencies.
    ///   - q: Imaginary parts.
    ///   - sigma: Standard uncertainty of each quadrature of each point.
    public func fit(i: [Double], q: [Double], sigma: [Double]? = nil) -> Fit {
        let x = (0..<i.count + q.count).map(Double.init)
        return LeastSquares.fit(self, x: i.count == q.count ? x : [], y: i + q, sigma: sigma.map { $0 + $0 })
    }

    /// The response at any frequency.
    public func response(at frequency: Double, _ p: [Double]) -> (i: Double, q: Double) {
        let detuning = 2 * (frequency - p[0]) / p[1]
        let size = 1 / (1 + detuning * detuning)
        // 1/(1 + i d) = (1 − i d)/(1 + d²).
        let (re, im) = (size, -detuning * size)
        let (bi, bq) = hasBackground ? (p[4], p[5]) : (0, 0)
        return (bi + p[2] * re - p[3] * im, bq + p[2] * im + p[3] * re)
    }

    public func value(_ x: Double, _ p: [Double]) -> Double {
        guard let (frequency, isReal) = place(x) else { return .nan }
        let response = response(at: frequency, p)
        return isReal ? response.i : response.q
    }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        guard let (frequency, isReal) = place(x) else { return false }
        let detuning = 2 * (frequency - p[0]) / p[1]
        let size = 1 / (1 + detuning * detuning)
        let (re, im) = (size, -detuning * size)
        // d/dd of 1/(1 + i d) is −i/(1 + i d)².
        let (slopeRe, slopeIm) = (2 * re * im, im * im - re * re)
        let slope = isReal ? p[2] * slopeRe - p[3] * slopeIm : p[2] * slopeIm + p[3] * slopeRe
        gradient[0] = -2 / p[1] * slope
        gradient[1] = -detuning / p[1] * slope
        gradient[2] = isReal ? re : im
        gradient[3] = isReal ? -im : re
        if hasBackground { (gradient[4], gradient[5]) = isReal ? (1, 0) : (0, 1) }
        return true
    }

    /// The best of centres at the places and ten widths, the complex numbers solved for.
    public func start(x: [Double], y: [Double]) -> [Double]? {
        let count = frequencies.count
        guard let sweep = Sweep(frequencies), y.count == 2 * count, y.allSatisfy(\.isFinite) else { return nil }
        let (i, q) = (Array(y[..<count]), Array(y[count...]))
        var best: [Double]?
        var most = 0.0
        for width in Sweep.ratios(min(1.5 * sweep.spacing, sweep.span), 2 * sweep.span, 10) {
            for centre in Sweep.places(frequencies, 100) {
                let found = solve(i, q, centre, width)
                guard found.explained > most else { continue }
                most = found.explained
                best = [centre, width] + (hasBackground ? found.parameters : Array(found.parameters.prefix(2)))
            }
        }
        return best
    }

    /// Response and background of a given centre and width, as one complex regression.
    private func solve(_ i: [Double], _ q: [Double], _ centre: Double, _ width: Double) -> (
        parameters: [Double], explained: Double
    ) {
        let count = Double(frequencies.count)
        var (sr, si, ss, yi, yq, pi, pq) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for k in frequencies.indices {
            let detuning = 2 * (frequencies[k] - centre) / width
            let size = 1 / (1 + detuning * detuning)
            let (re, im) = (size, -detuning * size)
            sr += re
            si += im
            ss += size
            yi += i[k]
            yq += q[k]
            // conj(shape) · y.
            pi += re * i[k] + im * q[k]
            pq += re * q[k] - im * i[k]
        }
        guard hasBackground else { return ([pi / ss, pq / ss], (pi * pi + pq * pq) / ss) }
        let (mr, mi) = (sr / count, si / count)
        let spread = ss - (sr * sr + si * si) / count
        guard spread > 1e-12 * ss else { return ([0, 0, 0, 0], 0) }
        let (gi, gq) = (pi - (mr * yi + mi * yq), pq - (mr * yq - mi * yi))
        let (ri, rq) = (gi / spread, gq / spread)
        let background = [yi / count - (ri * mr - rq * mi), yq / count - (ri * mi + rq * mr)]
        return ([ri, rq] + background, (gi * gi + gq * gq) / spread)
    }

    private func place(_ x: Double) -> (frequency: Double, isReal: Bool)? {
        guard x >= 0, x < Double(2 * frequencies.count) else { return nil }
        let index = Int(x)
        return index < frequencies.count ? (frequencies[index], true) : (frequencies[index - frequencies.count], false)
    }
}
