import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration

@Suite("Routines of the readout, on paper")
struct ReadoutRoutineTests {
    @Test(
        "The resonator is found, also from its flank, in either sense of the phase", arguments: [-6e6, 4e6, 31e6],
        [1.0, -1])
    func resonator(_ place: Double, sense: Double) throws {
        for seed in [2, 9, 33] as [UInt64] {
            var paper = QubitPaper(seed: seed)
            paper.resonator = place
            paper.sense = sense
            let report = try paper.run(ResonatorSpectroscopy(), try PaperContext.make(["readout_frequency": 0]))
            #expect(report.verdict == .good, "\(report.reason)")
            let proposal = try #require(report.proposal("readout_frequency"))
            #expect((proposal.value - place).magnitude < 4 * proposal.uncertainty)
            #expect(proposal.uncertainty < 3e5)
        }
    }

    @Test("Nothing but noise is no resonator")
    func silent() throws {
        var paper = QubitPaper(seed: 2)
        paper.isSilent = true
        let report = try paper.run(ResonatorSpectroscopy(), try PaperContext.make())
        #expect(report.verdict == .badData)
        #expect(report.reason.contains("noise"))
    }

    @Test("A resonator out of reach is said to be so")
    func far() throws {
        var paper = QubitPaper(seed: 2)
        paper.resonator = 140e6
        let report = try paper.run(ResonatorSpectroscopy(), try PaperContext.make())
        #expect(report.verdict == .badData || report.proposals.isEmpty)
    }

    @Test("The best tone is found", arguments: [1, 6, 40] as [UInt64])
    func frequency(seed: UInt64) throws {
        var paper = QubitPaper(seed: seed)
        let report = try paper.run(ReadoutFrequency(), try PaperContext.make(["readout_frequency": -3e6]))
        #expect(report.verdict == .good, "\(report.reason)")
        let proposal = try #require(report.proposal("readout_frequency"))
        #expect((proposal.value - 5e6).magnitude < 4 * proposal.uncertainty + 5e4)
        #expect(proposal.uncertainty < 5e5)
        let check = try paper.run(ReadoutFrequency(), try PaperContext.make(), isCheck: true)
        #expect(check.verdict == .good, "\(check.reason)")
        let wrong = try paper.run(
            ReadoutFrequency(), try PaperContext.make(["readout_frequency": 10e6]), isCheck: true)
        #expect(wrong.verdict == .outOfSpec)
    }

    @Test("The best power is found", arguments: [1, 6, 40] as [UInt64])
    func power(seed: UInt64) throws {
        var paper = QubitPaper(seed: seed)
        paper.separation = 3000
        let report = try paper.run(ReadoutPower(), try PaperContext.make(["readout_amplitude": 1]))
        #expect(report.verdict == .good, "\(report.reason)")
        let proposal = try #require(report.proposal("readout_amplitude"))
        #expect((proposal.value - 0.6).magnitude < 0.09)
    }

    @Test("Direction, threshold and errors are found", arguments: [1, 6, 40, 77] as [UInt64])
    func clouds(seed: UInt64) throws {
        var paper = QubitPaper(seed: seed)
        let wrong = ["readout_angle": -0.4, "readout_threshold": 300]
        let report = try paper.run(ReadoutClouds(), try PaperContext.make(wrong))
        #expect(report.verdict == .good, "\(report.reason)")
        let threshold = 900 * cos(2.1) - 400 * sin(2.1)
        for (name, value, slack) in [
            ("readout_angle", 2.1, 0.0), ("readout_threshold", threshold, 40), ("readout_separation", 4000, 0),
            ("readout_noise", 1800, 0), ("readout_error_ground", 0.023, 0), ("readout_error_excited", 0.023, 0),
        ] {
            let proposal = try #require(report.proposal(name))
            #expect(
                (proposal.value - value).magnitude < 4 * proposal.uncertainty + slack,
                "\(name) \(proposal.value) ± \(proposal.uncertainty), is \(value)")
        }
        var values: [String: Double] = [:]
        for proposal in report.proposals { values[proposal.path.quantity] = proposal.value }
        let check = try paper.run(ReadoutClouds(), try PaperContext.make(values), isCheck: true)
        #expect(check.verdict == .good, "\(check.reason)")
        values["readout_angle"] = 1.7
        let turned = try paper.run(ReadoutClouds(), try PaperContext.make(values), isCheck: true)
        #expect(turned.verdict == .outOfSpec)
    }

    @Test("A saturated readout is out of spec")
    func saturated() throws {
        var paper = QubitPaper(seed: 3)
        paper.separation = 30_000
        paper.offset = (6000, 0)
        paper.angle = 0
        for routine in [ReadoutClouds(), ReadoutPower()] as [any CalibrationRoutine] {
            let report = try paper.run(routine, try PaperContext.make(["readout_amplitude": 0.6]))
            if routine.name == "readout-clouds" {
                #expect(report.verdict == .outOfSpec)
                #expect(report.reason.contains("saturated"))
                #expect(report.proposals.isEmpty)
            } else if let proposal = report.proposal("readout_amplitude") {
                // Less tone is not saturated.
                #expect(proposal.value < 0.58)
            }
        }
    }

    @Test("Clouds that do not differ are bad data")
    func same() throws {
        for routine in [ReadoutFrequency(), ReadoutPower(), ReadoutClouds(), ReadoutWindow()]
            as [any CalibrationRoutine]
        {
            var paper = QubitPaper(seed: 3)
            paper.isDead = true
            paper.thermal = 0
            let report = try paper.run(routine, try PaperContext.make())
            #expect(report.verdict == .badData, "\(routine.name): \(report.reason)")
        }
    }

    @Test("Clouds that overlap too much are out of spec")
    func noisy() throws {
        var paper = QubitPaper(seed: 3)
        paper.noise = 14_000
        let report = try paper.run(ReadoutClouds(), try PaperContext.make())
        #expect(report.verdict == .outOfSpec)
        #expect(report.proposals.isEmpty)
    }

    @Test("The window is shown and not proposed")
    func window() throws {
        var paper = QubitPaper(seed: 3)
        let report = try paper.run(ReadoutWindow(), try PaperContext.make())
        #expect(report.verdict == .good)
        #expect(report.proposals.isEmpty)
        #expect(try #require(report.metric("readout_contrast")).value > 0.9)
    }
}
