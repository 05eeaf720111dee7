import BellModel
import Foundation
import Testing

@testable import MockLab

@Suite("Physics of the virtual laboratory, without sampling noise")
struct BellPhysicsTests {
    private let tsirelson = 2 * 2.0.squareRoot()

    private func physics(
        _ programs: HandMadeProgram = HandMadeProgram(), _ change: (inout PhysicsTruth) -> Void = { _ in }
    ) throws -> BellPhysics {
        var truth = HandMadeProgram.truth
        change(&truth)
        return BellPhysics(programs: try programs.pair, truth: truth)
    }

    @Test("A perfect laboratory reaches 2√2")
    func perfect() throws {
        #expect(abs(try physics().sValue() - tsirelson) < 1e-9)
    }

    @Test("Settings without a turned frame, and the other sign patterns, follow the cosines")
    func frames() throws {
        for eighth in 0..<8 {
            let angle = 2 * Double.pi * Double(eighth) / 8
            let programs = HandMadeProgram(frame: UInt32(eighth) << 29)
            let physics = try physics(programs)
            #expect(abs(physics.correlation(x: 0, y: 0) - cos(angle)) < 1e-9)
            #expect(abs(physics.correlation(x: 1, y: 0) + sin(angle)) < 1e-9)
            #expect(abs(physics.correlation(x: 0, y: 1) + sin(angle)) < 1e-9)
            #expect(abs(physics.correlation(x: 1, y: 1) + cos(angle)) < 1e-9)
        }
    }

    @Test("A wrong π/2 amplitude lowers S by what the rotations say", arguments: [-0.1, -0.02, 0.05, 0.2])
    func amplitude(error: Double) throws {
        let angle = Double.pi / 2 * (1 + error)
        let (s, c) = (sin(angle), cos(angle))
        // What the outcome measures: components along x, y, z; bob's in his turned frame. ⟨XX⟩ = ⟨YY⟩ = 1, ⟨ZZ⟩ = −1.
        let alice = [[0, s, c], [s, s * c, c * c]]
        let r = 0.5.squareRoot()
        let turned = [[0, s, c], [-s, s * c, c * c]].map { [r * ($0[0] + $0[1]), r * ($0[1] - $0[0]), $0[2]] }
        var expected = 0.0
        for x in 0..<2 {
            for y in 0..<2 {
                let (a, b) = (alice[x], turned[y])
                expected += (x * y == 1 ? -1 : 1) * (a[0] * b[0] + a[1] * b[1] - a[2] * b[2])
            }
        }
        let physics = try physics { truth in
            for node in Node.allCases { truth.nodes[node].rabi *= 1 + error }
        }
        #expect(abs(physics.sValue() - expected) < 1e-9)
        #expect(physics.sValue() < tsirelson - 1e-4)
        let loaded = try self.physics(HandMadeProgram(scale: 1 + error))
        #expect(abs(loaded.sValue() - expected) < 1e-4, "the loaded amplitude counts as the true one does")
    }

    @Test("Detuning, relaxation, dephasing and a noisy link lower S")
    func imperfections() throws {
        let changes: [(String, @Sendable (inout PhysicsTruth) -> Void)] = [
            ("detuning", { $0.nodes.alice.detuning = 300e3 }),
            ("T1", { $0.nodes.bob.t1 = 10e-6 }),
            ("T2", { $0.nodes.alice.t2 = 8e-6 }),
            ("thermal", { $0.nodes.bob.thermal = 0.02 }),
            ("loss", { $0.link.efficiency = 0.8 }),
            ("phase noise", { $0.link.phaseNoise = 0.3 }),
            ("phase", { $0.link.phase = 0.05 }),
            (
                "late absorption",
                { truth in
                    truth.link.modeWidth = 50e-9
                    truth.link.delay += 30e-9
                }
            ),
            ("half absorption", { $0.nodes.bob.absorbRate *= 0.8 }),
            ("slow switch", { $0.nodes.alice.switchDelay = 8e-9 }),
            ("readout noise", { $0.nodes.alice.readout.noise = 3000 }),
        ]
        for (name, change) in changes {
            let s = try physics(HandMadeProgram(), change).sValue()
            #expect(s < tsirelson - 1e-3, "\(name)")
            #expect(s > 1.5, "\(name)")
        }
    }

    @Test("A lost photon leaves √η of the coherence and nothing else")
    func loss() throws {
        // |eg⟩ + √η |ge⟩ and, apart from it, |gg⟩: equatorial correlations fall to √η.
        for efficiency in [0.0, 0.25, 0.81, 1.0] {
            let s = try physics { $0.link.efficiency = efficiency }.sValue()
            #expect(abs(s - tsirelson * efficiency.squareRoot()) < 1e-9)
        }
    }

    @Test("A blocked link or a missing emission cannot pass 2")
    func blocked() throws {
        #expect(abs(try physics { $0.link.efficiency = 0 }.sValue()) <= 2)
        #expect(abs(try physics(HandMadeProgram(emits: false)).sValue()) <= 2)
        #expect(abs(try physics { truth in truth.nodes.bob.absorbRate = 0 }.sValue()) <= 2)
    }

    @Test("Dephasing for a known time gives e^{−t/T2}")
    func dephasing() throws {
        // Bob idles from the middle of the absorption (tick 2600) to the readout (4360); a pulse about the equator
        // takes part of the coherence to the pole, so the bound is one-sided on both sides.
        let t2 = 1e-6
        let s = try physics { truth in truth.nodes.bob.t2 = t2 }.sValue()
        let least = tsirelson * exp(-(4_360.0 - 2_600) * 0.125e-9 / t2)
        let most = tsirelson * exp(-(4_000.0 - 2_600) * 0.125e-9 / t2)
        #expect(s > least && s < most)
    }

    @Test("Without isolation the switch passes always and S falls to a local value")
    func isolation() throws {
        let open = try physics { truth in
            for node in Node.allCases { truth.nodes[node].gateIsolation = 0 }
        }
        #expect(abs(open.sValue()) <= 2)
        let weak = try physics { truth in truth.nodes.alice.gateIsolation = 20 }.sValue()
        #expect(weak < tsirelson - 1e-3)
        #expect(weak > 2)
    }

    @Test("Readout error e at both nodes multiplies S by (1 − 2e)²", arguments: [0.01, 0.02, 0.1])
    func readoutError(error: Double) throws {
        // Bisection for the noise that gives the error: P(N(−d, σ) > 0) = e.
        var (low, high) = (1.0, 1e6)
        for _ in 0..<200 {
            let middle = 0.5 * (low + high)
            if ReadoutModel.above(-6000 / middle) < error { low = middle } else { high = middle }
        }
        let s = try physics { truth in
            for node in Node.allCases { truth.nodes[node].readout.noise = low }
        }.sValue()
        #expect(abs(s - tsirelson * (1 - 2 * error) * (1 - 2 * error)) < 1e-9)
    }

    @Test("Relaxation during the readout: integral, closed form without noise, and the limit agree")
    func readoutDecay() throws {
        let program = try HandMadeProgram().program(.alice)
        var truth = NodeTruth()
        truth.t1 = 5e-6
        let sharp = ReadoutModel(program: program, truth: truth)
        // Decided by the half of the window in which it decays: lost when before the middle.
        #expect(abs(sharp.probabilityOfOne(excited: 1) - exp(-0.5 * 50e-9 / 5e-6)) < 1e-12)
        #expect(sharp.probabilityOfOne(excited: 0) == 0)
        truth.readout.noise = 20
        let soft = ReadoutModel(program: program, truth: truth)
        #expect(abs(soft.probabilityOfOne(excited: 1) - sharp.probabilityOfOne(excited: 1)) < 1e-5)
        truth.readout.noise = 1e7
        let useless = ReadoutModel(program: program, truth: truth)
        #expect(abs(useless.probabilityOfOne(excited: 1) - 0.5) < 1e-3)
        truth.t1 = .infinity
        truth.readout.noise = 3000
        let plain = ReadoutModel(program: program, truth: truth)
        #expect(abs(plain.probabilityOfOne(excited: 1) - (1 - plain.probabilityOfOne(excited: 0))) < 1e-12)
    }

    @Test("p(ab|xy) is a distribution and does not signal")
    func noSignalling() throws {
        let physics = try physics { truth in
            for node in Node.allCases {
                truth.nodes[node].t1 = 12e-6
                truth.nodes[node].t2 = 9e-6
                truth.nodes[node].thermal = 0.01
                truth.nodes[node].detuning = 120e3
                truth.nodes[node].gateIsolation = 25
                truth.nodes[node].readout.noise = 2500
            }
            truth.link.efficiency = 0.8
        }
        let p = physics.outcomes
        for setting in 0..<4 { #expect(abs(p[4 * setting..<4 * setting + 4].reduce(0, +) - 1) < 1e-12) }
        #expect(p.allSatisfy { $0 >= 0 })
        for bit in 0..<2 {
            // Alice's marginal for x = bit does not depend on y, bob's for y = bit not on x.
            let alice = (0..<2).map { y in p[8 * bit + 4 * y] + p[8 * bit + 4 * y + 1] }
            let bob = (0..<2).map { x in p[8 * x + 4 * bit] + p[8 * x + 4 * bit + 2] }
            #expect(abs(alice[0] - alice[1]) < 1e-12)
            #expect(abs(bob[0] - bob[1]) < 1e-12)
        }
    }

    @Test("A node without a program gives noise and the other one nothing but its own")
    func oneProgram() throws {
        let alone = PerNode<NodeProgram?>(alice: try HandMadeProgram().program(.alice), bob: nil)
        let physics = BellPhysics(programs: alone, truth: HandMadeProgram.truth)
        #expect(abs(physics.sValue()) <= 2)
        let idle = BellPhysics(programs: PerNode(alice: nil, bob: nil), truth: HandMadeProgram.truth)
        #expect(idle.populations == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    }

    @Test("Events that refer to nothing, or come after the readout, do no harm")
    func oddPrograms() throws {
        var program = try HandMadeProgram().program(.alice)
        program.events.append(ProgramEvent(kind: .drive, tick: 9_000, duration: 10, waveform: 99, amplitude: 65_535))
        program.events.append(ProgramEvent(kind: .absorb, tick: .max, duration: .max, waveform: 1))
        let programs = PerNode<NodeProgram?>(alice: program, bob: try HandMadeProgram().program(.bob))
        let physics = BellPhysics(programs: programs, truth: HandMadeProgram.truth)
        #expect(abs(physics.sValue() - tsirelson) < 1e-9)
    }
}
