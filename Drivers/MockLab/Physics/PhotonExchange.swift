import Glibc

/// Exchange of one excitation between a transmon's |g⟩–|e⟩ transition and the photon mode of the link.
///
/// Acts on 9×4 real numbers: the transmon's (``LevelBasis``) by the mode's. The mode holds at most one photon: |0⟩⟨0|,
/// |1⟩⟨1|, Re ρ01, Im ρ01.
struct PhotonExchange: Sendable {
    static let size = 4
    private let cosine: Double
    private let sine: Complex
    private let emits: Bool

    /// With `emits`: |e,0⟩ → cos(angle/2) |e,0⟩ + e^{iφ} sin(angle/2) |g,1⟩. Otherwise the photon goes into the transmon:
    /// |g,1⟩ → cos(angle/2) |g,1⟩ + e^{iφ} sin(angle/2) |e,0⟩. All other states are left alone.
    init(angle: Double, phase: Double, emits: Bool) {
        cosine = cos(angle / 2)
        sine = sin(angle / 2) * Complex.phase(phase)
        self.emits = emits
    }

    /// Row-major 9×4 numbers.
    func apply(to c: inout [Double]) {
        // Basis 2·level + photon.
        var rho = [Complex](repeating: Complex(0), count: 36)
        for level in 0..<3 { set(&rho, level, level, Complex(c[4 * level]), Complex(c[4 * level + 1]), c, re: level) }
        for (place, (j, k)) in LevelBasis.pairs.enumerated() {
            let (r, i) = (3 + 2 * place, 4 + 2 * place)
            let (none, one) = (Complex(c[4 * r], c[4 * i]), Complex(c[4 * r + 1], c[4 * i + 1]))
            set(&rho, j, k, none, one, c, re: r, im: i)
        }
        let (u, v) = emits ? (2, 1) : (1, 2)
        for column in 0..<6 {
            let (p, q) = (rho[u * 6 + column], rho[v * 6 + column])
            rho[u * 6 + column] = cosine * p - sine.conjugate * q
            rho[v * 6 + column] = sine * p + cosine * q
        }
        for row in 0..<6 {
            let (p, q) = (rho[row * 6 + u], rho[row * 6 + v])
            rho[row * 6 + u] = cosine * p - sine * q
            rho[row * 6 + v] = sine.conjugate * p + cosine * q
        }
        for level in 0..<3 {
            let at = 2 * level
            let cross = rho[at * 6 + at + 1]
            (c[4 * level], c[4 * level + 1]) = (rho[at * 7].re, rho[(at + 1) * 7].re)
            (c[4 * level + 2], c[4 * level + 3]) = (cross.re, cross.im)
        }
        for (place, (j, k)) in LevelBasis.pairs.enumerated() {
            let (r, i) = (4 * (3 + 2 * place), 4 * (4 + 2 * place))
            let (row, column) = (2 * j, 2 * k)
            let (none, one) = (rho[row * 6 + column], rho[(row + 1) * 6 + column + 1])
            let (up, down) = (rho[row * 6 + column + 1], rho[(row + 1) * 6 + column])
            (c[r], c[r + 1]) = (none.re, one.re)
            (c[i], c[i + 1]) = (none.im, one.im)
            (c[r + 2], c[i + 3]) = (0.5 * (up.re + down.re), 0.5 * (down.re - up.re))
            (c[i + 2], c[r + 3]) = (0.5 * (up.im + down.im), 0.5 * (up.im - down.im))
        }
    }

    /// Writes the photon's 2×2 block of ⟨j|ρ|k⟩ and its adjoint; `re` and `im` are the rows of its numbers in `c`.
    private func set(
        _ rho: inout [Complex], _ j: Int, _ k: Int, _ none: Complex, _ one: Complex, _ c: [Double], re: Int,
        im: Int? = nil
    ) {
        let (rr, ri) = (c[4 * re + 2], c[4 * re + 3])
        let (ir, ii) = im.map { (c[4 * $0 + 2], c[4 * $0 + 3]) } ?? (0, 0)
        let up = Complex(rr - ii, ri + ir)
        let down = Complex(rr + ii, ir - ri)
        let entries = [(0, 0, none), (1, 1, one), (0, 1, up), (1, 0, down)]
        for (m, n, value) in entries {
            let (row, column) = (2 * j + m, 2 * k + n)
            rho[row * 6 + column] = value
            rho[column * 6 + row] = value.conjugate
        }
    }
}
