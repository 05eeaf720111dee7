import BellCalibration
import BellModel
import BellSequence

/// A routine that is about to be performed.
struct BegunRun: Equatable, Sendable {
    var item: CalibrationItem
    /// A check by a few shots; else a whole calibration.
    var isCheck: Bool
    /// Seconds since 1970.
    var began: Double
    /// A board that it is measured with is simulated.
    var isSimulated: Bool
    /// For whom it is done.
    var person: String
}

/// What came of a run.
struct FinishedRun: Equatable, Sendable {
    var begun: BegunRun
    var ended: Double
    var report: RoutineReport
    /// What was played: points, and shots or trials in all of them.
    var points: Int
    var shots: Int
}

/// Where runs are kept and values come into force; behind it are the laboratory's files and the history.
protocol CalibrationBook: Sendable {
    /// The values in force, read anew.
    func values() throws(BellError) -> CalibrationSet
    /// What is known of every item from before.
    func states(of graph: CalibrationGraph) throws(BellError) -> [CalibrationItem: ItemState]
    /// Keeps that a run has begun.
    ///
    /// - Parameter inputs: The values in force.
    /// - Returns: The name that the run has from now on.
    func begin(_ run: BegunRun, inputs: CalibrationSet) throws(BellError) -> String
    /// Keeps a run's report; its proposals wait until they are accepted or refused.
    func finish(_ name: String, _ run: FinishedRun) throws(BellError)
    /// Keeps that a run came to no verdict.
    func abandon(_ name: String, reason: String) throws(BellError)
    /// Brings what a run proposed, or the latest proposal of a path, into force.
    ///
    /// - Parameter allowsSimulated: Whether what simulated boards showed may be in force.
    /// - Returns: `{"run", "values": [{"path", "value", …}]}`.
    /// - Throws: An error with the exit code `experiment` when the values themselves cannot be in force.
    func accept(_ what: String, by person: String, allowsSimulated: Bool) throws(BellError) -> JSON
    /// Lets what a run proposed, or the latest proposal of a path, never come into force.
    func refuse(_ what: String, by person: String) throws(BellError) -> JSON
    /// A run with its report, as `calibrate.show` answers.
    func show(_ run: String) throws(BellError) -> JSON
    /// All that was measured of a path or a metric since a time, as `calibrate.history` answers.
    func history(_ path: String, since: Double?) throws(BellError) -> JSON
    /// All that was measured of a value, the oldest first.
    func samples(of path: CalibrationPath) throws(BellError) -> [StoredValue]
    /// The last run of every item, and the proposals that wait, for `calibrate.status`.
    func latest(of graph: CalibrationGraph) throws(BellError) -> (runs: [CalibrationItem: JSON], pending: [JSON])
}

extension CalibrationBook {
    func samples(of path: CalibrationPath) throws(BellError) -> [StoredValue] { [] }
}
