import BellHost
import BellModel

@testable import MockLab

/// One Lindblad evolution of both nodes' transmons by MockLab, beside QuTiP's mesolve on the same problem.
struct EvolutionBench {
    private static let rounds = 1000
    /// Microseconds.
    private static let goal = 250.0
    private static let agreement = 1e-6

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let root = parent(of: parent(of: parent(of: bench.folders.laboratory)))
        let folder = "\(root)/Tests/MockLabTests/Reference"
        let path = "\(folder)/qutip.json"
        guard let pair = try JSON(parsing: try readText(path), source: path)["pair"] else {
            throw BellError(.benchProgram, "The reference of QuTiP has no pair.", at: path)
        }
        return [
            try row("evolution", "two qubits, Lindblad, 2 × 12 ns driven", pair, levels: 2, folder),
            try row("evolution.transmons", "the same with three levels each", pair, levels: 3, folder),
        ]
    }

    private func row(_ id: String, _ what: String, _ pair: JSON, levels: Int, _ folder: String) throws(BellError)
        -> BenchRow
    {
        let problem = try EvolutionProblem(pair, levels: levels)
        var times = Samples()
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        try measure(problem, &times)
        let peer = try askPeer(problem, pair, levels: levels, folder)
        try measure(problem, &times)
        let microseconds = times.quantile(0) * 1e6
        var row = BenchRow(
            id: id, what: what, value: microseconds, unit: .microseconds, goal: "≤ 0.25 ms, to 1e-6",
            isMet: microseconds <= EvolutionBench.goal,
            notes: [
                "fastest of \(times.values.count), median \(Unit.microseconds.text(times.median * 1e6)), from the "
                    + "programs on; a pulse of 24 samples on each, 0.5 µs, the same pulses again; entangled at first"
            ])
        if levels == 3 {
            let off = try distance(problem, pair["rho"])
            row.notes.append("largest difference from the stored numbers of QuTiP: \(off)")
        }
        guard let version = peer["qutip"]?.stringValue else {
            row.notes.append("QuTiP: not measured, no Python has it; Benchmarks/README.md says how it is found")
            return row
        }
        guard let whole = peer["mesolve_s"]?.doubleValue, let prepared = peer["prepared_s"]?.doubleValue,
            let method = peer["method"]?.stringValue, let tolerance = peer["tolerance"]?.doubleValue
        else {
            throw BellError(
                .benchProgram, "QuTiP's answer is not understood.", at: bench.folders.peers, cause: peer.text)
        }
        row.notes.append(
            "QuTiP by \(method), rtol \(tolerance), its fastest way that is right to 1e-6; largest difference "
                + "\(try distance(problem, peer["rho"]))")
        row.beside = [
            .init(name: "QuTiP \(version) mesolve", value: whole * 1e6),
            .init(name: "QuTiP MESolver.run, prepared before", value: prepared * 1e6),
        ]
        return row
    }

    private func measure(_ problem: EvolutionProblem, _ times: inout Samples) throws(BellError) {
        for _ in 0..<EvolutionBench.rounds {
            try bench.interruption.check()
            var trace = 0.0
            times.add(seconds(of: { trace = problem.evolve().trace }))
            guard (trace - 1).magnitude < 1e-9 else {
                throw BellError(.benchDisagreement, "An evolution lost a part of the state.", cause: "trace \(trace)")
            }
        }
    }

    private func askPeer(_ problem: EvolutionProblem, _ pair: JSON, levels: Int, _ folder: String) throws(BellError)
        -> JSON
    {
        guard let python = bench.folders.qutip else { return .null }
        let path = "\(bench.folder)/evolution.json"
        let file: JSON = [
            "levels": .int(Int64(levels)), "truths": pair["truths"] ?? .null, "pulses": pair["pulses"] ?? .null,
            "wait": pair["wait"] ?? .null,
            "start": .array(problem.startMatrix.map { .array([.double($0.re), .double($0.im)]) }),
        ]
        try writeFileAtomically(path, text: file.text, mode: 0o644)
        let answer = try bench.ask(python, ["\(bench.folders.peers)/qutip_evolve.py", path, folder])
        try removeFile(path)
        return answer
    }

    /// Largest difference of a number of the state from another solver's.
    ///
    /// - Throws: `bench.disagreement` beyond 1e-6.
    private func distance(_ problem: EvolutionProblem, _ rho: JSON?) throws(BellError) -> Double {
        let expected = EvolutionProblem.coefficients(of: try EvolutionProblem.matrix(rho))
        let largest = zip(problem.evolve().coefficients, expected).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
        guard largest < EvolutionBench.agreement else {
            throw BellError(
                .benchDisagreement, "QuTiP and MockLab disagree about an evolution.", at: bench.folders.peers,
                cause: "a number of the state differs by \(largest)")
        }
        return largest
    }
}
