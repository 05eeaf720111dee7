import BellModel
import Foundation

/// A two-qubit state vector, written for these tests alone: an ideal laboratory that plays two programs.
///
/// Amplitudes of gg, ge, eg, ee (alice first).
struct TwoQubits {
    struct Complex {
        var re: Double
        var im: Double
        static func + (a: Complex, b: Complex) -> Complex { Complex(re: a.re + b.re, im: a.im + b.im) }
        static func * (a: Complex, b: Complex) -> Complex {
            Complex(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
        }
        var size2: Double { re * re + im * im }
    }

    var psi: [Complex]

    /// (|eg⟩ + e^{iφ}|ge⟩)/√2.
    init(linkPhase: Double) {
        let h = 0.5.squareRoot()
        psi = [
            Complex(re: 0, im: 0), Complex(re: h * cos(linkPhase), im: h * sin(linkPhase)), Complex(re: h, im: 0),
            Complex(re: 0, im: 0),
        ]
    }

    /// exp(−iθ/2 (cos φ X + sin φ Y)) on one qubit.
    mutating func rotate(_ node: Node, theta: Double, phi: Double) {
        let bit = node == .alice ? 2 : 1
        let c = Complex(re: cos(theta / 2), im: 0)
        let s = sin(theta / 2)
        // −i s e^{−iφ} takes e to g, −i s e^{iφ} takes g to e.
        let down = Complex(re: -s * sin(phi), im: -s * cos(phi))
        let up = Complex(re: s * sin(phi), im: -s * cos(phi))
        for g in 0..<4 where g & bit == 0 {
            let (a, b) = (psi[g], psi[g | bit])
            psi[g] = c * a + down * b
            psi[g | bit] = up * a + c * b
        }
    }

    /// Plays the rotations of a program sample by sample; gated ones only when the bit is 1.
    mutating func play(_ program: NodeProgram, bit: Int, rabi: Double) {
        for event in program.events where event.kind == .drive || (event.kind == .gatedDrive && bit == 1) {
            guard let place = event.waveform else { continue }
            let waveform = program.waveforms[Int(place)]
            let sample = program.tickRate.nanosecondsPerTick * 1e-9 * Double(program.ticksPerSample)
            for (i, q) in zip(waveform.i, waveform.q) {
                let size = (Double(i) * Double(i) + Double(q) * Double(q)).squareRoot() / 32_767
                rotate(
                    program.node, theta: 2 * .pi * rabi * Double(event.amplitude) / 65_535 * size * sample,
                    phi: 2 * .pi * Double(event.phase) / 4_294_967_296 + atan2(Double(q), Double(i)))
            }
        }
    }

    /// ⟨ZZ⟩ with + for equal outcomes.
    var correlation: Double { psi[0].size2 - psi[1].size2 - psi[2].size2 + psi[3].size2 }

    /// E(x, y) at index 2x + y.
    static func correlations(_ programs: PerNode<NodeProgram>, rabi: PerNode<Double>, linkPhase: Double) -> [Double] {
        (0..<4).map { setting in
            var state = TwoQubits(linkPhase: linkPhase)
            state.play(programs.alice, bit: setting >> 1, rabi: rabi.alice)
            state.play(programs.bob, bit: setting & 1, rabi: rabi.bob)
            return state.correlation
        }
    }
}
