import BellCalibration
import BellHost
import BellModel
import BellSequence
import BellYAML
import Board
import DriverKit
import MockLab
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// A book in memory, whose bounds refuse one path.
final class MemoryBook: CalibrationBook {
    struct State {
        var values: CalibrationSet
        var states: [CalibrationItem: ItemState] = [:]
        var finished: [(name: String, run: FinishedRun)] = []
        var abandoned: [String] = []
        var accepted: [(run: String, by: String)] = []
        var isBroken = false
        var begun = 0
    }

    let state: Mutex<State>
    private let bounded: CalibrationPath?

    init(_ values: CalibrationSet, bounded: CalibrationPath? = nil) {
        state = Mutex(State(values: values))
        self.bounded = bounded
    }

    func values() throws(BellError) -> CalibrationSet { state.withLock { $0.values } }
    func states(of graph: CalibrationGraph) throws(BellError) -> [CalibrationItem: ItemState] {
        state.withLock { $0.states }
    }
    func begin(_ run: BegunRun, inputs: CalibrationSet) throws(BellError) -> String {
        state.withLock { state in
            state.begun += 1
            return "\(run.item.site.name)-\(run.item.routine)-\(state.begun)"
        }
    }
    func finish(_ name: String, _ run: FinishedRun) throws(BellError) {
        if state.withLock({ $0.isBroken }) { throw BellError(BellError.Code("disk.full", exit: .internal), "full") }
        state.withLock { $0.finished.append((name, run)) }
    }
    func abandon(_ name: String, reason: String) throws(BellError) { state.withLock { $0.abandoned.append(name) } }
    func accept(_ what: String, by person: String, allowsSimulated: Bool) throws(BellError) -> JSON {
        guard let run = state.withLock({ $0.finished.first { $0.name == what } })?.run else {
            throw BellError(.calibrationNone, "no run \(what)")
        }
        let found = Dictionary(uniqueKeysWithValues: run.report.proposals.map { ($0.path, $0.value) })
        if let bounded, found[bounded] != nil {
            throw BellError(BellError.Code("calibration.bounds", exit: .experiment), "\(bounded) is out of bounds")
        }
        let new = try values().replacing(found)
        state.withLock { state in
            state.values = new
            state.accepted.append((what, person))
        }
        return ["run": .string(what), "values": .array(run.report.proposals.map(\.json))]
    }
    func refuse(_ what: String, by person: String) throws(BellError) -> JSON { ["run": .string(what)] }
    func show(_ run: String) throws(BellError) -> JSON { ["run": .string(run)] }
    func history(_ path: String, since: Double?) throws(BellError) -> JSON {
        ["path": .string(path), "since": JSON(since)]
    }
    func latest(
        of graph: CalibrationGraph
    ) throws(BellError) -> (runs: [CalibrationItem: JSON], pending: [JSON]) { ([:], []) }
}

/// A routine that plays `points` points and says what a test wants.
struct ScriptedRoutine: CalibrationRoutine {
    var name: String
    var summary: String { "A routine of a test." }
    var scope = RoutineScope.node
    var dependencies: [String] = []
    var proposes: [String] = []
    var watched: [String] = []
    var validity = 1000.0
    var points = 2
    var count = 100
    var overrides: [CalibrationPath: Double] = [:]
    /// What the values in force and the measurements give.
    var judge: @Sendable (RoutineContext, [[Measurement]]) throws(BellError) -> RoutineReport = { _, _ in
        RoutineReport(.good, "fine")
    }
    var rounds = 1

    func calibrate(_ context: RoutineContext, _ measured: [[Measurement]]) throws(BellError) -> RoutineStep {
        guard measured.count >= rounds else {
            let kind: ExperimentPoint.Kind = scope == .link ? .joint : .shots(context.node)
            let point = ExperimentPoint(kind, "bell-chsh", count: count, overrides: overrides)
            return .measure(Array(repeating: point, count: points), note: "round \(measured.count + 1)")
        }
        return .finish(try judge(context, measured))
    }

    func check(_ context: RoutineContext, _ measured: [[Measurement]]) throws(BellError) -> RoutineStep {
        try calibrate(context, measured)
    }
}

/// The shipped Bell sequence as the one experiment: shots of a node, or joint trials of both.
enum ExperimentBench {
    static func values(_ laboratory: TestLaboratory) throws -> (Laboratory, CalibrationSet) {
        let lab = try LaboratoryFiles(path: laboratory.lab).laboratory()
        return (lab, try CalibrationSet(laboratory: lab, load: { (path) throws(BellError) in try readText(path) }))
    }

    /// Compiles for k = 5, also with bits of the host.
    static func compile(_ laboratory: TestLaboratory) throws -> ExperimentRunner.Compile {
        let (lab, _) = try values(laboratory)
        let path = laboratory.folder.file("sequence.yaml")
        let sequence = try PulseSequence(yaml: try YAMLNode.parse(try readText(path), source: path))
        return { (point, values, limits, inputBits) throws(BellError) in
            let compiled = try Compiler.compile(
                sequence, calibration: values, laboratory: lab, limits: limits, k: 5, inputBits: inputBits)
            return compiled.programs.map { $0 }
        }
    }

    static func kit(
        _ laboratory: TestLaboratory, _ routines: [any CalibrationRoutine], repeatAfter: [String: [String]] = [:],
        book: MemoryBook? = nil
    ) throws -> (kit: CalibrationKit, book: MemoryBook) {
        let (_, values) = try values(laboratory)
        let book = book ?? MemoryBook(values)
        let compile = try compile(laboratory)
        return (
            CalibrationKit(shelf: try RoutineShelf(routines, repeatAfter: repeatAfter), book: book) { compile }, book
        )
    }
}
