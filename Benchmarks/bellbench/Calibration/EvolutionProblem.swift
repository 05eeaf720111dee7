import BellModel
import Glibc

@testable import MockLab

/// Two transmons, entangled at first, whose nodes play a pulse each twice: the pair of Tests/MockLabTests/Reference.
struct EvolutionProblem {
    /// Programs and truths of both nodes.
    let programs: PerNode<NodeProgram>
    let truths: PerNode<NodeTruth>
    /// The start as MockLab has it, and by matrix elements, index 9 · row + column, row = 3 · alice + bob.
    let start: [Double]
    let startMatrix: [Complex]
    /// Seconds.
    let end: Double

    /// - Parameters:
    ///   - reference: The member `pair` of the reference file.
    ///   - levels: 3, or 2: without the third level and in the state of the link alone.
    init(_ reference: JSON, levels: Int) throws(BellError) {
        guard let truths = reference["truths"]?.arrayValue, let pulses = reference["pulses"]?.arrayValue,
            truths.count == 2, pulses.count == 2
        else { throw EvolutionProblem.flaw("truths and pulses") }
        let wait = try EvolutionProblem.number(reference, "wait")
        let duration = try EvolutionProblem.number(pulses[0], "duration")
        func made<Value>(_ make: (Int) throws(BellError) -> Value) throws(BellError) -> PerNode<Value> {
            PerNode(alice: try make(0), bob: try make(1))
        }
        self.truths = try made { (place) throws(BellError) in
            try EvolutionProblem.truth(truths[place], levels: levels)
        }
        programs = try made { (place) throws(BellError) in
            try EvolutionProblem.program(pulses[place], starts: [0, duration + wait])
        }
        end = (2 * duration + wait) * 1e-6
        startMatrix = levels == 3 ? try EvolutionProblem.matrix(reference["start"]) : EvolutionProblem.oneExcitation()
        start = EvolutionProblem.coefficients(of: startMatrix)
    }

    /// One evolution as MockLab does it when it gets programs: their samples' exponentials, both nodes' matrices, the state.
    func evolve() -> JointState {
        var state = JointState(coefficients: start)
        for node in Node.allCases {
            let dynamics = NodeDynamics(program: programs[node], truth: truths[node], pulseDelay: 0)
            var matrix = LevelBasis.identity
            dynamics.evolve(&matrix, columns: 9, from: 0, to: end, bit: 1, shift: 0)
            state.apply(node == .alice ? matrix : LevelBasis.transpose(matrix), to: node)
        }
        return state
    }

    // MARK: Reading

    private static func flaw(_ what: String) -> BellError {
        BellError(.benchProgram, "The reference of QuTiP has no \(what).", at: "Tests/MockLabTests/Reference")
    }

    private static func number(_ json: JSON, _ key: String) throws(BellError) -> Double {
        guard let value = json[key]?.doubleValue else { throw flaw(key) }
        return value
    }

    static func matrix(_ json: JSON?) throws(BellError) -> [Complex] {
        let parts = (json?.arrayValue ?? []).compactMap { $0.arrayValue?.compactMap(\.doubleValue) }
        guard parts.count == 81, parts.allSatisfy({ $0.count == 2 }) else { throw flaw("density matrix") }
        return parts.map { Complex($0[0], $0[1]) }
    }

    private static func truth(_ json: JSON, levels: Int) throws(BellError) -> NodeTruth {
        var truth = NodeTruth()
        truth.t1 = try number(json, "t1") * 1e-6
        truth.t2 = try number(json, "t2") * 1e-6
        truth.thermal = try number(json, "thermal")
        truth.rabi = try number(json, "rabi") * 1e6
        truth.detuning = try number(json, "detuning") * 1e6
        truth.anharmonicity = levels == 3 ? try number(json, "anharmonicity") * 1e6 : nil
        return truth
    }

    /// A cosine of so many microseconds with its DRAG quadrature in samples of 0.5 ns, as make_qutip.py plays it.
    private static func program(_ pulse: JSON, starts: [Double]) throws(BellError) -> NodeProgram {
        let nanoseconds = try number(pulse, "duration") * 1e3
        let drag = try number(pulse, "drag")
        let amplitude = UInt16((65_535 * (try number(pulse, "amplitude"))).rounded())
        let turns = try number(pulse, "axis") / 360
        let count = Int((2 * nanoseconds).rounded())
        let angles = (0..<count).map { 2 * Double.pi * (Double($0) + 0.5) / Double(count) }
        let code = { (value: Double) in Int16((32_767 * value).rounded(.toNearestOrEven)) }
        let waveform = Waveform(
            i: angles.map { code(0.5 - 0.5 * cos($0)) }, q: angles.map { code(drag * .pi / nanoseconds * sin($0)) })
        guard let rate = TickRate(numerator: 8_000_000_000) else { throw flaw("tick rate") }
        return NodeProgram(
            node: .alice, tickRate: rate, ticksPerSample: 4, trialPeriod: 640_000, clockEvery: 1, inputBits: .board,
            waveforms: [waveform],
            events: starts.map { start in
                ProgramEvent(
                    kind: .drive, tick: UInt32((start * 8000).rounded()), duration: UInt32(count * 4), waveform: 0,
                    amplitude: amplitude,
                    phase: UInt32(truncatingIfNeeded: Int64((turns * 4_294_967_296).rounded())), detuning: 0)
            }, discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }

    // MARK: Density matrices

    /// (|ge⟩ + i|eg⟩)/√2.
    private static func oneExcitation() -> [Complex] {
        var rho = [Complex](repeating: Complex(0), count: 81)
        rho[1 * 9 + 1] = Complex(0.5)
        rho[3 * 9 + 3] = Complex(0.5)
        rho[3 * 9 + 1] = Complex(0, 0.5)
        rho[1 * 9 + 3] = Complex(0, -0.5)
        return rho
    }

    /// Alice's nine numbers by bob's: for each of alice's matrix elements, real and imaginary part, bob's numbers.
    static func coefficients(of rho: [Complex]) -> [Double] {
        func rows(_ j: Int, _ k: Int) -> (re: [Double], im: [Double]) {
            let block = (0..<9).map { rho[(3 * j + $0 / 3) * 9 + 3 * k + $0 % 3] }
            let adjoint = (0..<9).map { block[$0 % 3 * 3 + $0 / 3].conjugate }
            // Both parts are Hermitian.
            let re = zip(block, adjoint).map { 0.5 * ($0 + $1) }
            let im = zip(block, adjoint).map { Complex(0, -0.5) * ($0 - $1) }
            return (LevelBasis.coefficients(of: re), LevelBasis.coefficients(of: im))
        }
        let levels = (0..<3).flatMap { rows($0, $0).re }
        return LevelBasis.pairs.reduce(into: levels) { all, pair in
            let (re, im) = rows(pair.0, pair.1)
            all += re + im
        }
    }
}
