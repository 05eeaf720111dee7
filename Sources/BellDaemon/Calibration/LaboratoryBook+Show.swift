import BellCalibration
import BellModel
import BellSequence

extension LaboratoryBook {
    func show(_ run: String) throws(BellError) -> JSON {
        let found = try ledger.withHistory { history throws(BellError) -> (StoredRun, [StoredValue], [StoredMetric])? in
            guard let stored = try history.run(run) else { return nil }
            return (stored, try history.values(ofRun: run), try history.metrics(ofRun: run))
        }
        guard let (stored, values, metrics) = found else {
            throw BellError(
                .calibrationRun, "No run is called \"\(run.prefix(80))\".", at: "calibrate.show",
                fix: "`bellctl calibrate status` and `bellctl calibrate history PATH` name runs")
        }
        var object = stored.row.objectValue ?? [:]
        object["time"] = .string((stored.ended ?? stored.start.started).description)
        object["software"] = .string(stored.start.software)
        object["proposals"] = .array(values.map(\.json))
        object["metrics"] = .array(
            metrics.map { metric -> JSON in
                [
                    // Kept under the place and the name; the place is the run's.
                    "name": .string(String(metric.path.drop { $0 != "." }.dropFirst())), "value": .double(metric.value),
                    "uncertainty": JSON(metric.uncertainty), "unit": .string(metric.unit),
                ]
            })
        for key in ["points", "shots", "by", "figures"] { object[key] = stored.summary[key] ?? .null }
        return .object(object)
    }

    func history(_ path: String, since: Double?) throws(BellError) -> JSON {
        let times = since.map { UTCTime(seconds: $0)...UTCTime(milliseconds: .max) }
        var answer: [String: JSON] = ["path": .string(path), "now": .double(seconds)]
        let (metrics, paths) = try ledger.withHistory { history throws(BellError) in
            (try history.metrics(of: path, in: times), try history.paths())
        }
        let known = CalibrationPath(spoken: path)
        if let known, let quantity = try? known.known(), known.description == path || !paths.contains(path) {
            let values = try ledger.withHistory { history throws(BellError) in try history.values(of: known, in: times)
            }
            answer["path"] = .string(known.description)
            answer["unit"] = .string(quantity.unit)
            answer["points"] = .array(values.map(\.json))
            return .object(answer)
        }
        guard paths.contains(path) else { throw Self.unknown(path, among: paths) }
        answer["unit"] = .string(metrics.last?.unit ?? "1")
        answer["points"] = .array(
            metrics.map { metric -> JSON in
                [
                    "time": .string(metric.time.description), "seconds": .double(metric.time.seconds),
                    "value": .double(metric.value), "uncertainty": JSON(metric.uncertainty), "run": JSON(metric.run),
                ]
            })
        return .object(answer)
    }

    private static func unknown(_ path: String, among metrics: [String]) -> BellError {
        let places = CalibrationPath.all(of: path).map(\.description)
        let near = nearestWord(to: path, among: metrics + CalibrationPath.all.map(\.description))
        let fix =
            if !places.isEmpty {
                "say where: \(places.joined(separator: " or "))"
            } else {
                near.map { "did you mean \($0)?" }
                    ?? "name a value such as alice.half_pi_amplitude, or a metric that `bellctl calibrate show RUN` lists"
            }
        return BellError(
            .calibrationUnknown, "Nothing is called \"\(path.prefix(80))\".", at: "calibrate.history", fix: fix)
    }

    func latest(
        of graph: CalibrationGraph
    ) throws(BellError) -> (runs: [CalibrationItem: JSON], pending: [JSON]) {
        let set = try values()
        return try ledger.withHistory { history throws(BellError) in
            var runs: [CalibrationItem: JSON] = [:]
            for item in graph.order {
                runs[item] = try history.last(item.routine, of: RunSubject(item.site))?.row
            }
            // Of each path the latest proposal alone, and none that is older than what is in force.
            var open: [CalibrationPath: StoredValue] = [:]
            for value in try history.proposals() { open[value.path] = value }
            let pending = open.values.filter { value in
                guard let time = set[value.path].flatMap({ UTCTime($0.time) }) else { return true }
                return value.time > time
            }
            return (runs, pending.sorted { $0.path.description < $1.path.description }.map(\.json))
        }
    }
}

extension StoredRun {
    /// The run without its figures.
    var row: JSON {
        [
            "run": .string(id), "item": .string("\(start.subject)/\(start.routine)"),
            "action": start.isCheck ? "check" : "calibrate", "verdict": JSON(verdict?.rawValue),
            "reason": .string(reason), "began": .double(start.started.seconds),
            "seconds": JSON(ended.map { $0.seconds - start.started.seconds }), "simulated": .bool(start.simulated),
        ]
    }
}

extension StoredValue {
    var json: JSON {
        [
            "path": .string(path.description), "value": .double(value), "uncertainty": .double(uncertainty),
            "unit": .string(unit), "time": .string(time.description), "seconds": .double(time.seconds),
            "state": .string(state.rawValue), "run": .string(run), "accepted_by": JSON(acceptedBy),
            "reason": JSON(reason),
        ]
    }
}
