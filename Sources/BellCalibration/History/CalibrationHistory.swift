public import BellModel
import BellSQLite
import BellSequence

/// Every calibration and check that was ever made, with what it found and what became of it.
///
/// An SQLite file, `calibration.sqlite` of the state directory, in write-ahead mode with `synchronous=FULL`: each method
/// that writes is one transaction and durable when it returns. Used from one isolation at a time; other processes may
/// read and write the same file.
public final class CalibrationHistory {
    public static let fileName = "calibration.sqlite"
    let database: Database

    /// Opens the file, and makes or updates its tables.
    ///
    /// - Parameter path: `:memory:` for a history that is forgotten.
    /// - Throws: `calibration.history` for another file or a newer version, `sqlite.…`.
    public init(path: String) throws(BellError) {
        database = try Database(path: path, mode: .create)
        // Another connection that opens the file at the same moment holds it for a few milliseconds only.
        if path != ":memory:" { try database.useDurableLog() }
        try database.pragma("foreign_keys", "ON")
        try HistorySchema.migrate(database)
    }

    // MARK: - Runs

    /// Begins a run.
    ///
    /// - Returns: Its name, `<subject>-<routine>-<day>-<number of that day>`.
    public func begin(_ start: RunStart) throws(BellError) -> String {
        let series = "\(start.subject)-\(start.routine)-\(start.started.compactDate)"
        return try database.transaction { () throws(BellError) in
            let last = try database.value("SELECT max(serial) FROM run WHERE series = ?1", [.text(series)])
            var serial: Int64 = 1
            if case .int(let last)? = last { serial = last + 1 }
            let digits = String(serial)
            let id = "\(series)-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            try database.run(
                """
                INSERT INTO run (id, series, serial, routine, subject, is_check, started, reason, software, simulated,
                    inputs, summary)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8, ?9, ?10, 'null')
                """,
                [
                    .text(id), .text(series), .int(serial), .text(start.routine), .text(start.subject.description),
                    .int(start.isCheck ? 1 : 0), .int(start.started.milliseconds), .text(start.software),
                    .int(start.simulated ? 1 : 0), .text(start.inputs.text),
                ])
            return id
        }
    }

    /// Ends a run with its report; its proposals are kept as proposed, its metrics under `<subject>.<name>`.
    ///
    /// - Parameter summary: What was measured, in short.
    /// - Throws: `calibration.run` for an unknown or ended run, `calibration.unknown` and `calibration.value` for a
    ///   proposal that is none; nothing is stored then.
    public func finish(
        _ id: String, at ended: UTCTime, _ report: RoutineReport, summary: JSON = .null
    ) throws(BellError) {
        try database.transaction { () throws(BellError) in
            let run = try end(id, at: ended, verdict: report.verdict, reason: report.reason, summary: summary)
            for proposal in report.proposals {
                let quantity = try proposal.path.known()
                try Self.check(proposal.value, proposal.uncertainty, "\(proposal.path)", run: id)
                try database.run(
                    """
                    INSERT INTO value (run, path, value, uncertainty, unit, time, state)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'proposed')
                    """,
                    [
                        .int(run.number), .text(proposal.path.description), .double(proposal.value),
                        .double(proposal.uncertainty), .text(quantity.unit), .int(ended.milliseconds),
                    ])
            }
            for metric in report.metrics where metric.value.isFinite {
                try insert(metric, subject: run.subject, run: .int(run.number), at: ended)
            }
        }
    }

    /// Ends a run that came to no verdict: interrupted, or failed.
    ///
    /// - Throws: `calibration.run` for an unknown or ended run.
    public func abandon(_ id: String, at ended: UTCTime, reason: String) throws(BellError) {
        try database.transaction { () throws(BellError) in
            _ = try end(id, at: ended, verdict: nil, reason: reason, summary: .null)
        }
    }

    /// Keeps a metric that was watched outside of any run.
    public func record(_ metric: RoutineReport.Metric, of subject: String, at time: UTCTime) throws(BellError) {
        guard metric.value.isFinite else { return }
        try database.transaction { () throws(BellError) in
            try insert(metric, subject: subject, run: .null, at: time)
        }
    }

    private func end(
        _ id: String, at ended: UTCTime, verdict: RoutineReport.Verdict?, reason: String, summary: JSON
    ) throws(BellError) -> (number: Int64, subject: String) {
        var found: (number: Int64, subject: String, isOpen: Bool)?
        try database.prepare("SELECT number, subject, ended IS NULL FROM run WHERE id = ?1").rows([.text(id)]) {
            row throws(BellError) in
            found = (try row.int64(0), try row.text(1), try row.int64(2) == 1)
        }
        guard let found else { throw Self.unknownRun(id) }
        guard found.isOpen else {
            throw BellError(.calibrationRun, "The run \(id) has ended already.", at: database.path)
        }
        try database.run(
            "UPDATE run SET ended = ?2, verdict = ?3, reason = ?4, summary = ?5 WHERE number = ?1",
            [
                .int(found.number), .int(ended.milliseconds), verdict.map { .text($0.rawValue) } ?? .null,
                .text(String(reason.prefix(4000))), .text(summary.text),
            ])
        return (found.number, found.subject)
    }

    private func insert(
        _ metric: RoutineReport.Metric, subject: String, run: SQLValue, at time: UTCTime
    ) throws(BellError) {
        try database.run(
            "INSERT INTO metric (run, path, value, uncertainty, unit, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            [
                run, .text("\(subject).\(metric.name)"), .double(metric.value),
                metric.uncertainty.flatMap { $0.isFinite ? .double($0) : nil } ?? .null, .text(metric.unit),
                .int(time.milliseconds),
            ])
    }

    private static func check(
        _ value: Double, _ uncertainty: Double, _ path: String, run: String
    ) throws(BellError) {
        // SQLite would keep NaN as NULL.
        if value.isFinite && uncertainty.isFinite && uncertainty >= 0 { return }
        throw BellError(
            .calibrationValue, "\(path) = \(value) ± \(uncertainty) is no number with an uncertainty.", at: path,
            cause: "run \(run)", state: "the old value stays in force",
            fix: "report this: a fit that fails proposes nothing")
    }

    static func unknownRun(_ id: String) -> BellError {
        BellError(
            .calibrationRun, "There is no run \"\(id.prefix(100))\".",
            fix: "`bellctl calibrate history` names the runs")
    }

    // MARK: - Decisions

    /// Marks values of a run as in force; those that were in force for the same paths become superseded.
    ///
    /// Marking again changes nothing.
    public func accept(
        _ run: String, _ paths: [CalibrationPath], by acceptance: String, at time: UTCTime
    ) throws(BellError) {
        try database.transaction { () throws(BellError) in
            for path in paths {
                let key: [SQLValue] = [.text(run), .text(path.description), .int(time.milliseconds)]
                try database.run(
                    """
                    UPDATE value SET state = 'accepted', decided = ?3, accepted_by = ?4, reason = NULL
                    WHERE run = (SELECT number FROM run WHERE id = ?1) AND path = ?2 AND state <> 'accepted'
                    """, key + [.text(acceptance)])
                guard database.changes > 0 else { continue }
                try database.run(
                    """
                    UPDATE value SET state = 'superseded', decided = ?3
                    WHERE path = ?2 AND state = 'accepted' AND run <> (SELECT number FROM run WHERE id = ?1)
                    """, key)
            }
        }
    }

    /// Marks values of a run that nobody has accepted as refused.
    public func refuse(
        _ run: String, _ paths: [CalibrationPath], reason: String, at time: UTCTime
    ) throws(BellError) {
        try database.transaction { () throws(BellError) in
            for path in paths {
                try database.run(
                    """
                    UPDATE value SET state = 'refused', decided = ?3, reason = ?4
                    WHERE run = (SELECT number FROM run WHERE id = ?1) AND path = ?2 AND state = 'proposed'
                    """,
                    [
                        .text(run), .text(path.description), .int(time.milliseconds),
                        .text(String(reason.prefix(4000))),
                    ])
            }
        }
    }
}
