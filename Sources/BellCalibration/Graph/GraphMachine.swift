public import BellModel

/// Decides what is checked and calibrated next; a pure value that a performer asks after each thing it has done.
///
/// The scheme is check_state, check_data, calibrate with maintain and diagnose of arXiv:1803.03226, sections III and IV.
/// What alice's board does is independent of what bob's does, so up to one action of each is under way; one of the link
/// has both. Each node's actions come in an order that depends on the graph, the states and the verdicts alone.
public struct GraphMachine: Sendable {
    /// What is wanted.
    public enum Goal: Equatable, Sendable {
        /// Make these right, and what they need, doing as little as possible; `isForced` calibrates the named ones anyhow.
        case maintain([CalibrationItem], isForced: Bool = false)
        /// Calibrate these and all that they need, as if nothing were known; once more what later ones improve.
        case bringUp([CalibrationItem])
        /// Check these by a few shots, and change nothing.
        case check([CalibrationItem])
        /// Calibrate some, check others and calibrate those that are out of spec; what they need is looked at only when
        /// their data say nothing.
        case tend(check: [CalibrationItem], calibrate: [CalibrationItem])
    }

    /// What the performer must begin now.
    public enum Action: Equatable, Sendable {
        /// Perform the routine's check.
        case check(CalibrationItem)
        /// Perform the routine.
        case calibrate(CalibrationItem)
        /// Take the proposals of the item's last calibration, or refuse them.
        case accept(CalibrationItem)
        /// Nothing is under way any more, and nothing will be.
        case finish(GraphReport)
    }

    /// What came of an action; each names its item.
    public enum Event: Equatable, Sendable {
        case checked(CalibrationItem, RoutineReport.Verdict, String)
        case calibrated(CalibrationItem, RoutineReport.Verdict, String)
        case accepted(CalibrationItem)
        /// The proposals cannot be in force: outside of their bounds.
        case refused(CalibrationItem, String)
        /// The action could not be performed; nothing more is begun.
        case failed(CalibrationItem, BellError)
        /// A person ends it: what is under way is ended or given up, nothing more is begun.
        case cancelled
    }

    /// One item to see to.
    struct Step: Equatable, Sendable {
        enum Kind: Equatable, Sendable { case maintain, calibrate, check, verify }
        var item: CalibrationItem
        var kind: Kind
    }

    let graph: CalibrationGraph
    let wanted: [CalibrationItem]
    private let isMaintaining: Bool
    /// How often an item may be calibrated.
    let attempts: Int
    /// What is known of every item by now.
    public internal(set) var states: [CalibrationItem: ItemState]
    var outcomes: [CalibrationItem: GraphReport.Outcome] = [:]
    var calibrations: [CalibrationItem: Int] = [:]
    private var queue: [Step]
    private var requeued: [CalibrationItem: Int] = [:]
    /// What is under way, by the place of the step that led to it.
    private var processes: [CalibrationItem.Site: GraphProcess] = [:]
    private var error: BellError?
    private var isCancelled = false
    private var isFinished = false

    /// - Parameters:
    ///   - states: What is known from before.
    ///   - attempts: How often one item may be calibrated at the most, so that no circle of diagnoses is endless; ≥ 1. A
    ///     repetition that a bring-up plans does not count.
    public init(
        _ graph: CalibrationGraph, _ goal: Goal, states: [CalibrationItem: ItemState] = [:], attempts: Int = 3
    ) {
        self.graph = graph
        self.states = states
        self.attempts = max(1, attempts)
        switch goal {
        case .maintain(let items, let isForced):
            wanted = graph.closure(of: items)
            queue = wanted.map { Step(item: $0, kind: isForced && items.contains($0) ? .calibrate : .maintain) }
            isMaintaining = true
        case .bringUp(let items):
            wanted = graph.closure(of: items)
            queue = GraphMachine.bringUp(wanted, graph)
            isMaintaining = false
        case .check(let items):
            wanted = graph.sorted(items.filter(graph.contains))
            queue = wanted.map { Step(item: $0, kind: .check) }
            isMaintaining = false
        case .tend(let checked, let calibrated):
            wanted = graph.sorted((checked + calibrated).filter(graph.contains))
            queue = wanted.map { Step(item: $0, kind: calibrated.contains($0) ? .calibrate : .verify) }
            isMaintaining = false
        }
    }

    /// The steps of a bring-up: all in order, and each one that others improve once more behind the last of those.
    private static func bringUp(_ items: [CalibrationItem], _ graph: CalibrationGraph) -> [Step] {
        var plan = items
        for (place, item) in items.enumerated() {
            let improvers = Set(graph.improvers(of: item))
            guard let last = items.lastIndex(where: improvers.contains), last > place else { continue }
            // Behind what has been put there before, so that repetitions keep the graph's order, too.
            guard var index = plan.firstIndex(of: items[last]) else { continue }
            repeat { index += 1 } while index < plan.count && plan[..<index].contains(plan[index])
            plan.insert(item, at: index)
        }
        return plan.map { Step(item: $0, kind: .calibrate) }
    }

    /// Steps that are done, and all of them: for a progress bar.
    public var progress: (done: Int, total: Int) {
        let done = wanted.count { outcomes[$0] != nil }
        return (done, max(wanted.count, 1))
    }

    // MARK: Deciding

    /// The actions to begin with.
    ///
    /// - Parameter now: Seconds since 1970.
    public mutating func begin(now: Double) -> [Action] { advance(now: now) }

    /// Takes an event and says what to begin besides what is under way.
    public mutating func handle(_ event: Event, now: Double) -> [Action] {
        switch event {
        case .cancelled: isCancelled = true
        case .failed(let item, let failure):
            // What a person ended is no failure.
            if !isCancelled { error = error ?? failure }
            guard let site = site(of: item) else { break }
            processes[site] = nil
        case .checked(let item, _, _), .calibrated(let item, _, _), .accepted(let item), .refused(let item, _):
            guard let site = site(of: item), var process = processes[site] else { break }
            let action = process.handle(event, now: now, in: &self)
            return settle(process, action, at: site) + advance(now: now)
        }
        return advance(now: now)
    }

    private var isEnding: Bool { isCancelled || error != nil }

    /// The place of the step whose action names this item.
    private func site(of item: CalibrationItem) -> CalibrationItem.Site? {
        processes.first { $0.value.current == item }?.key
    }

    private mutating func settle(_ process: GraphProcess, _ action: Action?, at site: CalibrationItem.Site) -> [Action]
    {
        guard let action, !isEnding else {
            processes[site] = nil
            return []
        }
        processes[site] = process
        return [action]
    }

    private mutating func advance(now: Double) -> [Action] {
        var actions: [Action] = []
        while !isEnding {
            var busy = Set(processes.values.flatMap(\.nodes))
            let ready = queue.firstIndex { step in
                // A step never overtakes another one of its node, so that its dependencies are settled before it.
                let isFree = busy.isDisjoint(with: step.item.site.nodes)
                busy.formUnion(step.item.site.nodes)
                return isFree
            }
            guard let ready else {
                guard queue.isEmpty, processes.isEmpty, requeue(now: now) else { break }
                continue
            }
            actions += start(queue.remove(at: ready), now: now)
        }
        guard processes.isEmpty, isEnding || queue.isEmpty, !isFinished else { return actions }
        isFinished = true
        return actions + [.finish(report)]
    }

    private mutating func start(_ step: Step, now: Double) -> [Action] {
        let needed = step.kind == .check ? [] : graph.closure(of: [step.item]).dropLast()
        if let failed = needed.first(where: { outcomes[$0].map { !$0.isSound } ?? false }) {
            // What a bring-up wanted to do once more is as good as it was.
            if outcomes[step.item] == nil { outcomes[step.item] = .blocked(by: failed) }
            return []
        }
        var process = GraphProcess(step)
        let action = process.begin(now: now, in: &self)
        return settle(process, action, at: step.item.site)
    }

    /// A diagnosis may have calibrated what an item needs that had been seen to before: such items are seen to again.
    private mutating func requeue(now: Double) -> Bool {
        guard isMaintaining else { return false }
        let stale = wanted.filter { item in
            guard outcomes[item]?.isSound == true, requeued[item, default: 0] < attempts - 1 else { return false }
            return graph.staleness(of: item, states, now: now, deep: false) != nil
        }
        for item in stale { requeued[item, default: 0] += 1 }
        queue = stale.map { Step(item: $0, kind: .maintain) }
        return !stale.isEmpty
    }

    private var report: GraphReport {
        GraphReport(
            rows: wanted.map { .init($0, outcomes[$0] ?? .notReached) }, error: error, isCancelled: isCancelled)
    }
}
