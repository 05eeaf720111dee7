import BellModel
import Foundation
import Testing

@testable import MockLab

/// Programs and final states in Reference/qutip.json, made once with QuTiP by the script beside it.
@Suite("The evolution agrees with QuTiP's Lindblad solver")
struct QuTiPTests {
    private func reference() throws -> JSON {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Reference/qutip.json")
        return try JSON(parsing: try Data(contentsOf: url), source: "qutip.json")
    }

    private func number(_ json: JSON, _ key: String) throws -> Double { try #require(json[key]?.doubleValue) }

    private func truth(_ json: JSON) throws -> NodeTruth {
        var truth = NodeTruth()
        truth.t1 = try number(json, "t1") * 1e-6
        truth.t2 = try number(json, "t2") * 1e-6
        truth.thermal = try number(json, "thermal")
        truth.rabi = try number(json, "rabi") * 1e6
        truth.detuning = try number(json, "detuning") * 1e6
        truth.anharmonicity = try number(json, "anharmonicity") * 1e6
        return truth
    }

    private func matrix(_ json: JSON?, count: Int) throws -> [Complex] {
        let entries = try #require(json?.arrayValue).map { pair in
            Complex(try #require(pair.arrayValue?[0].doubleValue), try #require(pair.arrayValue?[1].doubleValue))
        }
        try #require(entries.count == count)
        return entries
    }

    /// The program whose samples the script played; `starts` replaces the pulses' own.
    private func program(_ pulses: [JSON], starts: [Double]? = nil) throws -> NodeProgram {
        var (waveforms, events): ([Waveform], [ProgramEvent]) = ([], [])
        for (place, pulse) in pulses.enumerated() {
            let duration = try number(pulse, "duration") * 1e3
            let drag = try number(pulse, "drag")
            let count = Int((duration / 0.5).rounded())
            let isCosine = pulse["shape"] == "cosine"
            let code = { (value: Double) in Int16((32_767 * value).rounded(.toNearestOrEven)) }
            let turns = (0..<count).map { 2 * Double.pi * (Double($0) + 0.5) / Double(count) }
            waveforms.append(
                Waveform(
                    i: turns.map { isCosine ? code(0.5 - 0.5 * cos($0)) : 32_767 },
                    q: turns.map { isCosine ? code(drag * .pi / duration * sin($0)) : 0 }))
            let start = try starts?[place] ?? number(pulse, "start")
            let axis = try number(pulse, "axis") / 360
            events.append(
                ProgramEvent(
                    kind: .drive, tick: UInt32((start * 8_000).rounded()), duration: UInt32(count * 4),
                    waveform: UInt16(place), amplitude: UInt16((65_535 * (try number(pulse, "amplitude"))).rounded()),
                    phase: UInt32(truncatingIfNeeded: Int64((axis * 4_294_967_296).rounded())),
                    detuning: Int64((try number(pulse, "carrier") * 1e9).rounded())))
        }
        return NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 1, inputBits: .board, waveforms: waveforms, events: events,
            discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }

    @Test("One transmon: pulses with and without DRAG, detuned, relaxing, long Ramsey and echo, and the 1-2 transition")
    func single() throws {
        let cases = try #require(try reference()["single"]?.arrayValue)
        #expect(cases.count >= 11)
        for entry in cases {
            let dynamics = NodeDynamics(
                program: try program(try #require(entry["pulses"]?.arrayValue)),
                truth: try truth(try #require(entry["truth"])), pulseDelay: 0)
            var state = LevelBasis.ground
            let end = try number(entry, "end") * 1e-6
            dynamics.evolve(&state, columns: 1, from: 0, to: end, bit: 0, shift: 0)
            let expected = LevelBasis.coefficients(of: try matrix(entry["rho"], count: 9))
            for (mine, theirs) in zip(state, expected) {
                #expect(abs(mine - theirs) < 1e-6, "\(entry["name"]?.stringValue ?? "")")
            }
        }
    }

    @Test("Two transmons from an entangled state: the product of both nodes' matrices is the joint evolution")
    func pair() throws {
        let entry = try #require(try reference()["pair"])
        let pulses = try #require(entry["pulses"]?.arrayValue)
        let truths = try #require(entry["truths"]?.arrayValue)
        var state = JointState(coefficients: try coefficients(of: try matrix(entry["start"], count: 81)))
        for (node, place) in [(Node.alice, 0), (.bob, 1)] {
            let played = try program([pulses[place], pulses[place]], starts: [0, 0.512])
            let dynamics = NodeDynamics(program: played, truth: try truth(truths[place]), pulseDelay: 0)
            var matrix = LevelBasis.identity
            dynamics.evolve(&matrix, columns: 9, from: 0, to: 0.524e-6, bit: 1, shift: 0)
            state.apply(node == .alice ? matrix : LevelBasis.transpose(matrix), to: node)
        }
        let expected = try coefficients(of: try matrix(entry["rho"], count: 81))
        for (mine, theirs) in zip(state.coefficients, expected) { #expect(abs(mine - theirs) < 1e-6) }
        #expect(abs(state.trace - 1) < 1e-12)
    }

    /// A 9×9 density matrix, index 3·alice + bob, as alice's nine numbers by bob's.
    private func coefficients(of rho: [Complex]) throws -> [Double] {
        let element = { (j: Int, k: Int, m: Int, n: Int) in rho[(3 * j + m) * 9 + 3 * k + n] }
        // Rows of bob's numbers for alice's |j⟩⟨k|; complex when j ≠ k.
        func parts(_ j: Int, _ k: Int) -> (re: [Double], im: [Double]) {
            var (re, im) = ([Double](repeating: 0, count: 9), [Double](repeating: 0, count: 9))
            for m in 0..<3 { (re[m], im[m]) = (element(j, k, m, m).re, element(j, k, m, m).im) }
            for (place, (m, n)) in LevelBasis.pairs.enumerated() {
                let (up, down) = (element(j, k, m, n), element(j, k, n, m))
                // Coefficients of |m⟩⟨n| + h.c. and i(|m⟩⟨n| − h.c.).
                (re[3 + 2 * place], im[3 + 2 * place]) = (0.5 * (up.re + down.re), 0.5 * (up.im + down.im))
                (re[4 + 2 * place], im[4 + 2 * place]) = (0.5 * (up.im - down.im), 0.5 * (down.re - up.re))
            }
            return (re, im)
        }
        var result = (0..<3).flatMap { parts($0, $0).re }
        for (j, k) in LevelBasis.pairs {
            let both = parts(j, k)
            result += both.re + both.im
        }
        return result
    }
}
