import BellCalibration
import BellModel
import BellSequence
import Synchronization

/// One calibration from its beginning to its end: performs what a ``GraphMachine`` decides.
///
/// Values come into force through the book alone, one routine at a time and only after its whole measurement; ending the
/// task therefore leaves every value as it was or as it was accepted, never between.
final class CalibrationSession: Sendable {
    private struct State {
        /// The values in force.
        var inForce: CalibrationSet
        /// What counts while it runs: the values in force, with the proposals of this calibration where nobody accepts.
        var values: RoutinePerformer.Values
        /// The last calibration of each item, by the name of its run.
        var last: [CalibrationItem: (run: String, report: RoutineReport)] = [:]
        var accepted: [JSON] = []
        var pending: [String] = []
    }

    private let request: CalibrationRequest
    private let shelf: RoutineShelf
    private let book: any CalibrationBook
    private let performer: RoutinePerformer
    private let progress: CalibrationProgress
    private let isSimulated: Bool
    /// Seconds since 1970.
    private let clock: @Sendable () -> Double
    private let accepting = Mutex(())
    private let state: Mutex<State>

    init(
        _ request: CalibrationRequest, shelf: RoutineShelf, book: any CalibrationBook, performer: RoutinePerformer,
        progress: CalibrationProgress, isSimulated: Bool, clock: @escaping @Sendable () -> Double
    ) throws(BellError) {
        self.request = request
        self.shelf = shelf
        self.book = book
        self.performer = performer
        self.progress = progress
        self.isSimulated = isSimulated
        self.clock = clock
        let values = try book.values()
        state = Mutex(State(inForce: values, values: .init(set: values, generation: 0)))
    }

    /// Walks until all is done, something fails, or the task is cancelled.
    ///
    /// - Returns: What `calibrate.run` answers.
    func walk(_ items: [CalibrationItem]) async -> JSON {
        let began = clock()
        let states: [CalibrationItem: ItemState]
        do throws(BellError) {
            states = try book.states(of: shelf.graph)
        } catch {
            return result(GraphReport(rows: items.map { .init($0, .notReached) }, error: error), since: began)
        }
        let goal: GraphMachine.Goal =
            switch request.mode {
            case .maintain: .maintain(items, isForced: request.isForced)
            case .bringUp: .bringUp(items)
            case .check: .check(items)
            case .tend:
                .tend(
                    check: items.filter { !request.calibrates.contains($0) },
                    calibrate: items.filter(request.calibrates.contains))
            }
        var machine = GraphMachine(shelf.graph, goal, states: states)
        let report = await withTaskGroup(of: GraphMachine.Event.self) { group in
            var actions = machine.begin(now: began)
            while true {
                progress.settled(machine.progress)
                for action in actions {
                    if case .finish(let report) = action { return report }
                    group.addTask { await self.perform(action) }
                }
                guard let event = await group.next() else {
                    return GraphReport(rows: items.map { .init($0, .notReached) })
                }
                if Task.isCancelled { actions = machine.handle(.cancelled, now: clock()) } else { actions = [] }
                actions += machine.handle(event, now: clock())
                // Whatever the other board measures is not needed any more.
                if case .failed = event { group.cancelAll() }
            }
        }
        let result = result(report, since: began)
        progress.finish(result)
        return result
    }

    // MARK: Performing

    private func perform(_ action: GraphMachine.Action) async -> GraphMachine.Event {
        switch action {
        case .check(let item):
            return await perform(item, isCheck: true) { .checked(item, $0.verdict, $0.reason) }
        case .calibrate(let item):
            return await perform(item, isCheck: false) { .calibrated(item, $0.verdict, $0.reason) }
        case .accept(let item): return accept(item)
        case .finish: return .cancelled
        }
    }

    private func perform(
        _ item: CalibrationItem, isCheck: Bool, _ event: (RoutineReport) -> GraphMachine.Event
    ) async -> GraphMachine.Event {
        let begun = BegunRun(
            item: item, isCheck: isCheck, began: clock(), isSimulated: isSimulated, person: request.person)
        let (inForce, values) = state.withLock { ($0.inForce, $0.values) }
        progress.begin(item, isCheck: isCheck, at: begun.began)
        var name: String?
        do throws(BellError) {
            guard let routine = shelf[item] else {
                throw BellError(.calibrationRoutine, "There is no routine \(item.routine).")
            }
            let run = try book.begin(begun, inputs: inForce)
            name = run
            let result = try await performer.perform(routine, of: item, isCheck: isCheck, values: values) {
                [progress] in progress.update(item, $0)
            }
            let finished = FinishedRun(
                begun: begun, ended: clock(), report: result.report, points: result.points, shots: result.shots)
            try book.finish(run, finished)
            if !isCheck { state.withLock { $0.last[item] = (run, result.report) } }
            progress.end(item, run: finished.summary(name: run))
            return event(result.report)
        } catch {
            progress.end(item, run: nil)
            var error = error
            // A wrong experiment file says where it is wrong, and not what was going on.
            error.state = error.state ?? "\(item) was under way; \(BellError.oldValuesStay)"
            if let name {
                do throws(BellError) {
                    try book.abandon(name, reason: error.what)
                } catch let second {
                    error.others.append(second)
                }
            }
            return .failed(item, error)
        }
    }

    /// One at a time: both nodes find values at once, and neither may go on with a set that lacks the other's.
    private func accept(_ item: CalibrationItem) -> GraphMachine.Event { accepting.withLock { _ in decide(item) } }

    private func decide(_ item: CalibrationItem) -> GraphMachine.Event {
        guard let (run, report) = state.withLock({ $0.last[item] }), !report.proposals.isEmpty else {
            return .accepted(item)
        }
        do throws(BellError) {
            if Task.isCancelled { throw BellError.calibrationWasCancelled }
            if let person = request.acceptedBy {
                let answer = try book.accept(run, by: person, allowsSimulated: true)
                let values = try book.values()
                state.withLock { state in
                    state.accepted.append(answer)
                    state.inForce = values
                    state.values = .init(set: values, generation: state.values.generation + 1)
                }
            } else {
                // Later routines build on what this one found, although nobody has accepted it yet.
                let found = Dictionary(
                    report.proposals.map { ($0.path, $0.value) }, uniquingKeysWith: { _, last in last })
                let old = state.withLock { $0.values.set }
                let values = try old.replacing(found)
                state.withLock { state in
                    state.pending.append(run)
                    state.values = .init(set: values, generation: state.values.generation + 1)
                }
            }
            return .accepted(item)
        } catch {
            // The values themselves cannot be in force; anything else is no fault of the measurement.
            if error.code.exit == .experiment { return .refused(item, error.what) }
            return .failed(item, error)
        }
    }

    // MARK: The answer

    private func result(_ report: GraphReport, since began: Double) -> JSON {
        let (accepted, pending) = state.withLock { ($0.accepted, $0.pending) }
        return [
            "what": .string(request.text), "mode": .string(request.mode.rawValue), "good": .bool(report.isGood),
            "cancelled": .bool(report.isCancelled), "error": report.error?.json ?? .null,
            "exit": .int(Int64(report.exit.rawValue)), "items": .array(report.rows.map(\.json)),
            "runs": .array(progress.runs), "accepted": .array(accepted),
            "pending": .array(pending.map { .string($0) }), "simulated": .bool(isSimulated),
            "seconds": .double(clock() - began),
        ]
    }
}

extension GraphReport.Row {
    /// One row of the answer of `calibrate.run`.
    var json: JSON {
        var row: [String: JSON] = ["item": .string(item.description), "outcome": .string(outcome.name)]
        switch outcome {
        case .checked(let verdict, let reason), .failed(let verdict, let reason):
            row["verdict"] = .string(verdict.rawValue)
            row["reason"] = .string(reason)
        case .blocked(let other): row["reason"] = .string("\(other) failed")
        case .fresh, .inSpec, .calibrated, .notReached: break
        }
        return .object(row)
    }
}

extension FinishedRun {
    /// The run without its figures.
    func summary(name: String) -> JSON {
        [
            "run": .string(name), "item": .string(begun.item.description),
            "action": begun.isCheck ? "check" : "calibrate", "verdict": .string(report.verdict.rawValue),
            "reason": .string(report.reason), "began": .double(begun.began), "seconds": .double(ended - begun.began),
            "points": .int(Int64(points)), "shots": .int(Int64(shots)), "simulated": .bool(begun.isSimulated),
            "by": .string(begun.person), "proposals": .array(report.proposals.map(\.json)),
            "metrics": .array(report.metrics.map(\.json)),
        ]
    }
}

extension RoutineReport.Proposal {
    var json: JSON {
        [
            "path": .string(path.description), "value": .double(value), "uncertainty": .double(uncertainty),
            "unit": .string((try? path.known())?.unit ?? "1"),
        ]
    }
}

extension RoutineReport.Metric {
    var json: JSON {
        [
            "name": .string(name), "value": .double(value), "uncertainty": JSON(uncertainty), "unit": .string(unit),
        ]
    }
}
