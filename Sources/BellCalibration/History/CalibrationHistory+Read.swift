public import BellModel
import BellSQLite

extension CalibrationHistory {
    // MARK: - Runs

    /// A run, or nil when there is none of that name.
    public func run(_ id: String) throws(BellError) -> StoredRun? {
        try runs("WHERE id = ?1", [.text(id)]).first
    }

    /// The latest runs, the newest first.
    ///
    /// - Parameters:
    ///   - routine: Only of this routine; nil for all.
    ///   - subject: Only of this node or the link; nil for all.
    ///   - limit: At most so many; > 0.
    public func runs(
        routine: String? = nil, subject: RunSubject? = nil, limit: Int = 100
    ) throws(BellError) -> [StoredRun] {
        try runs(
            """
            WHERE (?1 IS NULL OR routine = ?1) AND (?2 IS NULL OR subject = ?2) ORDER BY started DESC, number DESC LIMIT ?3
            """,
            [routine.map { .text($0) } ?? .null, subject.map { .text($0.description) } ?? .null, .int(Int64(limit))])
    }

    /// The last run of a routine that came to a verdict, or nil.
    ///
    /// - Parameter isCheck: Only checks, or only calibrations; nil for either.
    public func last(
        _ routine: String, of subject: RunSubject, isCheck: Bool? = nil
    ) throws(BellError) -> StoredRun? {
        try runs(
            """
            WHERE routine = ?1 AND subject = ?2 AND (?3 IS NULL OR is_check = ?3) AND verdict IS NOT NULL
            ORDER BY ended DESC, number DESC LIMIT 1
            """, [.text(routine), .text(subject.description), isCheck.map { .int($0 ? 1 : 0) } ?? .null]
        ).first
    }

    /// Runs that never ended: they run now, or their process was killed.
    public func unfinished() throws(BellError) -> [StoredRun] {
        try runs("WHERE ended IS NULL ORDER BY started DESC, number DESC LIMIT 1000", [])
    }

    private func runs(_ condition: String, _ values: [SQLValue]) throws(BellError) -> [StoredRun] {
        var runs: [StoredRun] = []
        try database.prepare(
            """
            SELECT id, routine, subject, is_check, started, software, simulated, inputs, ended, verdict, reason, summary
            FROM run \(condition)
            """
        ).rows(values) { row throws(BellError) in
            guard let subject = RunSubject(try row.text(2)) else { throw damaged("subject", try row.text(2)) }
            let start = RunStart(
                routine: try row.text(1), subject: subject, isCheck: try row.int64(3) != 0,
                started: UTCTime(milliseconds: try row.int64(4)), software: try row.text(5),
                simulated: try row.int64(6) != 0,
                inputs: try JSON(parsing: try row.text(7), source: database.path))
            var verdict: RoutineReport.Verdict?
            if !row.isNull(9) {
                verdict = RoutineReport.Verdict(rawValue: try row.text(9))
                if verdict == nil { throw damaged("verdict", try row.text(9)) }
            }
            runs.append(
                StoredRun(
                    id: try row.text(0), start: start,
                    ended: row.isNull(8) ? nil : UTCTime(milliseconds: try row.int64(8)), verdict: verdict,
                    reason: try row.text(10), summary: try JSON(parsing: try row.text(11), source: database.path)))
        }
        return runs
    }

    // MARK: - Values

    /// What was ever measured of a value, the oldest first.
    ///
    /// - Parameters:
    ///   - times: Only measured in this range; nil for all.
    ///   - limit: At most so many, the newest; > 0.
    public func values(
        of path: CalibrationPath, in times: ClosedRange<UTCTime>? = nil, limit: Int = 10_000
    ) throws(BellError) -> [StoredValue] {
        try values(
            "WHERE path = ?1 AND time BETWEEN ?2 AND ?3 ORDER BY time DESC, value.id DESC LIMIT ?4",
            [.text(path.description), Self.from(times), Self.to(times), .int(Int64(limit))]
        ).reversed()
    }

    /// What a run proposed, in the order of its report.
    public func values(ofRun id: String) throws(BellError) -> [StoredValue] {
        try values("WHERE run.id = ?1 ORDER BY value.id", [.text(id)])
    }

    /// What nobody has decided about, the oldest first.
    public func proposals() throws(BellError) -> [StoredValue] {
        try values("WHERE state = 'proposed' ORDER BY time, value.id LIMIT 10000", [])
    }

    /// The value in force as far as the history knows, or nil; the file is the truth.
    public func latest(_ path: CalibrationPath) throws(BellError) -> StoredValue? {
        try values(
            "WHERE path = ?1 AND state = 'accepted' ORDER BY decided DESC, value.id DESC LIMIT 1",
            [.text(path.description)]
        ).first
    }

    private func values(_ condition: String, _ parameters: [SQLValue]) throws(BellError) -> [StoredValue] {
        var values: [StoredValue] = []
        try database.prepare(
            """
            SELECT run.id, path, value, uncertainty, unit, time, state, decided, accepted_by, value.reason
            FROM value JOIN run ON run.number = value.run \(condition)
            """
        ).rows(parameters) { row throws(BellError) in
            guard let path = CalibrationPath(try row.text(1)) else { throw damaged("path", try row.text(1)) }
            guard let state = StoredValue.State(rawValue: try row.text(6)) else {
                throw damaged("state", try row.text(6))
            }
            values.append(
                StoredValue(
                    run: try row.text(0), path: path, value: try row.double(2), uncertainty: try row.double(3),
                    unit: try row.text(4), time: UTCTime(milliseconds: try row.int64(5)), state: state,
                    decided: row.isNull(7) ? nil : UTCTime(milliseconds: try row.int64(7)),
                    acceptedBy: row.isNull(8) ? nil : try row.text(8), reason: row.isNull(9) ? nil : try row.text(9)))
        }
        return values
    }

    // MARK: - Metrics

    /// A metric over time, the oldest first.
    ///
    /// - Parameter path: The subject and the name: `alice.half_pi_error`.
    public func metrics(
        of path: String, in times: ClosedRange<UTCTime>? = nil, limit: Int = 10_000
    ) throws(BellError) -> [StoredMetric] {
        try metrics(
            "WHERE path = ?1 AND time BETWEEN ?2 AND ?3 ORDER BY time DESC, metric.id DESC LIMIT ?4",
            [.text(path), Self.from(times), Self.to(times), .int(Int64(limit))]
        ).reversed()
    }

    /// The metrics of a run, in the order of its report.
    public func metrics(ofRun id: String) throws(BellError) -> [StoredMetric] {
        try metrics("WHERE run.id = ?1 ORDER BY metric.id", [.text(id)])
    }

    /// Everything that has a history: paths of values and of metrics, sorted.
    public func paths() throws(BellError) -> [String] {
        var paths: [String] = []
        try database.prepare("SELECT path FROM value UNION SELECT path FROM metric ORDER BY path LIMIT 10000").rows {
            row throws(BellError) in paths.append(try row.text(0))
        }
        return paths
    }

    private func metrics(_ condition: String, _ parameters: [SQLValue]) throws(BellError) -> [StoredMetric] {
        var metrics: [StoredMetric] = []
        try database.prepare(
            """
            SELECT run.id, path, value, uncertainty, unit, time
            FROM metric LEFT JOIN run ON run.number = metric.run \(condition)
            """
        ).rows(parameters) { row throws(BellError) in
            metrics.append(
                StoredMetric(
                    run: row.isNull(0) ? nil : try row.text(0), path: try row.text(1), value: try row.double(2),
                    uncertainty: row.isNull(3) ? nil : try row.double(3), unit: try row.text(4),
                    time: UTCTime(milliseconds: try row.int64(5))))
        }
        return metrics
    }

    private static func from(_ times: ClosedRange<UTCTime>?) -> SQLValue {
        .int(times?.lowerBound.milliseconds ?? .min)
    }
    private static func to(_ times: ClosedRange<UTCTime>?) -> SQLValue { .int(times?.upperBound.milliseconds ?? .max) }

    private func damaged(_ column: String, _ found: String) -> BellError {
        BellError(
            .calibrationHistory, "The history holds the \(column) \"\(found.prefix(60))\", which nobody writes.",
            at: database.path, fix: "restore the file from a copy")
    }
}
