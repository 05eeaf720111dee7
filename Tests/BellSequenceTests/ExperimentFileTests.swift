import BellModel
import BellSequence
import Foundation
import Testing

@Suite("The shipped experiments")
struct ExperimentFileTests {
    @Test("are all there")
    func all() {
        #expect(
            Set(Experiment.names).isSuperset(of: [
                "resonator-spectroscopy", "readout", "qubit-spectroscopy", "rabi-amplitude", "rabi-duration", "ramsey",
                "echo", "relaxation", "fine-half-pi", "fine-pi", "drag", "drag-leakage", "allxy",
                "randomized-benchmarking", "gated-phase", "switch-isolation", "switch-delay", "readout-delay",
                "drive-delay", "thermal-population", "emission", "emission-shape", "absorption", "link-delay",
                "bell-phase", "tomography", "trigger",
            ]))
    }

    @Test("compile at their defaults for mocklab's boards, twice the same", arguments: Experiment.names)
    func compiles(name: String) throws {
        let experiment = try Experiment.load(name)
        #expect(experiment.name == name)
        #expect(experiment.parameters.allSatisfy { $0.standard != nil && !$0.meaning.isEmpty })
        var calibration = try Shipped().calibration()
        if name == "link-delay-back" {
            // mocklab's photons go one way; the file asks for both pulses at the other ends.
            let (alice, bob) = (calibration.nodes.alice, calibration.nodes.bob)
            calibration.nodes.bob.pulses[.emission] = alice.pulses[.emission]
            calibration.nodes.alice.pulses[.absorption] = bob.pulses[.absorption]
            calibration.nodes.bob.values[.emissionAmplitude] = alice.values[.emissionAmplitude]
            calibration.nodes.alice.values[.absorptionAmplitude] = bob.values[.absorptionAmplitude]
        }
        let limits = try Shipped().laboratory().limits
        let players: [ExperimentSequence.Players] =
            experiment.isForBoth
            ? [.both, .one(.alice)] : name == "emission" ? [.one(.alice)] : [.one(.alice), .one(.bob)]
        for players in players {
            let programs = try experiment.compile(players, calibration: calibration, limits: limits)
            #expect(try experiment.compile(players, calibration: calibration, limits: limits) == programs)
            for node in Node.allCases {
                guard let program = programs[node] else {
                    #expect(players != .both && players != .one(node))
                    continue
                }
                #expect(program.node == node)
                #expect(program.events.filter { $0.kind == .readout }.count == 1)
                #expect(program.events.last { $0.kind == .stop } != nil)
                #expect(zip(program.events, program.events.dropFirst()).allSatisfy { $0.tick <= $1.tick })
                if experiment.isForBoth { #expect(program.events.contains { $0.kind == .inputBit }) }
            }
        }
    }

    /// What an ideal qubit says to an experiment.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let parameters: [String: Double]
        let excited: Double
        var testDescription: String { "\(name) \(parameters.sorted { $0.key < $1.key }) → \(excited)" }
    }

    static let cases = [
        Case(name: "rabi-amplitude", parameters: ["amplitude": 0], excited: 0),
        Case(name: "rabi-amplitude", parameters: ["amplitude": 0.757576], excited: 0.5),
        Case(name: "rabi-amplitude", parameters: ["amplitude": 0.757576, "pulses": 2], excited: 1),
        Case(name: "rabi-duration", parameters: ["duration_ns": 50, "amplitude": 1 / 5.5], excited: 1),
        Case(name: "ramsey", parameters: ["phase_deg": 0], excited: 1),
        Case(name: "ramsey", parameters: ["phase_deg": 90], excited: 0.5),
        Case(name: "ramsey", parameters: ["phase_deg": 180], excited: 0),
        Case(name: "echo", parameters: ["phase_deg": 0], excited: 1),
        Case(name: "echo", parameters: ["phase_deg": 180], excited: 0),
        Case(name: "relaxation", parameters: ["excite": 1], excited: 1),
        Case(name: "relaxation", parameters: ["excite": 0], excited: 0),
        Case(name: "fine-half-pi", parameters: ["pairs": 7], excited: 0.5),
        // 1/2 + (−1)^3 sin(7 · 0.9°)/2
        Case(name: "fine-half-pi", parameters: ["pairs": 3, "scale": 1.01], excited: 0.5 - sin(6.3 * .pi / 180) / 2),
        Case(name: "drag", parameters: ["pairs": 6, "prepare_deg": 0], excited: 0),
        Case(name: "drag", parameters: ["pairs": 6], excited: 0.5),
        Case(name: "gated-phase", parameters: ["axis_deg": 0], excited: 1),
        Case(name: "gated-phase", parameters: ["axis_deg": 180], excited: 0),
        Case(name: "gated-phase", parameters: ["axis_deg": 90], excited: 0.5),
        Case(name: "gated-phase", parameters: ["fixed_deg": 0, "pulses": 2], excited: 1),
        Case(name: "switch-isolation", parameters: [:], excited: 0.5),
        Case(name: "switch-isolation", parameters: ["prepare_deg": 0], excited: 0),
        Case(
            name: "allxy",
            parameters: ["first_angle_deg": 0, "first_axis_deg": 0, "second_angle_deg": 0, "second_axis_deg": 0],
            excited: 0),
        Case(
            name: "allxy",
            parameters: ["first_angle_deg": 180, "first_axis_deg": 0, "second_angle_deg": 180, "second_axis_deg": 90],
            excited: 0),
        Case(
            name: "allxy",
            parameters: ["first_angle_deg": 180, "first_axis_deg": 0, "second_angle_deg": 90, "second_axis_deg": 90],
            excited: 0.5),
        Case(
            name: "allxy",
            parameters: ["first_angle_deg": 90, "first_axis_deg": 0, "second_angle_deg": 90, "second_axis_deg": 0],
            excited: 1),
    ]

    @Test("say what their comments promise to an ideal qubit", arguments: cases)
    func ideal(_ test: Case) throws {
        let program = try Experiment.program(try Experiment.load(test.name), test.parameters)
        #expect(abs(Experiment.excited(program) - test.excited) < 2e-3)
    }

    @Test("benchmarking ends in |g⟩ for every seed and length", arguments: [0, 1, 2, 5, 50, 150], 1...5)
    func benchmarking(length: Int, seed: Int) throws {
        let experiment = try Experiment.load("randomized-benchmarking")
        let program = try Experiment.program(experiment, ["length": Double(length), "seed": Double(seed)])
        #expect(Experiment.excited(program) < 2e-3)
        let drives = program.events.filter { $0.kind == .drive }
        let expected = try #require(CliffordSequence(seed: UInt64(seed), length: length))
        #expect(drives.map { UInt8($0.phase >> 30) } == expected.quarterTurns)
    }

    @Test("bell-phase at 0 plays what bell-chsh plays, and turns bob's axes alone")
    func bellPhase() throws {
        let trial = try Shipped().compile().programs
        let experiment = try Experiment.load("bell-phase")
        let calibration = try Shipped().calibration()
        let limits = try Shipped().laboratory().limits
        let still = try experiment.compile(.both, calibration: calibration, limits: limits)
        let turned = try experiment.compile(
            .both, parameters: ["theta_deg": 90], calibration: calibration, limits: limits)
        for node in Node.allCases {
            #expect(still[node]?.events == trial[node].events)
            #expect(still[node]?.discriminator == trial[node].discriminator)
            #expect(still[node]?.trialPeriod == trial[node].trialPeriod)
        }
        #expect(turned.alice == still.alice)
        let phases = [still, turned].map { $0.bob?.events.filter { $0.kind == .drive || $0.kind == .gatedDrive } ?? [] }
        #expect(phases[0].count == 2)
        for (a, b) in zip(phases[0], phases[1]) { #expect(b.phase &- a.phase == 1 << 30) }
    }
}
