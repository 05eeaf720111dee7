import BellModel
import Glibc

/// The density matrix of alice's qubit, bob's qubit and the photon mode of the link.
///
/// 8×8; basis index 4a + 2b + n with a, b: 0 = |g⟩, 1 = |e⟩ and n photons. The photon mode holds at most one photon and
/// is empty except between emission and absorption.
struct LinkState: Sendable {
    private var rho: [Complex]

    /// Both qubits in |g⟩, the link empty.
    init() {
        rho = [Complex](repeating: Complex(0), count: 64)
        rho[0] = Complex(1)
    }

    private static func bit(of node: Node) -> Int { node == .alice ? 4 : 2 }
    private static let photon = 1

    /// Lets a one-qubit channel act on a node's qubit.
    mutating func apply(_ channel: QubitChannel, to node: Node) {
        let bit = LinkState.bit(of: node)
        for row in 0..<8 where row & bit == 0 {
            for column in 0..<8 where column & bit == 0 {
                let places = [
                    row * 8 + column, row * 8 + column + bit, (row + bit) * 8 + column, (row + bit) * 8 + column + bit,
                ]
                let (gg, ge, eg, ee) = (rho[places[0]], rho[places[1]], rho[places[2]], rho[places[3]])
                // Components of the 2×2 block along 1, X, Y, Z.
                let old = [
                    0.5 * (gg + ee), 0.5 * (ge + eg), 0.5 * (Complex(0, 1) * (ge - eg)), 0.5 * (gg - ee),
                ]
                var new = [Complex](repeating: Complex(0), count: 4)
                for i in 0..<4 {
                    for j in 0..<4 { new[i] += channel.m[i * 4 + j] * old[j] }
                }
                rho[places[0]] = new[0] + new[3]
                rho[places[1]] = new[1] - Complex(0, 1) * new[2]
                rho[places[2]] = new[1] + Complex(0, 1) * new[2]
                rho[places[3]] = new[0] - new[3]
            }
        }
    }

    /// Exchanges excitation between a node's qubit and the photon mode.
    ///
    /// With `emits`: |e,0⟩ → cos(angle/2) |e,0⟩ + e^{iφ} sin(angle/2) |g,1⟩. Otherwise the photon goes into the qubit:
    /// |g,1⟩ → cos(angle/2) |g,1⟩ + e^{iφ} sin(angle/2) |e,0⟩. |g,0⟩ and |e,1⟩ are left alone.
    mutating func exchange(_ node: Node, angle: Double, phase: Double, emits: Bool) {
        let bit = LinkState.bit(of: node)
        let (from, to) = emits ? (bit, LinkState.photon) : (LinkState.photon, bit)
        let c = Complex(cos(angle / 2))
        let s = sin(angle / 2) * Complex.phase(phase)
        for spectator in 0..<8 where spectator & (bit | LinkState.photon) == 0 {
            let (u, v) = (spectator | from, spectator | to)
            for column in 0..<8 {
                let (p, q) = (rho[u * 8 + column], rho[v * 8 + column])
                rho[u * 8 + column] = c * p - s.conjugate * q
                rho[v * 8 + column] = s * p + c * q
            }
            for row in 0..<8 {
                let (p, q) = (rho[row * 8 + u], rho[row * 8 + v])
                rho[row * 8 + u] = c * p - s * q
                rho[row * 8 + v] = s.conjugate * p + c * q
            }
        }
    }

    /// Lets the photon survive with probability `efficiency`, and keeps its coherence by the factor `coherence`.
    mutating func travel(efficiency: Double, coherence: Double) {
        let amplitude = efficiency.squareRoot() * coherence
        for row in stride(from: 0, to: 8, by: 2) {
            for column in stride(from: 0, to: 8, by: 2) {
                let one = (row + 1) * 8 + column + 1
                rho[row * 8 + column] += (1 - efficiency) * rho[one]
                rho[one] = efficiency * rho[one]
                rho[row * 8 + column + 1] = amplitude * rho[row * 8 + column + 1]
                rho[(row + 1) * 8 + column] = amplitude * rho[(row + 1) * 8 + column]
            }
        }
    }

    /// Empties the link: whatever photon there is leaves unseen.
    mutating func emptyLink() { travel(efficiency: 0, coherence: 0) }

    /// Probabilities of gg, ge, eg, ee (alice first), whatever the link holds.
    var populations: [Double] {
        (0..<4).map { rho[$0 * 18].re + rho[$0 * 18 + 9].re }
    }

    /// The trace; 1 up to rounding.
    var trace: Double { (0..<8).reduce(0) { $0 + rho[$1 * 9].re } }
}
