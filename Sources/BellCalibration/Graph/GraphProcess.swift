import BellModel

/// One step of a ``GraphMachine`` on its way: the item, and the ones below it whose diagnosis it waits for.
struct GraphProcess: Sendable {
    private enum Phase: Equatable, Sendable { case checking, diagnosing, calibrating, accepting }

    /// One item on the way down.
    private struct Frame: Sendable {
        var item: CalibrationItem
        /// Whether a person, not the diagnosis of another item, wants it.
        var isRoot: Bool
        var phase = Phase.checking
        /// What it needs and is still to be diagnosed.
        var waiting: [CalibrationItem] = []
        /// Something that it needs was calibrated.
        var isRepaired = false
        /// What is to be said when nothing below can be mended; set once a calibration was bad.
        var failure: (verdict: RoutineReport.Verdict, reason: String)?
    }

    private let step: GraphMachine.Step
    private var stack: [Frame]
    /// Diagnosed since the last calibration, and nothing was to be mended: not looked at twice.
    private var cleared: Set<CalibrationItem> = []

    init(_ step: GraphMachine.Step) {
        self.step = step
        stack = [Frame(item: step.item, isRoot: true)]
    }

    /// The item that the action under way names.
    var current: CalibrationItem? { stack.last?.item }
    /// The boards that the step has.
    var nodes: [Node] { step.item.site.nodes }

    /// The first action; nil when the step is done without one.
    mutating func begin(now: Double, in machine: inout GraphMachine) -> GraphMachine.Action? {
        switch step.kind {
        case .check, .verify: return .check(step.item)
        case .calibrate:
            stack[0].phase = .calibrating
            return .calibrate(step.item)
        case .maintain:
            // What it needs was seen to before, so its own state decides.
            if machine.graph.staleness(of: step.item, machine.states, now: now, deep: false) != nil {
                if machine.states[step.item]?.verified != nil { return .check(step.item) }
                // A designer's 0.76 ± 0.25 passes a check that finds 0.59, and nothing can be built on it.
                stack[0].phase = .calibrating
                return .calibrate(step.item)
            }
            if machine.outcomes[step.item] == nil { machine.outcomes[step.item] = .fresh }
            stack = []
            return nil
        }
    }

    /// What follows an event of the action under way; nil when the step is done.
    mutating func handle(
        _ event: GraphMachine.Event, now: Double, in machine: inout GraphMachine
    ) -> GraphMachine.Action? {
        guard var frame = stack.last else { return nil }
        switch (frame.phase, event) {
        case (.checking, .checked(let item, let verdict, let reason)):
            if step.kind == .check {
                if verdict == .good { machine.states[item, default: ItemState()].verified = now }
                machine.outcomes[item] = .checked(verdict, reason)
                return nil
            }
            return checked(&frame, verdict, reason, now, &machine)
        case (.calibrating, .calibrated(let item, let verdict, let reason)):
            machine.calibrations[item, default: 0] += 1
            if verdict == .good {
                frame.phase = .accepting
                replaceTop(frame)
                return .accept(item)
            }
            // Once: after that the data stand against the item itself.
            guard frame.failure == nil else { return failed(verdict, reason, &machine) }
            frame.failure = (verdict, reason)
            return diagnoseBelow(&frame, &machine)
        case (.accepting, .accepted(let item)):
            machine.states[item, default: ItemState()].verified = now
            machine.states[item, default: ItemState()].calibrated = now
            machine.states[item, default: ItemState()].hasFailed = false
            machine.outcomes[item] = .calibrated
            cleared = []
            return pop(isRepaired: true, &machine)
        case (.accepting, .refused(_, let reason)): return failed(.outOfSpec, reason, &machine)
        default: return nil
        }
    }

    // MARK: Steps of the paper

    private mutating func checked(
        _ frame: inout Frame, _ verdict: RoutineReport.Verdict, _ reason: String, _ now: Double,
        _ machine: inout GraphMachine
    ) -> GraphMachine.Action? {
        let item = frame.item
        switch verdict {
        case .good:
            machine.states[item, default: ItemState()].verified = now
            machine.states[item, default: ItemState()].hasFailed = false
            if frame.isRoot, machine.outcomes[item] != .calibrated { machine.outcomes[item] = .inSpec }
            cleared.insert(item)
            return pop(isRepaired: false, &machine)
        case .outOfSpec: return calibrate(&frame, (verdict, reason), &machine)
        case .badData:
            // Values that nobody has ever measured are expected to be bad; what they need was just seen to.
            let isNew = frame.isRoot && machine.states[item]?.verified == nil && machine.states[item]?.hasFailed != true
            if isNew { return calibrate(&frame, (verdict, reason), &machine) }
            return diagnoseBelow(&frame, &machine)
        }
    }

    private mutating func diagnoseBelow(_ frame: inout Frame, _ machine: inout GraphMachine) -> GraphMachine.Action? {
        frame.phase = .diagnosing
        frame.waiting = machine.graph.dependencies(of: frame.item)
        replaceTop(frame)
        return proceed(&machine)
    }

    /// Diagnoses the next one below, or says what their diagnosis means for the top of the stack.
    private mutating func proceed(_ machine: inout GraphMachine) -> GraphMachine.Action? {
        guard var frame = stack.last else { return nil }
        while let next = frame.waiting.first {
            frame.waiting.removeFirst()
            if cleared.contains(next) || machine.calibrations[next, default: 0] >= machine.attempts { continue }
            replaceTop(frame)
            stack.append(Frame(item: next, isRoot: false))
            return .check(next)
        }
        replaceTop(frame)
        if let failure = frame.failure {
            // The calibration itself was bad: it is tried again only when something below was mended.
            guard frame.isRepaired else { return failed(failure.verdict, failure.reason, &machine) }
            return calibrate(&frame, failure, &machine)
        }
        if !frame.isRoot, !frame.isRepaired {
            cleared.insert(frame.item)
            return pop(isRepaired: false, &machine)
        }
        return calibrate(&frame, (.badData, "the check's data say nothing"), &machine)
    }

    private mutating func calibrate(
        _ frame: inout Frame, _ why: (verdict: RoutineReport.Verdict, reason: String), _ machine: inout GraphMachine
    ) -> GraphMachine.Action? {
        guard machine.calibrations[frame.item, default: 0] < machine.attempts else {
            let times = "calibrated \(machine.attempts) times without success"
            return failed(why.verdict, "\(times); last: \(why.reason)", &machine)
        }
        frame.phase = .calibrating
        replaceTop(frame)
        return .calibrate(frame.item)
    }

    /// The top of the stack is done; the one below goes on with its diagnosis.
    private mutating func pop(isRepaired: Bool, _ machine: inout GraphMachine) -> GraphMachine.Action? {
        stack.removeLast()
        guard !stack.isEmpty else { return nil }
        if isRepaired { stack[stack.count - 1].isRepaired = true }
        return proceed(&machine)
    }

    /// The top of the stack cannot be mended, so nothing on it can.
    private mutating func failed(
        _ verdict: RoutineReport.Verdict, _ reason: String, _ machine: inout GraphMachine
    ) -> GraphMachine.Action? {
        guard let item = stack.last?.item else { return nil }
        machine.states[item, default: ItemState()].hasFailed = true
        for frame in stack.dropLast() { machine.outcomes[frame.item] = .blocked(by: item) }
        machine.outcomes[item] = .failed(verdict, reason)
        stack = []
        return nil
    }

    private mutating func replaceTop(_ frame: Frame) { stack[stack.count - 1] = frame }
}
