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
                let proposes = graph.entries[item.routine]?.proposes ?? []
                let state = try Self.state(of: item, proposes, set, history)
                if state != ItemState() { states[item] = state }
            }
            return states
        }
    }

    private static func state(
        of item: CalibrationItem, _ proposes: [String], _ set: CalibrationSet, _ history: CalibrationHistory
    ) throws(BellError) -> ItemState {
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
                let found = try history.values(ofRun: run.id)
                if found.isEmpty {
                    // It had nothing to set here, as for a pulse that this laboratory does not have.
                    state.verified = run.ended?.seconds
                } else if found.contains(where: { [.accepted, .superseded].contains($0.state) }) {
                    // A finer routine has measured the same since: this one did its part when its own values were accepted.
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
