import BellCalibration
import BellModel
import Synchronization

/// What a calibration that is under way shows; telemetry's member `calibration`.
final class CalibrationProgress: Sendable {
    /// What is done with an item just now.
    private struct Activity {
        var isCheck: Bool
        var since: Double
        var progress: RoutinePerformer.Progress?
    }

    private struct State {
        var active: [CalibrationItem: Activity] = [:]
        /// The last run of each item, in the order in which they ended.
        var runs: [JSON] = []
        var done = 0
        var total = 1
        var lastShown: UInt64 = 0
        var end: JSON?
    }

    private let request: CalibrationRequest
    private let isSimulated: Bool
    private let began: Double
    private let state = Mutex(State())
    private let publish: @Sendable (JSON) -> Void
    private let now: @Sendable () -> UInt64

    /// Changes between two points are shown ten times a second at the most.
    private static let interval: UInt64 = 100_000_000

    init(
        _ request: CalibrationRequest, isSimulated: Bool, began: Double, now: @escaping @Sendable () -> UInt64,
        publish: @escaping @Sendable (JSON) -> Void
    ) {
        self.request = request
        self.isSimulated = isSimulated
        self.began = began
        self.now = now
        self.publish = publish
    }

    func begin(_ item: CalibrationItem, isCheck: Bool, at time: Double) {
        change { $0.active[item] = Activity(isCheck: isCheck, since: time) }
    }

    func update(_ item: CalibrationItem, _ progress: RoutinePerformer.Progress) {
        change(isNews: false) { $0.active[item]?.progress = progress }
    }

    func end(_ item: CalibrationItem, run: JSON?) {
        change { state in
            state.active[item] = nil
            if let run { state.runs.append(run) }
        }
    }

    /// How many items the walk has settled.
    func settled(_ progress: (done: Int, total: Int)) { change { ($0.done, $0.total) = progress } }

    /// It is over.
    func finish(_ result: JSON) {
        change { state in
            state.active = [:]
            state.end = result
        }
    }

    /// When it began and how far it is, for who has to wait: "it began at 2026-11-21T20:17:09Z, 72 s ago; 12 of 62 are done".
    func sinceWhen(_ now: Double) -> String {
        let (done, total) = state.withLock { ($0.done, $0.total) }
        let seconds = min(max(0, (now - began).rounded()), 1e9)
        return
            "it began at \(UTCTime(seconds: began.rounded(.down))), \(Int(seconds)) s ago; \(done) of \(total) are done"
    }

    var runs: [JSON] { state.withLock { $0.runs } }

    /// The member `calibration`; docs/control-protocol.md lists the keys.
    var json: JSON { state.withLock { json($0) } }

    private func change(isNews: Bool = true, _ body: (inout State) -> Void) {
        // Published under the lock, so that no older state is shown after a newer one.
        state.withLock { state in
            body(&state)
            let time = now()
            guard isNews || time &- state.lastShown >= Self.interval else { return }
            state.lastShown = time
            publish(json(state))
        }
    }

    private func json(_ state: borrowing State) -> JSON {
        let active = state.active.sorted { $0.key.description < $1.key.description }.map { item, activity -> JSON in
            var row: [String: JSON] = [
                "item": .string(item.description), "action": activity.isCheck ? "check" : "calibrate",
                "since": .double(activity.since),
            ]
            if let progress = activity.progress {
                row["note"] = .string(progress.note)
                row["round"] = .int(Int64(progress.round))
                row["point"] = .int(Int64(progress.point))
                row["points"] = .int(Int64(progress.points))
                row["shots"] = .int(Int64(progress.shots))
                row["all_shots"] = .int(Int64(progress.allShots))
            }
            return .object(row)
        }
        return [
            "state": state.end == nil ? "running" : "ended", "what": .string(request.text),
            "mode": .string(request.mode.rawValue), "by": .string(request.person), "began": .double(began),
            "simulated": .bool(isSimulated), "done": .int(Int64(state.done)), "total": .int(Int64(state.total)),
            "active": .array(active), "runs": .array(state.runs.suffix(100)), "good": state.end?["good"] ?? .null,
        ]
    }
}
