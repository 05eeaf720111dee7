import Glibc

/// What a two-qubit state is worth.
enum BellMeasures {
    /// The projector on Ψ+ = (|ge⟩ + |eg⟩)/√2: what the link makes, in frames that carry its phase.
    static let target: Matrix4 = {
        var rho = Matrix4.zero
        for (row, column) in [(1, 1), (1, 2), (2, 1), (2, 2)] { rho.re[4 * row + column] = 0.5 }
        return rho
    }()

    /// ⟨Ψ+|ρ|Ψ+⟩.
    static func fidelity(_ rho: Matrix4) -> Double { target.overlap(rho) }

    /// The largest fidelity over the phase φ of (|eg⟩ + e^{iφ}|ge⟩)/√2, and that φ in radians.
    static func bestPhase(_ rho: Matrix4) -> (fidelity: Double, phase: Double) {
        // ⟨ge|ρ|eg⟩ = |…| e^{iφ}/2.
        let (re, im) = (rho.re[6], rho.im[6])
        let size = (re * re + im * im).squareRoot()
        return (0.5 * (rho.re[5] + rho.re[10]) + size, atan2(im, re))
    }

    /// Tr ρ².
    static func purity(_ rho: Matrix4) -> Double { rho.overlap(rho) }

    /// Wootters' concurrence, 0…1: from the eigenvalues of √ρ (Y⊗Y) ρ* (Y⊗Y) √ρ.
    ///
    /// - SeeAlso: Wootters, PRL 80, 2245 (1998).
    static func concurrence(_ rho: Matrix4) -> Double {
        let root = rho.mapped { max($0, 0).squareRoot() }
        // Y⊗Y is real: −1, 1, 1, −1 on the antidiagonal.
        var flip = Matrix4.zero
        (flip.re[3], flip.re[6], flip.re[9], flip.re[12]) = (-1, 1, 1, -1)
        let conjugate = Matrix4(re: rho.re, im: -rho.im)
        let product = root * flip * conjugate * flip * root
        let values = product.eigen().values.map { max($0, 0).squareRoot() }
        return max(0, values[3] - values[2] - values[1] - values[0])
    }
}
