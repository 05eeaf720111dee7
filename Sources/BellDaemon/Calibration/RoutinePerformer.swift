import BellCalibration
import BellModel
import BellSequence
import Synchronization

/// Performs one routine: asks it what to measure, has it measured, until it gives its report.
struct RoutinePerformer: Sendable {
    /// Values that count while a routine is performed.
    struct Values: Sendable {
        var set: CalibrationSet
        /// Rises with every change.
        var generation: Int
    }

    /// How far a routine is.
    struct Progress: Equatable, Sendable {
        var note: String
        /// Rounds begun, from 1.
        var round: Int
        var point: Int
        var points: Int
        /// Shots or trials of all points of the round.
        var shots: Int
        var allShots: Int
    }

    /// What was measured on the way to a report.
    struct Result: Sendable {
        var report: RoutineReport
        var points: Int
        var shots: Int
    }

    let measure:
        @Sendable (ExperimentPoint, Values, @escaping @Sendable (Int) -> Void) async throws(BellError)
            -> Measurement
    let limits: PerNode<BoardLimits>

    // A routine is code of ours, but what it asks for may follow from what a board sent.
    private static let mostRounds = 64
    private static let mostPoints = 100_000
    private static let mostShots = 1 << 30

    /// - Parameters:
    ///   - isCheck: Its check by a few shots instead of the whole calibration.
    ///   - progress: Called at each point and piece; must not block.
    /// - Throws: What measuring or the routine throws; `calibration.cancelled`, `calibration.routine`.
    func perform(
        _ routine: any CalibrationRoutine, of item: CalibrationItem, isCheck: Bool, values: Values,
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws(BellError) -> Result {
        let node: Node = if case .node(let node) = item.site { node } else { .alice }
        let context = RoutineContext(node: node, values: values.set, limits: limits)
        var rounds: [[Measurement]] = []
        var (points, shots) = (0, 0)
        while true {
            if Task.isCancelled { throw BellError.calibrationWasCancelled }
            let step = isCheck ? try routine.check(context, rounds) : try routine.calibrate(context, rounds)
            switch step {
            case .finish(let report): return Result(report: report, points: points, shots: shots)
            case .measure(let wanted, let note):
                let all = wanted.reduce(0) { $0 &+ max(0, $1.count) }
                guard rounds.count < Self.mostRounds, !wanted.isEmpty, wanted.count <= Self.mostPoints,
                    all > 0, all <= Self.mostShots
                else { throw endless(item, rounds.count, wanted.count, all) }
                try refuseForeign(wanted, item)
                var state = Progress(
                    note: note, round: rounds.count + 1, point: 0, points: wanted.count, shots: 0, allShots: all)
                var round: [Measurement] = []
                for (place, point) in wanted.enumerated() {
                    state.point = place
                    let begun = state
                    progress(begun)
                    round.append(
                        try await measure(point, values) { done in
                            var now = begun
                            now.shots += done
                            progress(now)
                        })
                    state.shots += point.count
                }
                state.point = wanted.count
                progress(state)
                points += wanted.count
                shots += state.shots
                rounds.append(round)
            }
        }
    }

    /// A routine of one node has one board; the other one may be at work on something else.
    private func refuseForeign(_ points: [ExperimentPoint], _ item: CalibrationItem) throws(BellError) {
        guard case .node(let node) = item.site, points.contains(where: { $0.kind != .shots(node) }) else { return }
        throw BellError(
            .calibrationRoutine, "The routine \(item.routine) wants another board than \(node.name)'s.",
            state: BellError.oldValuesStay)
    }

    private func endless(_ item: CalibrationItem, _ rounds: Int, _ points: Int, _ shots: Int) -> BellError {
        BellError(
            .calibrationRoutine,
            "The routine \(item.routine) asks for \(points) points with \(shots) shots after \(rounds) rounds.",
            state: BellError.oldValuesStay, fix: "report this with the routine's last figure")
    }
}
