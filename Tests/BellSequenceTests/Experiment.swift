import BellModel
import BellSequence
import BellYAML
import Foundation

/// Shipped experiments, compiled for mocklab's boards.
enum Experiment {
    static let folder = "Sequences/calibration"

    static var names: [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: Shipped.root.path + "/" + folder)) ?? []
        return all.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    static func load(_ name: String) throws(BellError) -> ExperimentSequence {
        try ExperimentSequence(yaml: try Shipped().parse("\(folder)/\(name).yaml"))
    }

    static func parse(_ text: String) throws(BellError) -> ExperimentSequence {
        try ExperimentSequence(yaml: try YAMLNode.parse(text, source: "test.yaml"))
    }

    /// One node's program; the values change the calibration first.
    static func program(
        _ experiment: ExperimentSequence, _ parameters: [String: Double] = [:], at node: Node = .alice,
        _ shipped: Shipped = Shipped()
    ) throws(BellError) -> NodeProgram {
        let standard = try shipped.laboratory().limits
        let programs = try experiment.compile(
            .one(node), parameters: parameters, calibration: try shipped.calibration(),
            limits: shipped.limits ?? standard)
        guard let program = programs[node] else { throw BellError(.experimentParameter, "No program.") }
        return program
    }

    /// All failures of reading and compiling, in order; empty when it succeeds.
    static func failures(
        _ text: String, _ parameters: [String: Double] = [:], _ shipped: Shipped = Shipped()
    ) -> [BellError] {
        do throws(BellError) {
            _ = try program(try parse(text), parameters, shipped)
            return []
        } catch {
            var first = error
            first.others = []
            return [first] + error.others
        }
    }

    private static func program(
        _ experiment: ExperimentSequence, _ parameters: [String: Double], _ shipped: Shipped
    ) throws(BellError) -> NodeProgram { try program(experiment, parameters, at: .alice, shipped) }

    /// P(e) of an ideal qubit at the end of a program; gated pulses pass when the program latches.
    static func excited(_ program: NodeProgram, rabi: Double = 55e6) -> Double {
        var qubit = TwoQubits(linkPhase: 0)
        qubit.psi = [TwoQubits.Complex(re: 1, im: 0)] + [TwoQubits.Complex](repeating: .init(re: 0, im: 0), count: 3)
        let latches = program.events.contains { $0.kind == .gate }
        qubit.play(program, bit: latches ? 1 : 0, rabi: rabi)
        return program.node == .alice
            ? qubit.psi[2].size2 + qubit.psi[3].size2 : qubit.psi[1].size2 + qubit.psi[3].size2
    }
}
