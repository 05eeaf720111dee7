import Glibc

/// The rates and Hamiltonian of one node's three-level transmon in the node's frame.
///
/// H/h = Δ n + α n(n − 1)/2 + Ω (d a† + d* a)/2 with the truncated ladder operator a = |0⟩⟨1| + √2 |1⟩⟨2|, Ω the Rabi
/// frequency at full scale and d the drive. Lindblad operators: |0⟩⟨1| at (1 − p)/T1 and |1⟩⟨0| at p/T1 with p the
/// thermal population, |1⟩⟨2| at 2/T1, and a†a for pure dephasing at 1/Tφ = 1/T2 − 1/(2 T1): a coherence between j and
/// k falls at (j − k)²/Tφ besides. Without an anharmonicity nothing couples to |2⟩: a two-level system.
/// - SeeAlso: Koch et al., PRA 76, 042319 (2007); Motzoi et al., PRL 103, 110501 (2009).
struct Transmon: Sendable {
    /// Hz, from the node's frame; without slow noise.
    let detuning: Double
    /// Hz.
    let anharmonicity: Double
    let thermal: Double
    /// 1/T1 in 1/s.
    let relaxation: Double
    /// How fast the coherences of ``LevelBasis/pairs`` fall, in 1/s.
    let decoherence: (Double, Double, Double)
    /// Generators in 1/s: all without detuning and drive; 1 Hz of detuning; a drive of full scale along x and along y.
    let base: [Double]
    let perHertz: [Double]
    let alongX: [Double]
    let alongY: [Double]

    init(truth: NodeTruth) {
        detuning = truth.detuning
        anharmonicity = truth.anharmonicity ?? 0
        thermal = truth.thermal
        relaxation = 1 / truth.t1
        // T2 beyond 2 T1 is impossible.
        let dephasing = max(0, 1 / truth.t2 - 0.5 * relaxation)
        let leave = [thermal * relaxation, (1 - thermal) * relaxation, 2 * relaxation]
        decoherence = (
            0.5 * (leave[0] + leave[1]) + dephasing, 0.5 * (leave[1] + leave[2]) + dephasing,
            0.5 * (leave[0] + leave[2]) + 4 * dephasing
        )
        let turn = 2 * Double.pi
        let diagonal = { (a: Double, b: Double, c: Double) in
            [a, 0, 0, 0, b, 0, 0, 0, c].map { Complex(turn * $0) }
        }
        var base = LevelBasis.commutator(diagonal(0, 0, anharmonicity))
        base[0] -= leave[0]
        base[1] += leave[1]
        base[9] += leave[0]
        base[10] -= leave[1]
        base[11] += leave[2]
        base[20] -= leave[2]
        for (place, rate) in [decoherence.0, decoherence.1, decoherence.2].enumerated() {
            base[(3 + 2 * place) * 10] -= rate
            base[(4 + 2 * place) * 10] -= rate
        }
        self.base = base
        perHertz = LevelBasis.commutator(diagonal(0, 1, 2))
        let half = 0.5 * turn * truth.rabi
        let upper = truth.anharmonicity == nil ? 0 : 2.0.squareRoot() * half
        let drive = { (d: Complex) in
            let (a, b) = (half * d, upper * d)
            let zero = Complex(0)
            return LevelBasis.commutator([zero, a.conjugate, zero, a, zero, b.conjugate, zero, b, zero])
        }
        alongX = drive(Complex(1))
        alongY = drive(Complex(0, 1))
    }

    /// The generator without drive in a frame that turns at `carrier`, with the qubit shifted by `offset`; both in Hz.
    func generator(carrier: Double, offset: Double) -> [Double] {
        let shift = detuning + offset - carrier
        return zip(base, perHertz).map { $0 + shift * $1 }
    }

    /// `time` seconds without drive, then a turn of the frame: |n⟩ gets the phase n·angle.
    func free(time: Double, offset: Double, angle: Double) -> FreeStep {
        let shift = detuning + offset
        let turn = 2 * Double.pi * time
        var step = FreeStep()
        step.turns = (
            turned(decoherence.0, time, turn * shift - angle),
            turned(decoherence.1, time, turn * (shift + anharmonicity) - angle),
            turned(decoherence.2, time, turn * (2 * shift + anharmonicity) - 2 * angle)
        )
        guard time > 0, relaxation > 0 else { return step }
        step.stay = exp(-relaxation * time)
        step.leave = -expm1(-relaxation * time)
        step.thermal = thermal
        return step
    }

    private func turned(_ rate: Double, _ time: Double, _ angle: Double) -> Complex {
        angle == 0 && rate == 0 ? Complex(1) : exp(-rate * time) * Complex.phase(angle)
    }
}

/// Evolution without drive: factors of the coherences, and the populations' relaxation in closed form.
struct FreeStep: Sendable {
    /// Factors of ρ01, ρ12, ρ02.
    var turns = (Complex(1), Complex(1), Complex(1))
    /// e^{−t/T1} and 1 − e^{−t/T1}.
    var stay = 1.0
    var leave = 0.0
    var thermal = 0.0

    /// Acts on 9×columns numbers.
    @inline(__always)
    func apply(to state: UnsafeMutablePointer<Double>, columns: Int) {
        for column in 0..<columns {
            let p0 = state[column]
            let p1 = state[columns + column]
            let p2 = state[2 * columns + column]
            // dp2/dt = −2Γ p2, dp1/dt = 2Γ p2 + pΓ p0 − (1 − p)Γ p1.
            let new2 = stay * stay * p2
            let new1 = thermal * leave * (p0 + p1 + p2) + stay * p1 + (2 - thermal) * stay * leave * p2
            state[columns + column] = new1
            state[2 * columns + column] = new2
            state[column] = p0 + (p1 - new1) + (p2 - new2)
        }
        turn(state + 3 * columns, turns.0, columns)
        turn(state + 5 * columns, turns.1, columns)
        turn(state + 7 * columns, turns.2, columns)
    }

    @inline(__always)
    private func turn(_ rows: UnsafeMutablePointer<Double>, _ factor: Complex, _ columns: Int) {
        for column in 0..<columns {
            let value = factor * Complex(rows[column], rows[columns + column])
            rows[column] = value.re
            rows[columns + column] = value.im
        }
    }
}
