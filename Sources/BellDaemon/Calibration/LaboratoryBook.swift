import BellCalibration
import BellHost
import BellModel
import BellSequence
import Synchronization

/// The laboratory's own files and what was measured since the daemon began.
final class LaboratoryBook: CalibrationBook {
    private let files: LaboratoryFiles
    private let runs = Mutex<[(name: String, run: FinishedRun)]>([])

    init(files: LaboratoryFiles) { self.files = files }

    func values() throws(BellError) -> CalibrationSet {
        try CalibrationSet(laboratory: try files.laboratory(), load: { (path) throws(BellError) in try readText(path) })
    }

    func states(of graph: CalibrationGraph) throws(BellError) -> [CalibrationItem: ItemState] { [:] }
    func begin(_ run: BegunRun, inputs: CalibrationSet) throws(BellError) -> String {
        "\(run.item.site.name)-\(run.item.routine)-\(runs.withLock { $0.count } + 1)"
    }
    func finish(_ name: String, _ run: FinishedRun) throws(BellError) { runs.withLock { $0.append((name, run)) } }
    func abandon(_ name: String, reason: String) throws(BellError) {}
    func accept(_ what: String, by person: String) throws(BellError) -> JSON { throw unknown(what) }
    func refuse(_ what: String, by person: String) throws(BellError) -> JSON { throw unknown(what) }

    func show(_ run: String) throws(BellError) -> JSON {
        guard let found = runs.withLock({ $0.first { $0.name == run } }) else { throw unknown(run) }
        return found.run.summary(name: found.name)
    }

    func history(_ path: String, since: Double?) throws(BellError) -> JSON { ["path": .string(path), "points": []] }

    func latest(
        of graph: CalibrationGraph
    ) throws(BellError) -> (runs: [CalibrationItem: JSON], pending: [JSON]) {
        let all = runs.withLock { $0.map { ($0.run.begun.item, $0.run.summary(name: $0.name)) } }
        return (Dictionary(all, uniquingKeysWith: { _, last in last }), [])
    }

    private func unknown(_ what: String) -> BellError {
        BellError(.calibrationNone, "No run is called \"\(what.prefix(60))\".", at: "calibrate")
    }
}
