import BellCalibration
import BellModel
import BellSequence

extension LaboratoryBook {
    /// What is known of every item: from the files, which are the truth in force, and from the history of checks.
    func states(of graph: CalibrationGraph) throws(BellError) -> [CalibrationItem: ItemState] {
        let set = try values()
        return try ledger.withHistory { history throws(BellError) in
            var states: [CalibrationItem: ItemState] = [:]
            for item in graph.order {
                let state = try Self.state(of: item, graph, set, history)
                if state != ItemState() { states[item] = state }
            }
            return states
        }
    }

    /// So many of the newest; more would be of another season.
    private static let mostSamples = 200

    func samples(of path: CalibrationPath) throws(BellError) -> [StoredValue] {
        try ledger.withHistory { history throws(BellError) in
            try history.values(of: path, limit: Self.mostSamples)
        }
    }

    private static func state(
        of item: CalibrationItem, _ graph: CalibrationGraph, _ set: CalibrationSet, _ history: CalibrationHistory
    ) throws(BellError) -> ItemState {
        let proposes = graph.entries[item.routine]?.proposes ?? []
        let subject = RunSubject(item.site)
        let checked = try history.last(item.routine, of: subject, isCheck: true)
        let calibrated = try history.last(item.routine, of: subject, isCheck: false)
        var state = ItemState()
        let values = proposes.flatMap { name in set.entries(named: name, at: item.site) }.compactMap { entry in
            entry.value.map { (path: entry.path, value: $0) }
        }
        state.validFor = values.compactMap(\.value.validFor?.seconds).min()
        if proposes.isEmpty {
            // It sets nothing, so that a good run alone makes it right.
            if calibrated?.verdict == .good { state.verified = calibrated?.ended?.seconds }
        } else {
            // A value that somebody else's routine, or a person, wrote says nothing of this one.
            let own = values.filter { $0.value.routine == item.routine }
            state.verified = own.compactMap { UTCTime($0.value.time)?.seconds }.min()
            if own.isEmpty, let run = calibrated, run.verdict == .good {
                let proposed = try history.values(ofRun: run.id)
                if proposed.isEmpty {
                    // It was good with nothing to set: a node without a π pulse of its own has no amplitude for one.
                    state.verified = run.ended?.seconds
                } else if proposed.contains(where: { [.accepted, .superseded].contains($0.state) }) {
                    // A finer routine has measured the same since: this one did its part when its own were accepted.
                    state.verified = run.ended?.seconds
                    state.calibrated = state.verified
                }
            }
            for (path, value) in own {
                guard let moved = try Self.moved(path, value, history) else { continue }
                state.calibrated = max(state.calibrated ?? moved, moved)
            }
        }
        if checked?.verdict == .good, let time = checked?.ended?.seconds {
            state.verified = max(state.verified ?? time, time)
        }
        // A bring-up that was cut off leaves a coarse value where a finer one was: that one's checks were of the old value.
        let below = Set(graph.closure(of: [item]).map(\.routine)).subtracting([item.routine])
        let coarser = values.first { value in
            guard below.contains(value.value.routine), let time = UTCTime(value.value.time)?.seconds else {
                return false
            }
            return time > state.verified ?? .infinity
        }
        if let coarser {
            state.verified = nil
            state.replacedBy = coarser.value.routine
        }
        if let calibrated, let verdict = calibrated.verdict, verdict != .good, let time = calibrated.ended?.seconds {
            state.hasFailed = time > state.verified ?? -.infinity
        }
        return state
    }

    /// When a value last moved by more than it was known to.
    ///
    /// One that was measured again and found where it was leaves what builds on it as right as before.
    private static func moved(
        _ path: CalibrationPath, _ value: CalibratedValue, _ history: CalibrationHistory
    ) throws(BellError) -> Double? {
        var since = UTCTime(value.time)?.seconds
        let before = try history.values(of: path, limit: 50).filter { [.accepted, .superseded].contains($0.state) }
        for old in before.reversed() {
            let spread = (old.uncertainty * old.uncertainty + value.uncertainty * value.uncertainty).squareRoot()
            // Two standard uncertainties: what a repeated measurement shows in 95 of 100 cases.
            guard (old.value - value.value).magnitude <= 2 * spread else { break }
            since = min(since ?? old.time.seconds, old.time.seconds)
        }
        return since
    }
}
