import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration
@testable import MockLab

/// What a π pulse of 20 ns with a cosine envelope does to a simulated transmon.
private struct PiTruth {
    let truth: NodeTruth
    private static let sample = 0.5
    private static let count = 40

    /// Average gate error of a rotation by π about x, decoherence and leakage included.
    func error(amplitude: Double, drag: Double) -> Double {
        let chain = DriveChain(truth: truth, switchOpens: .infinity)
        let length = Self.sample * Double(Self.count)
        let steps = (0..<Self.count).map { k in
            let turn = 2 * .pi * (Double(k) + 0.5) / Double(Self.count)
            let slope = .pi / length * sin(turn)
            return DriveStep(
                amplitude: chain.mixed(Complex(amplitude * (0.5 - 0.5 * cos(turn)), amplitude * drag * slope)),
                length: Self.sample * 1e-9)
        }
        let matrix = Transmon(truth: truth).propagator(
            of: DriveRun(start: 0, end: length * 1e-9, carrier: truth.detuning, phase: 0, steps: steps), offset: 0)
        // Both poles and the four states of the equator; ρ01 = (x − iy)/2.
        let axes: [(SIMD3<Double>, SIMD3<Double>)] = [
            ([1, 0, 0], [1, 0, 0]), ([0, 1, 0], [0, -1, 0]), ([0, 0, 1], [0, 0, -1]),
        ]
        var sum = 0.0
        for (from, to) in axes {
            for sign in [1.0, -1] {
                let state = [
                    0.5 + 0.5 * sign * from.z, 0.5 - 0.5 * sign * from.z, 0, 0.5 * sign * from.x, -0.5 * sign * from.y,
                ]
                let out = (0..<5).map { row in (0..<5).reduce(0) { $0 + matrix[row * 9 + $1] * state[$1] } }
                let bloch = SIMD3(2 * out[3], -2 * out[4], out[0] - out[1])
                sum += 0.5 * (out[0] + out[1]) + 0.5 * sign * (bloch * to).sum()
            }
        }
        return 1 - sum / 6
    }

    /// The best pulse, by search.
    var best: (amplitude: Double, drag: Double, error: Double) {
        let amplitude = 0.5 / (truth.rabi * 10e-9)
        let drag = truth.anharmonicity.map { -0.5e9 / (2 * .pi * $0) } ?? 0
        let found = ParabolaSearch(reach: [0.02 * amplitude, 0.2], rounds: 12).maximum(from: [amplitude, drag]) {
            -error(amplitude: $0[0], drag: $0[1])
        }
        return (found.point[0], found.point[1], -found.value)
    }
}

@Suite("A π pulse of its own, against the simulated transmon", .serialized)
struct PiPulseTests {
    @Test(
        "pi_amplitude and pi_drag are found from amplitudes that are off",
        arguments: [(Node.alice, UInt64(61)), (.bob, 62)])
    func found(node: Node, seed: UInt64) throws {
        var bench = try MockBench(profile: "profile-transmon.yaml", seed: seed)
        let place = SourcePlace(file: "test", line: 1)
        bench.values.nodes[node].pulses[.pi] = PulseShape(
            envelope: .cosine, duration: Picoseconds(20_000), place: place)
        let own = bench.profile.physics.nodes[node]
        let readout = GroundTruth(bench.profile.physics).readout(node, window: 50e-9)
        try bench.set(
            node,
            [
                "drive_detuning": own.detuning, "half_pi_amplitude": 0.7, "pi_amplitude": 0.8, "pi_drag": 0,
                "half_pi_drag": 0, "readout_angle": readout.angle, "readout_threshold": readout.threshold,
                "readout_frequency": readout.frequency, "readout_amplitude": readout.amplitude,
                "readout_error_ground": readout.errorGround, "readout_error_excited": readout.errorExcited,
            ])
        let best = PiTruth(truth: own).best
        var last: [String: RoutineReport.Proposal] = [:]
        let routines: [any CalibrationRoutine] = [
            RabiAmplitude(), FineHalfPi(), FinePi(), DragCoefficient(), FineHalfPi(), FinePi(),
        ]
        for (number, routine) in routines.enumerated() {
            let report = try bench.run(routine, node)
            #expect(report.verdict == .good, "\(routine.name): \(report.reason)")
            try bench.accept(report, node)
            for proposal in report.proposals { last[proposal.path.quantity] = proposal }
            if number == 0 {
                let first = try #require(last["pi_amplitude"])
                #expect((first.value / best.amplitude - 1).magnitude < 0.05, "\(first.value), truth \(best.amplitude)")
            }
        }
        let (amplitude, drag) = (try #require(last["pi_amplitude"]), try #require(last["pi_drag"]))
        // A train of π pulses also turns by what leaks and comes back: 0.1 % of the amplitude.
        #expect(
            (amplitude.value - best.amplitude).magnitude < 4 * amplitude.uncertainty + 0.001,
            "\(amplitude.value) ± \(amplitude.uncertainty), truth \(best.amplitude)")
        #expect(
            (drag.value - best.drag).magnitude < 4 * drag.uncertainty + 0.03,
            "\(drag.value) ± \(drag.uncertainty), truth \(best.drag)")
        let error = PiTruth(truth: own).error(amplitude: amplitude.value, drag: drag.value)
        #expect(error < 1.1 * best.error, "\(error), the best is \(best.error)")
        // The checks know them again, and see pulses that are off by one percent and by a tenth of a nanosecond.
        for routine in [FinePi(), DragCoefficient()] as [any CalibrationRoutine] {
            let report = try bench.run(routine, node, isCheck: true)
            #expect(report.verdict == .good, "\(routine.name): \(report.reason)")
        }
        try bench.set(node, ["pi_amplitude": 1.01 * amplitude.value, "pi_drag": drag.value + 0.15])
        for routine in [FinePi(), DragCoefficient()] as [any CalibrationRoutine] {
            #expect(try bench.run(routine, node, isCheck: true).verdict != .good, "\(routine.name)")
        }
    }
}
