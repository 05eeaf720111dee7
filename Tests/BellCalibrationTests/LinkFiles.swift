import BellModel
import BellSequence
import BellYAML
import Foundation

@testable import BellCalibration

/// The shipped calibration and experiments, for tests of the link's and timing's routines.
enum LinkFiles {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws(BellError) -> String {
        guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else {
            throw BellError(.calibrationMissing, "No file.", at: path)
        }
        return text
    }

    static func laboratory() throws(BellError) -> Laboratory {
        let path = "Calibration/mocklab/lab.yaml"
        return try Laboratory(yaml: try YAMLNode.parse(try text(path), source: path))
    }

    static func context(_ node: Node = .alice) throws(BellError) -> RoutineContext {
        let laboratory = try laboratory()
        let values = try CalibrationSet(laboratory: laboratory, load: { path throws(BellError) in try text(path) })
        return RoutineContext(node: node, values: values, limits: laboratory.limits)
    }

    static func experiment(_ name: String) throws(BellError) -> ExperimentSequence {
        let path = "Sequences/calibration/\(name).yaml"
        return try ExperimentSequence(yaml: try YAMLNode.parse(try text(path), source: path))
    }
}

extension RoutineContext {
    /// With another value in force; a quantity that the tables do not know is left out.
    func setting(_ path: CalibrationPath, _ value: Double, _ uncertainty: Double = 0) -> RoutineContext {
        var copy = self
        func table(_ change: (inout ValueTable) -> Void) {
            switch path.place {
            case .node(let node): change(&copy.values.nodes[node].values)
            case .link: change(&copy.values.link)
            case .timing(let node): change(&copy.values.timing[node])
            }
        }
        let known = Quantity.ofNode + Quantity.ofLink + Quantity.ofTiming
        guard let quantity = known.first(where: { $0.name == path.quantity }) else { return self }
        table {
            $0[quantity] = CalibratedValue(
                quantity, value: value, uncertainty: uncertainty, time: "2026-11-20T06:00:00Z", routine: "test",
                run: "t-1",
                place: SourcePlace(file: "test", line: 1))
        }
        return copy
    }
}

/// What answers a routine's points.
protocol LinkApparatus {
    mutating func measure(_ point: ExperimentPoint, _ context: RoutineContext) throws -> BellCalibration.Measurement
}

extension LinkApparatus {
    /// Performs a routine to its report; a routine that never ends fails after ten rounds.
    mutating func perform(
        _ routine: any CalibrationRoutine, _ context: RoutineContext, check: Bool = false
    ) throws -> (report: RoutineReport, rounds: [[BellCalibration.Measurement]]) {
        var rounds: [[BellCalibration.Measurement]] = []
        while rounds.count < 10 {
            let step = try check ? routine.check(context, rounds) : routine.calibrate(context, rounds)
            switch step {
            case .finish(let report): return (report, rounds)
            case .measure(let points, _):
                var round: [BellCalibration.Measurement] = []
                for point in points { round.append(try measure(point, context)) }
                rounds.append(round)
            }
        }
        throw BellError(.calibrationMissing, "\(routine.name) does not end.")
    }
}

/// Draws outcomes.
struct LinkDice {
    var random: Resampler

    mutating func share(_ p: Double, _ count: Int) -> Int {
        random.counts(count, [1 - p, p])[1]
    }

    /// Shots of which only the number of ones counts.
    mutating func shots(_ p: Double, _ count: Int) -> BellCalibration.Measurement {
        .shots(
            ShotSet(
                i: [Int16](repeating: 0, count: count), q: [Int16](repeating: 0, count: count), ones: share(p, count)))
    }

    /// Trials from p(ab|xy), index 8x + 4y + 2a + b.
    mutating func joint(_ p: [Double], _ count: Int) -> BellCalibration.Measurement {
        var set = JointSet(
            settings: PerNode(alice: [], bob: []), outcomes: PerNode(alice: [], bob: []),
            i: PerNode(alice: [], bob: []),
            q: PerNode(alice: [], bob: []), lost: 0)
        let pairs = random.counts(count, [0.25, 0.25, 0.25, 0.25])
        for (pair, trials) in pairs.enumerated() {
            for (place, ones) in random.counts(trials, Array(p[4 * pair..<4 * pair + 4])).enumerated() {
                set.settings.alice += [UInt8](repeating: UInt8(pair >> 1), count: ones)
                set.settings.bob += [UInt8](repeating: UInt8(pair & 1), count: ones)
                set.outcomes.alice += [UInt8](repeating: UInt8(place >> 1), count: ones)
                set.outcomes.bob += [UInt8](repeating: UInt8(place & 1), count: ones)
            }
        }
        set.i = PerNode { _ in [Int16](repeating: 0, count: count) }
        set.q = set.i
        return .joint(set)
    }
    /// Clock records of a counter that runs evenly, at 640 000 ticks a pulse, as a board rounds them; `jitter` and `phase` in
    /// ticks, `drift` relative.
    mutating func clock(_ count: Int, jitter: Double, drift: Double, phase: Double = 0.3) -> [ClockRecord] {
        (0..<count).map { n in
            let late = Double(n) * 640_000 * drift + jitter * random.normal() + phase
            return ClockRecord(
                pulse: 90 + UInt64(n), tick: UInt64(7_000_000 + 640_000 * n + Int(late.rounded(.down))))
        }
    }
}
