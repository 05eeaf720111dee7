import BellFit
import Glibc

/// Signal of a π pulse that is moved through the readout: y = low + height · g(x), x from the readout's to the pulse's start.
///
/// Two kinds of apparatus: where the first photons of the tone decide (`sees` nil), g = sin²(π/2 · part of the pulse before
/// the tone's front); where the qubit is watched all along a window, g falls in a straight line from front to the window's
/// end. `front` is what drive and tone differ by: readout_in − drive_line. Start: the best front of a grid.
struct ReadoutEdge: FitModel {
    let pulse: EnvelopeArea
    /// Nanoseconds of the window in which a turned qubit still shows; nil: none.
    let sees: Double?

    var parameterNames: [String] { ["low", "height", "front"] }

    func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * shape(x, front: p[2]) }

    private func shape(_ x: Double, front: Double) -> Double {
        if let sees {
            return min(max((front + sees - x - pulse.duration / 2) / sees, 0), 1)
        }
        let s = sin(.pi / 2 * pulse.share((front - x) / pulse.duration))
        return s * s
    }

    func start(x: [Double], y: [Double]) -> [Double]? {
        guard x.count == y.count, x.count > 3, let first = x.min(), let last = x.max(), last > first else { return nil }
        var best: (rest: Double, p: [Double])?
        let count = Double(x.count)
        for front in stride(
            from: first - (sees ?? 0), through: last + pulse.duration, by: max((last - first) / 400, 0.05))
        {
            let g = x.map { shape($0, front: front) }
            let (meanG, meanY) = (g.reduce(0, +) / count, y.reduce(0, +) / count)
            var (gg, gy, yy) = (0.0, 0.0, 0.0)
            for (a, b) in zip(g, y) {
                gg += (a - meanG) * (a - meanG)
                gy += (a - meanG) * (b - meanY)
                yy += (b - meanY) * (b - meanY)
            }
            guard gg > 1e-6 else { continue }
            let rest = yy - gy * gy / gg
            if rest < best?.rest ?? .infinity { best = (rest, [meanY - gy / gg * meanG, gy / gg, front]) }
        }
        return best?.p
    }
}
