import BellCalibration
import BellHost
import BellModel
import BellSequence
import BellYAML
import Foundation
import TestSupport
import Testing

@testable import BellDaemon
@testable import MockLab

/// The acceptance of calibrations: from two cold, uncalibrated qubits to what the ground truth allows, with no argument.
///
/// Ten seeds in `make test-bring-up`, which sets `BELL_BRING_UP_SEEDS`; three without it.
@Suite("Bring-up of a cold laboratory", .blocking) struct BringUpTests {
    private static let wanted = ProcessInfo.processInfo.environment["BELL_BRING_UP_SEEDS"].flatMap { UInt64($0) }
    static let seeds = Array(1...max(1, min(wanted ?? 3, 1000)))

    @Test("S comes within 0.02 of the largest, and the π/2 pulses within 20 % of the coherence limit", arguments: seeds)
    func bringUp(seed: UInt64) async throws {
        let laboratory = try TestLaboratory(of: "cold-start", seed: seed)
        let before = #expect(throws: BellError.self) { try sValue(laboratory) }
        #expect(before?.what.contains("margin") == true, "unmeasured delays leave no space-like margin")
        let began = ContinuousClock.now
        let answer = try await calibrate(laboratory)
        let wall = (ContinuousClock.now - began).components.seconds
        #expect(answer["good"] == true, "\(answer["items"]?.text ?? answer.text)")

        let (s, programs, values) = try sValue(laboratory)
        let ground = GroundTruth(laboratory.virtual.truth)
        let best = ground.largestS(of: programs).s
        #expect(s > best - 0.02, "S = \(s), the truth allows \(best)")
        #expect(s < best + 0.003, "the search for the largest S ended too early: \(best), and S = \(s)")
        #expect(s > 2.15)

        var line = "bring-up seed \(seed): S \(fixed(s, 4)), largest \(fixed(best, 4)), \(wall) s"
        for node in Node.allCases {
            let shape = try values.nodes[node].pulse(.halfPi)
            #expect(shape.envelope == .cosine, "the comparison below is with this envelope")
            let duration = 1e-9 * shape.duration.nanoseconds
            func value(_ quantity: Quantity) throws -> Double {
                try #require(values.nodes[node].values[quantity]?.value, "\(node.name) \(quantity.name)")
            }
            let limit = ground.coherenceLimit(node, duration: duration)
            let pulse = ground.halfPi(
                node, amplitude: try value(.halfPiAmplitude), drag: try value(.halfPiDrag),
                carrier: try value(.driveDetuning), duration: duration
            ) { 0.5 - 0.5 * cos(2 * .pi * $0) }
            #expect(pulse.error < 1.2 * limit, "\(node.name): the true error of the π/2 pulse")
            let measured = try value(.halfPiError)
            #expect((0.8 * limit...1.2 * limit).contains(measured), "\(node.name): \(measured), the limit is \(limit)")
            line +=
                "; \(node.name) RB \(fixed(measured / limit, 3)), true \(fixed(pulse.error / limit, 3)) of the limit"
        }
        if Self.wanted != nil { print(line) }
    }

    /// What `bellctl calibrate bring-up` asks of the daemon.
    private func calibrate(_ laboratory: TestLaboratory) async throws -> JSON {
        let kit = try Daemon.calibration(LaboratoryFiles(path: laboratory.lab), laboratory.state)
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = Result { try daemon.begin("calibrate.run", ["mode": "bring-up", "by": "test"]).wait() }
        await daemon.end()
        return try answer.get()
    }

    /// S of the Bell sequence under the values in force: exact, from probabilities.
    private func sValue(
        _ laboratory: TestLaboratory
    ) throws -> (s: Double, programs: PerNode<NodeProgram>, values: CalibrationSet) {
        let (lab, values) = try ExperimentBench.values(laboratory)
        let path = laboratory.folder.file("sequence.yaml")
        let sequence = try PulseSequence(yaml: try YAMLNode.parse(try readText(path), source: path))
        let programs = try Compiler.compile(
            sequence, calibration: values, laboratory: lab, limits: lab.limits, k: 5
        ).programs
        let physics = BellPhysics(programs: programs.map { $0 }, truth: laboratory.virtual.truth)
        return (physics.sValue(), programs, values)
    }

    private func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
