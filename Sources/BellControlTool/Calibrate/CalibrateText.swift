import BellCalibration
import BellModel

/// Texts about calibrations.
enum CalibrateText {
    /// A value with the digits that its uncertainty justifies: `0.75760 ± 0.00050`.
    static func measured(_ value: Double?, _ uncertainty: Double?) -> String {
        guard let value, value.isFinite else { return NumberText.missing }
        guard let uncertainty, uncertainty.isFinite, uncertainty > 0 else { return JSON.double(value).text }
        let text = MeasuredNumber.text(value, uncertainty: uncertainty)
        return "\(text.value) ± \(text.uncertainty)"
    }

    /// `alice.half_pi_amplitude  0.75760 ± 0.00050`, one a line; the unit where it is not 1.
    static func values(_ values: [JSON], indent: Int = 4) -> String {
        var table = TextTable(["", "", ""])
        for value in values.prefix(500) {
            let unit = Style.safe(value["unit"]?.stringValue, limit: 20) ?? ""
            table.add([
                Style.safe(value["path"]?.stringValue ?? value["name"]?.stringValue, limit: 80) ?? NumberText.missing,
                measured(value["value"]?.doubleValue, value["uncertainty"]?.doubleValue), unit == "1" ? "" : unit,
            ])
        }
        return table.text(indent: indent)
    }

    // MARK: The result of a run

    /// The runs whose figures a person wants to see: of what failed, and where there are only one or two.
    static func worthPlotting(_ answer: JSON, all: Bool) -> [String] {
        let runs = answer["runs"]?.arrayValue ?? []
        let calibrated = runs.filter { $0["action"] != "check" }
        // Checks on the way to one routine do not hide its figure.
        let few =
            runs.count <= 2 ? runs : calibrated.count <= 2 ? calibrated : calibrated.filter { $0["verdict"] != "good" }
        return (all ? runs : few).compactMap { $0["run"]?.stringValue }.suffix(all ? 200 : 4)
    }

    static func result(_ answer: JSON, style: Style) -> String {
        var out = ""
        let items = answer["items"]?.arrayValue ?? []
        for item in items {
            // Of a check the verdict, which says more than that it was checked.
            let outcome = item["outcome"] == "checked" ? item["verdict"] : item["outcome"]
            guard ["failed", "blocked", "out-of-spec", "bad-data"].contains(outcome?.stringValue) else { continue }
            let name = Style.safe(item["item"]?.stringValue, limit: 60) ?? ""
            let reason = Style.safe(item["reason"]?.stringValue, limit: 400) ?? ""
            out += "\(style.bad(outcome?.stringValue ?? "")) \(name): \(reason)\n"
        }
        let accepted = inForce(answer)
        if !accepted.isEmpty { out += "in force now:\n" + values(accepted) }
        let pending = answer["pending"]?.arrayValue?.compactMap { Style.safe($0.stringValue, limit: 120) } ?? []
        if !pending.isEmpty {
            out += "proposed, the old values are in force until you accept:\n"
            let proposals = (answer["runs"]?.arrayValue ?? []).filter { pending.contains($0["run"]?.stringValue ?? "") }
            for run in proposals {
                out += values(run["proposals"]?.arrayValue ?? [])
                out += "    \(style.bold("bellctl calibrate accept \(Style.safe(run["run"]?.stringValue) ?? "")"))\n"
            }
        }
        return out + summary(answer, items, style, hasChanged: !accepted.isEmpty)
    }

    /// The values that came into force and are still: of one that was measured again only the last.
    private static func inForce(_ answer: JSON) -> [JSON] {
        let all = (answer["accepted"]?.arrayValue ?? []).flatMap { $0["values"]?.arrayValue ?? [] }
        var last: [String: Int] = [:]
        for (place, value) in all.enumerated() { last[value["path"]?.stringValue ?? ""] = place }
        return last.sorted { $0.key < $1.key }.map { all[$0.value] }
    }

    private static func summary(_ answer: JSON, _ items: [JSON], _ style: Style, hasChanged: Bool) -> String {
        var counts: [(String, Int)] = []
        for name in ["fresh", "in-spec", "calibrated", "checked", "failed", "blocked", "not-reached"] {
            let count = items.count { $0["outcome"]?.stringValue == name }
            if count > 0 { counts.append((name, count)) }
        }
        let what = Style.safe(answer["what"]?.stringValue, limit: 100) ?? ""
        let numbers = counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        let verdict =
            if answer["cancelled"]?.boolValue == true {
                style.warn(
                    hasChanged
                        ? "cancelled; what is listed above stays in force, all other values are the old ones"
                        : "cancelled; the old values stay in force")
            } else if answer["good"]?.boolValue == true {
                style.good("good")
            } else {
                style.bad("not good")
            }
        let time = NumberText.duration(seconds: answer["seconds"]?.doubleValue)
        let simulated = answer["simulated"]?.boolValue == true ? "  simulated boards" : ""
        let out = "\(what): \(verdict)  \(numbers)  \(time)\(simulated)\n"
        guard answer["cancelled"]?.boolValue == true, hasChanged else { return out }
        // A coarse value may stand where a fine one was.
        return out + "half done: \(style.bold("bellctl calibrate run --accept")) does the rest\n"
    }

    /// The figures of a report as text.
    static func plots(_ report: JSON, width: Int) -> String {
        (report["figures"]?.arrayValue ?? []).prefix(12).map { FigureText.text($0, width: width) + "\n" }.joined()
    }

    // MARK: Lists

    static func routines(_ rows: [JSON], style: Style) -> String {
        var table = TextTable(["routine", "at", "what", "proposes", "needs", "counts for"])
        for row in rows {
            func list(_ key: String) -> String {
                let names = row[key]?.arrayValue?.compactMap { Style.safe($0.stringValue, limit: 60) } ?? []
                return names.isEmpty ? NumberText.missing : names.joined(separator: ", ")
            }
            table.add([
                Style.safe(row["name"]?.stringValue, limit: 60) ?? NumberText.missing,
                row["scope"] == "link" ? "link" : "node", Style.safe(row["summary"]?.stringValue, limit: 120) ?? "",
                list("proposes"), list("needs"), NumberText.duration(seconds: row["valid_for_s"]?.doubleValue),
            ])
        }
        return table.isEmpty ? "  none is known\n" : table.text(style: style)
    }

    /// What `calibrate.show` answered, without its figures.
    static func report(_ report: JSON, style: Style) -> String {
        func text(_ key: String) -> String { Style.safe(report[key]?.stringValue) ?? NumberText.missing }
        var out = "run \(style.bold(text("run")))\n  \(CalibrateProgress.line(report, style: style))\n"
        if let time = report["time"]?.stringValue { out += "  measured \(Style.safe(time) ?? "")\n" }
        if report["simulated"]?.boolValue == true { out += "  \(style.warn("simulated boards"))\n" }
        let proposals = report["proposals"]?.arrayValue ?? []
        if !proposals.isEmpty { out += "  proposes\n" + values(proposals) }
        for proposal in proposals {
            guard let state = Style.safe(proposal["state"]?.stringValue, limit: 20) else { continue }
            let path = Style.safe(proposal["path"]?.stringValue, limit: 80) ?? ""
            let by = Style.safe(proposal["accepted_by"]?.stringValue, limit: 80).map { " by \($0)" } ?? ""
            out += "    \(path) is \(state)\(by)\n"
        }
        let metrics = report["metrics"]?.arrayValue ?? []
        if !metrics.isEmpty { out += "  found\n" + values(metrics) }
        return out
    }
}
