import BellCalibration
import BellModel

/// A laboratory made of switches: an item is off or right, and measures nothing while something that it needs is off.
struct GraphWorld {
    /// Values that are not right.
    var off: Set<CalibrationItem>
    /// Items whose calibration finds nothing.
    var dead: Set<CalibrationItem> = []
    /// Items whose calibration finds a value that must not be.
    var absurd: Set<CalibrationItem> = []
    /// Items whose device is gone.
    var unplugged: Set<CalibrationItem> = []
    /// Ends the walk before this action.
    var cancelBefore: GraphMachine.Action?
    private(set) var log: [String] = []

    init(off: [String] = []) { self.off = Set(off.compactMap { CalibrationItem($0) }) }

    /// Performs what the machine says, one action after the other in the order in which they were begun.
    mutating func walk(_ machine: inout GraphMachine, graph: CalibrationGraph) -> GraphReport? {
        var now = 1000.0
        var waiting = machine.begin(now: now)
        while !waiting.isEmpty {
            let action = waiting.removeFirst()
            now += 1
            if case .finish(let report) = action { return waiting.isEmpty ? report : nil }
            if action == cancelBefore {
                cancelBefore = nil
                waiting += machine.handle(.cancelled, now: now)
                waiting += machine.handle(.failed(action.item, BellError(.calibrationGraph, "given up")), now: now)
                continue
            }
            waiting += machine.handle(perform(action, graph), now: now)
            // No endless walk passes for a long one.
            if log.count > 10_000 { return nil }
        }
        return nil
    }

    mutating func perform(_ action: GraphMachine.Action, _ graph: CalibrationGraph) -> GraphMachine.Event {
        let item = action.item
        let isBlind = graph.closure(of: [item]).dropLast().contains(where: off.contains)
        if unplugged.contains(item) {
            log.append("lost \(item)")
            return .failed(item, BellError(BellError.Code("board.closed", exit: .hardware), "gone"))
        }
        switch action {
        case .check:
            log.append("check \(item)")
            if isBlind { return .checked(item, .badData, "noise") }
            return .checked(item, off.contains(item) ? .outOfSpec : .good, "")
        case .calibrate:
            log.append("calibrate \(item)")
            if isBlind || dead.contains(item) { return .calibrated(item, .badData, "flat") }
            return .calibrated(item, .good, "")
        case .accept:
            if absurd.contains(item) { return .refused(item, "1.2 is above 1") }
            off.remove(item)
            return .accepted(item)
        case .finish: return .cancelled
        }
    }
}

extension GraphMachine.Action {
    /// The item that it is about.
    var item: CalibrationItem {
        switch self {
        case .check(let item), .calibrate(let item), .accept(let item): item
        case .finish: CalibrationItem(.link, "nothing")
        }
    }
}

/// spectroscopy → rabi → ramsey → drag; readout beside; link needs drag and readout of both nodes.
func sampleTable() -> [CalibrationGraph.Entry] {
    [
        .init(name: "spectroscopy", scope: .node, proposes: ["drive_detuning"], validity: 1000),
        .init(
            name: "rabi", scope: .node, dependencies: ["spectroscopy"], proposes: ["half_pi_amplitude"], validity: 100),
        .init(name: "readout", scope: .node, proposes: ["readout_angle"], validity: 1000, repeatAfter: ["rabi"]),
        .init(
            name: "drag", scope: .node, dependencies: ["rabi", "readout"], proposes: ["half_pi_drag"], validity: 1000),
        .init(name: "phase", scope: .link, dependencies: ["drag"], proposes: ["link_phase"], validity: 1000),
    ]
}

func item(_ text: String) -> CalibrationItem { CalibrationItem(text) ?? CalibrationItem(.link, "?\(text)") }

/// All items verified and calibrated at this time.
func allKnown(_ graph: CalibrationGraph, at time: Double = 990) -> [CalibrationItem: ItemState] {
    Dictionary(uniqueKeysWithValues: graph.order.map { ($0, ItemState(verified: time, calibrated: time)) })
}
