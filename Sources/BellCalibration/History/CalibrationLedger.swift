public import BellModel
public import BellSequence
import Synchronization

/// Decides with somebody's authority what comes into force: from a run's proposals through the bounds into the files,
/// and into the history.
///
/// Safe to use from several threads and processes: one decision at a time holds the files' lock. A decision that was
/// cut off, by a power cut between files and history, is completed by making it again.
public final class CalibrationLedger: Sendable {
    public let files: CalibrationFiles
    private let history: Mutex<CalibrationHistory>

    /// - Parameters:
    ///   - laboratory: The path of lab.yaml.
    ///   - history: The path of ``CalibrationHistory/fileName``.
    /// - Throws: `calibration.history`, `sqlite.…`.
    public convenience init(laboratory: String, history path: String) throws(BellError) {
        try self.init(files: CalibrationFiles(laboratory: laboratory), history: path)
    }

    public init(files: CalibrationFiles, history path: String) throws(BellError) {
        self.files = files
        history = Mutex(try CalibrationHistory(path: path))
    }

    /// Runs `body` with the history, alone.
    public func withHistory<T: Sendable>(
        _ body: (CalibrationHistory) throws(BellError) -> T
    ) throws(BellError) -> T {
        let result = history.withLock { history -> Result<T, BellError> in
            do throws(BellError) { return .success(try body(history)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Puts a run's proposals into force.
    ///
    /// - Parameters:
    ///   - run: The run's name.
    ///   - paths: Only these of its values; nil for all.
    ///   - expected: What the run began with; without it each value in the files must be the one that the history says
    ///     the run began with. Nothing is overwritten that somebody else has changed since.
    /// - Returns: What is in force now.
    /// - Throws: `calibration.run`, `calibration.changed`, and as ``CalibrationFiles/write(_:expecting:)``. Values
    ///   outside of bounds are in the history as refused then, the files as they were; a person who has widened the
    ///   bounds can accept them again.
    @discardableResult
    public func accept(
        _ run: String, only paths: Set<CalibrationPath>? = nil, by acceptance: Acceptance, at time: UTCTime,
        expecting expected: CalibrationSnapshot? = nil
    ) throws(BellError) -> CalibrationSnapshot {
        try withHistory { history throws(BellError) in
            let (stored, proposals) = try Self.proposals(of: run, only: paths, in: history)
            return try files.locked { lock throws(BellError) in
                let now = try files.read()
                // Written before a crash, or accepted twice: what the file says of this run stays.
                let open = proposals.filter { now.values[$0.path]?.run != run }
                if expected == nil { try Self.checkUnchanged(open, since: stored, now) }
                let values = open.map { proposal in
                    NewValue(
                        proposal.path, value: proposal.value, uncertainty: proposal.uncertainty, time: proposal.time,
                        routine: stored.start.routine, run: run, commit: stored.start.software, acceptedBy: acceptance)
                }
                var result = now
                do throws(BellError) {
                    if !values.isEmpty { result = try files.write(values, expecting: expected ?? now, holding: lock) }
                } catch {
                    if [.calibrationBounds, .calibrationValue].contains(error.code) {
                        try history.refuse(run, values.map(\.path), reason: error.what, at: time)
                    }
                    throw error
                }
                try history.accept(run, proposals.map(\.path), by: acceptance.description, at: time)
                return result
            }
        }
    }

    /// Says no to a run's proposals; those already in force stay.
    ///
    /// - Throws: `calibration.run`, `sqlite.…`.
    public func refuse(
        _ run: String, only paths: Set<CalibrationPath>? = nil, by acceptance: Acceptance, reason: String,
        at time: UTCTime
    ) throws(BellError) {
        try withHistory { history throws(BellError) in
            let (_, proposals) = try Self.proposals(of: run, only: paths, in: history)
            try history.refuse(run, proposals.map(\.path), reason: "\(acceptance): \(reason)", at: time)
        }
    }

    private static func proposals(
        of run: String, only paths: Set<CalibrationPath>?, in history: CalibrationHistory
    ) throws(BellError) -> (StoredRun, [StoredValue]) {
        guard let stored = try history.run(run) else { throw CalibrationHistory.unknownRun(run) }
        let all = try history.values(ofRun: run)
        let missing = paths.map { $0.subtracting(all.map(\.path)) } ?? []
        let chosen = all.filter { paths?.contains($0.path) ?? true }
        if all.isEmpty || !missing.isEmpty {
            let names = missing.map(\.description).sorted().joined(separator: ", ")
            throw BellError(
                .calibrationRun, "The run \(run) proposes \(missing.isEmpty ? "nothing" : "nothing for \(names)").",
                cause: stored.verdict.map { "\($0.rawValue): \(stored.reason)" } ?? stored.reason,
                state: "the old values stay in force",
                fix: all.isEmpty
                    ? "calibrate again" : "it proposes \(all.map(\.path.description).joined(separator: ", "))")
        }
        if let old = chosen.first(where: { $0.state == .superseded }) {
            throw BellError(
                .calibrationRun, "\(old.path) of the run \(run) was in force and has been replaced since.",
                state: "the newer value stays in force", fix: "calibrate again, or write the old value by hand")
        }
        return (stored, chosen)
    }

    /// Compares the entries in force with those that the run began with.
    private static func checkUnchanged(
        _ proposals: [StoredValue], since run: StoredRun, _ now: CalibrationSnapshot
    ) throws(BellError) {
        guard case .object = run.start.inputs else { return }
        let frozen = now.values.frozen
        let changed = proposals.map(\.path).filter { path in
            // Bounds and the like may change meanwhile; another measurement may not. As text: the history's JSON reads a
            // whole number back as one.
            ["value", "uncertainty", "time", "run"].contains {
                path.entry(in: run.start.inputs)?[$0]?.text != path.entry(in: frozen)?[$0]?.text
            }
        }
        guard let first = changed.first else { return }
        let place = now.values[first].map { "\($0.place)" }
        throw BellError(
            .calibrationChanged,
            "Since the run \(run.id) began somebody else has changed \(changed.map(\.description).joined(separator: ", ")).",
            at: place, cause: now.values[first].map { "\(first) is now of the run \($0.run)" },
            state: "their values are in force, nothing was written", fix: "look at what changed, then calibrate again")
    }
}
