import BellCalibration
import BellModel
import BellSequence

/// The laboratory's own calibration files, and the history in the state directory.
final class LaboratoryBook: CalibrationBook {
    let ledger: CalibrationLedger
    private let clock: @Sendable () -> Double

    /// - Parameters:
    ///   - laboratory: The path of lab.yaml.
    ///   - history: The path of the history file.
    ///   - clock: Seconds since 1970.
    init(
        laboratory: String, history: String, clock: @escaping @Sendable () -> Double
    ) throws(BellError) {
        ledger = try CalibrationLedger(laboratory: laboratory, history: history)
        self.clock = clock
    }

    func values() throws(BellError) -> CalibrationSet { try ledger.files.read().values }

    // MARK: Runs

    func begin(_ run: BegunRun, inputs: CalibrationSet) throws(BellError) -> String {
        let start = RunStart(
            routine: run.item.routine, subject: RunSubject(run.item.site), isCheck: run.isCheck,
            started: UTCTime(seconds: run.began), software: Version.belld, simulated: run.isSimulated,
            inputs: inputs.frozen)
        return try ledger.withHistory { history throws(BellError) in try history.begin(start) }
    }

    func finish(_ name: String, _ run: FinishedRun) throws(BellError) {
        let summary: JSON = [
            "points": .int(Int64(run.points)), "shots": .int(Int64(run.shots)), "by": .string(run.begun.person),
            "figures": .array(run.report.figures.prefix(24).map(\.json)),
        ]
        try ledger.withHistory { history throws(BellError) in
            try history.finish(name, at: UTCTime(seconds: run.ended), run.report, summary: summary)
        }
    }

    func abandon(_ name: String, reason: String) throws(BellError) {
        let now = now
        try ledger.withHistory { history throws(BellError) in try history.abandon(name, at: now, reason: reason) }
    }

    // MARK: Decisions

    func accept(_ what: String, by person: String, allowsSimulated: Bool) throws(BellError) -> JSON {
        let (run, paths) = try proposal(what)
        let stored = try ledger.withHistory { history throws(BellError) in try history.run(run) }
        if stored?.start.simulated == true, !allowsSimulated {
            throw BellError(
                .calibrationRun, "The run \(run) was measured with simulated boards; the boards are real now.",
                at: "calibrate.accept", state: "the old values stay in force", fix: "calibrate again")
        }
        let set = try ledger.accept(run, only: paths, by: try acceptance(person), at: now).values
        let values = try ledger.withHistory { history throws(BellError) in try history.values(ofRun: run) }
        let accepted = values.filter { paths?.contains($0.path) ?? true }.map { value in
            var row = set[value.path]?.json.objectValue ?? [:]
            row["path"] = .string(value.path.description)
            return JSON.object(row)
        }
        return ["run": .string(run), "values": .array(accepted)]
    }

    func refuse(_ what: String, by person: String) throws(BellError) -> JSON {
        let (run, paths) = try proposal(what)
        try ledger.refuse(run, only: paths, by: try acceptance(person), reason: "refused by hand", at: now)
        return ["run": .string(run)]
    }

    /// A run with all its values, or the latest proposal of a path.
    private func proposal(_ what: String) throws(BellError) -> (run: String, paths: Set<CalibrationPath>?) {
        guard let path = CalibrationPath(spoken: what) ?? CalibrationPath(what) else { return (what, nil) }
        _ = try path.known()
        let open = try ledger.withHistory { history throws(BellError) in try history.proposals() }
        guard let last = open.last(where: { $0.path == path }) else {
            throw BellError(
                .calibrationRun, "Nothing is proposed for \(path).", at: path.description,
                state: "the old value stays in force", fix: "`bellctl calibrate status` shows what is proposed")
        }
        return (last.run, [path])
    }

    private func acceptance(_ person: String) throws(BellError) -> Acceptance {
        if let acceptance = Acceptance(person) { return acceptance }
        throw BellError(
            .calibrationRun, "\"\(person.prefix(90))\" names nobody who could accept a value.", at: "params.by",
            state: "the old values stay in force", fix: "give a person's name with --by")
    }

    /// Seconds since 1970.
    var seconds: Double { clock() }
    private var now: UTCTime { UTCTime(seconds: clock()) }
}

extension RunSubject {
    init(_ site: CalibrationItem.Site) {
        switch site {
        case .node(let node): self = .node(node)
        case .link: self = .link
        }
    }
}

extension UTCTime {
    /// To the millisecond; what is no time of this world is 1970.
    init(seconds: Double) {
        let milliseconds = (seconds * 1000).rounded()
        self.init(milliseconds: milliseconds.magnitude < 0x1p53 ? Int64(milliseconds) : 0)
    }
}
