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
        let few = runs.count <= 2
        return runs.filter { all || few || $0["verdict"] != "good" && $0["action"] != "check" }
            .compactMap { $0["run"]?.stringValue }.suffix(all ? 200 : 4)
    }

    static func result(_ answer: JSON, style: Style) -> String {
        var out = ""
        let items = answer["items"]?.arrayValue ?? []
        for item in items where ["failed", "blocked"].contains(item["outcome"]?.stringValue) {
            let name = Style.safe(item["item"]?.stringValue, limit: 60) ?? ""
            let outcome = Style.safe(item["outcome"]?.stringValue, limit: 20) ?? ""
            let reason = Style.safe(item["reason"]?.stringValue, limit: 300) ?? ""
            out += "\(style.bad(outcome)) \(name): \(reason)\n"
        }
        let accepted = (answer["accepted"]?.arrayValue ?? []).flatMap { $0["values"]?.arrayValue ?? [] }
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
        return out + summary(answer, items, style)
    }

    private static func summary(_ answer: JSON, _ items: [JSON], _ style: Style) -> String {
        var counts: [(String, Int)] = []
        for name in ["fresh", "in-spec", "calibrated", "checked", "failed", "blocked", "not-reached"] {
            let count = items.count { $0["outcome"]?.stringValue == name }
            if count > 0 { counts.append((name, count)) }
        }
        let what = Style.safe(answer["what"]?.stringValue, limit: 100) ?? ""
        let numbers = counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        let verdict =
            if answer["cancelled"]?.boolValue == true {
                style.warn("cancelled; the old values stay in force")
            } else if answer["good"]?.boolValue == true {
                style.good("good")
            } else {
                style.bad("not good")
            }
        let time = NumberText.duration(seconds: answer["seconds"]?.doubleValue)
        let simulated = answer["simulated"]?.boolValue == true ? "  simulated boards" : ""
        return "\(what): \(verdict)  \(numbers)  \(time)\(simulated)\n"
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
