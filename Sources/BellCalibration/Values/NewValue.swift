public import BellModel
public import BellSequence
import BellTiming

/// A value that is to come into force.
public struct NewValue: Equatable, Sendable {
    public var path: CalibrationPath
    /// In the quantity's unit.
    public var value: Double
    /// Standard uncertainty in the quantity's unit, ≥ 0.
    public var uncertainty: Double
    /// When it was measured.
    public var time: UTCTime
    public var routine: String
    public var run: String
    /// The version of belld, or the git commit, that measured it.
    public var commit: String
    public var acceptedBy: Acceptance

    public init(
        _ path: CalibrationPath, value: Double, uncertainty: Double, time: UTCTime, routine: String, run: String,
        commit: String, acceptedBy: Acceptance
    ) {
        self.path = path
        self.value = value
        self.uncertainty = uncertainty
        self.time = time
        self.routine = routine
        self.run = run
        self.commit = commit
        self.acceptedBy = acceptedBy
    }

    /// Everything that speaks against the value: unknown, no number, impossible, or outside what a person allowed.
    func failures(in values: CalibrationSet) -> [BellError] {
        let quantity: Quantity
        do throws(BellError) { quantity = try path.known() } catch { return [error] }
        let old = values[path]
        let place = old.map { "\(path) (\($0.place))" } ?? path.description
        func failure(_ code: BellError.Code, _ what: String, _ fix: String) -> BellError {
            BellError(code, what, at: place, cause: "run \(run)", state: "the old value stays in force", fix: fix)
        }
        var failures: [BellError] = []
        if !value.isFinite || !uncertainty.isFinite || uncertainty < 0 {
            failures.append(
                failure(
                    .calibrationValue, "\(path) = \(value) ± \(uncertainty) is no number with an uncertainty.",
                    "look at the run's figure; measure again"))
        } else if !quantity.range.contains(value) {
            let range = "\(quantity.range.lowerBound)…\(quantity.range.upperBound) \(quantity.unit)"
            failures.append(
                failure(
                    .calibrationValue, "\(path) = \(value) \(quantity.unit) cannot be \(quantity.meaning).",
                    "possible: \(range); look at the run's figure"))
        } else if let bounds = old?.bounds, !bounds.contains(value) {
            failures.append(
                failure(
                    .calibrationBounds,
                    "\(path) = \(value) \(quantity.unit) is outside the bounds "
                        + "[\(bounds.lowerBound), \(bounds.upperBound)] of the file.",
                    "look at the run's figure; if the value is right, widen `bounds` in the file and accept it again"))
        }
        for (key, text) in [("routine", routine), ("run", run), ("commit", commit)]
        where Acceptance(text) == nil {
            failures.append(
                failure(.calibrationValue, "The \(key) \"\(text.prefix(90))\" cannot be written.", "use one short line")
            )
        }
        if Acceptance(acceptedBy.description) != acceptedBy {
            failures.append(
                failure(
                    .calibrationValue,
                    "\"\(acceptedBy.description.prefix(90))\" names nobody who could accept a value.",
                    "give a person's name, policy:<name> or bring-up"))
        }
        return failures
    }

    /// The members of its entry in the file, in the order in which a new one is written.
    func edit(unit: String) -> EntryEdit {
        let (number, spread) = MeasuredNumber.text(value, uncertainty: uncertainty)
        return EntryEdit(
            section: path.section, name: path.quantity,
            members: [
                .init(key: "value", text: number, kind: .number), .init(key: "unit", text: unit, kind: .onlyWhenNew),
                .init(key: "uncertainty", text: spread, kind: .number),
                .init(key: "time", text: time.description, kind: .text),
                .init(key: "routine", text: routine, kind: .text), .init(key: "run", text: run, kind: .text),
                .init(key: "commit", text: commit, kind: .text),
                .init(key: "accepted_by", text: acceptedBy.description, kind: .text),
            ])
    }

    /// The value as it will read from the file: rounded as it is written, with what the old entry keeps.
    func asWritten(_ quantity: Quantity, over old: CalibratedValue?) -> CalibratedValue {
        let (number, spread) = MeasuredNumber.text(value, uncertainty: uncertainty)
        return CalibratedValue(
            quantity, value: Double(number) ?? value, uncertainty: Double(spread) ?? uncertainty,
            kind: old?.kind ?? .random, time: time.description, routine: routine, run: run, commit: commit,
            validFor: old?.validFor, acceptedBy: acceptedBy, bounds: old?.bounds,
            place: old?.place ?? SourcePlace(file: "", line: 0))
    }
}
