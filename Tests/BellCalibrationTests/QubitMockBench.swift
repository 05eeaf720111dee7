import BellModel
import BellSequence
import BellYAML
import DriverKit
import Foundation

@testable import BellCalibration
@testable import MockLab

/// The simulated laboratory without boards and threads: experiments are compiled and shot in place.
struct MockBench {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    var values: CalibrationSet
    let limits: PerNode<BoardLimits>
    var profile: MockProfile
    private var random: TrialSampler.Randomness
    private let gaussian = GaussianTable()
    private var experiments: [String: ExperimentSequence] = [:]
    private(set) var shots = 0
    private(set) var points = 0

    init(profile file: String, seed: UInt64) throws {
        let laboratory = try Laboratory(yaml: try Self.yaml("Calibration/mocklab/lab.yaml"))
        values = try CalibrationSet(laboratory: laboratory, load: { path throws(BellError) in try Self.load(path) })
        limits = laboratory.limits
        profile = try MockProfile(yaml: try Self.yaml("Calibration/mocklab/\(file)"))
        random = TrialSampler.Randomness(seed: seed)
    }

    static func load(_ path: String) throws(BellError) -> String {
        guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else {
            throw BellError(.yamlSyntax, "The file cannot be read.", at: path)
        }
        return text
    }

    static func yaml(_ path: String) throws(BellError) -> YAMLNode {
        try YAMLNode.parse(try load(path), source: path)
    }

    /// Changes values in force as a person's stale file would.
    mutating func set(_ node: Node, _ changes: [String: Double]) throws {
        for (name, value) in changes {
            guard let quantity = Quantity.ofNode.first(where: { $0.name == name }) else {
                throw BellError(.calibrationMissing, "\(name) is no quantity.")
            }
            values.nodes[node].values[quantity] = CalibratedValue(
                quantity, value: value, uncertainty: 0, time: "2026-11-20T06:12:00Z", routine: "test", run: "test",
                place: SourcePlace(file: "test", line: 1))
        }
    }

    /// Plays a routine to its end; proposals are not accepted.
    mutating func run(_ routine: any CalibrationRoutine, _ node: Node, isCheck: Bool = false) throws -> RoutineReport {
        var rounds: [[BellCalibration.Measurement]] = []
        let context = RoutineContext(node: node, values: values, limits: limits)
        while rounds.count < 20 {
            switch isCheck ? try routine.check(context, rounds) : try routine.calibrate(context, rounds) {
            case .finish(let report): return report
            case .measure(let points, _):
                var round: [BellCalibration.Measurement] = []
                for point in points { round.append(try shoot(point, node)) }
                rounds.append(round)
            }
        }
        throw BellError(.calibrationMissing, "\(routine.name) does not end.")
    }

    mutating func accept(_ report: RoutineReport, _ node: Node) throws {
        for proposal in report.proposals {
            let context = RoutineContext(node: node, values: values, limits: limits)
            values = context.setting(proposal.path, proposal.value).values
        }
    }

    mutating func shoot(_ point: ExperimentPoint, _ node: Node) throws -> BellCalibration.Measurement {
        if experiments[point.sequence] == nil {
            experiments[point.sequence] = try ExperimentSequence(
                yaml: try Self.yaml("Sequences/calibration/\(point.sequence).yaml"))
        }
        guard
            let program = try experiments[point.sequence]?.compile(
                .one(node), parameters: point.parameters, calibration: values, limits: limits)[node]
        else { throw BellError(.calibrationMissing, "\(point.sequence) gives no program.") }
        let half = TrialSampler.Half(
            firstIndex: 0, bits: [UInt8](repeating: 1, count: point.count), startTick: 0, stopDelta: 0,
            flags: .simulated, counter: TickCounter(rate: program.tickRate, drift: 0, start: 1_000_000, since: 0),
            pulseDelay: 0, jitterStep: 0)
        var halves = PerNode<TrialSampler.Half?>(alice: nil, bob: nil)
        halves[node] = half
        let physics = BellPhysics(shotsOf: program, node: node, truth: profile.physics)
        let made = TrialSampler(physics: physics, gaussian: gaussian).play(
            count: point.count, time: 0, period: 80_000_000, halves: halves, random: &random)
        var set = ShotSet(i: [], q: [], ones: 0)
        let line = program.discriminator
        for record in TrialRecord.all(in: made[node]?.records ?? []) {
            set.i.append(record.i)
            set.q.append(record.q)
            let sum = Int32(line.weightI) * Int32(record.i) + Int32(line.weightQ) * Int32(record.q)
            if sum > line.threshold { set.ones += 1 }
        }
        shots += point.count
        points += 1
        return .shots(set)
    }
}
