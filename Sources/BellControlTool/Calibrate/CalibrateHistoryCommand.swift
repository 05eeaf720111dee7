import BellHost
import BellModel
import BellPlot

/// `bellctl calibrate history`: a value or a metric over time, as a table, a plot or comma-separated values.
enum CalibrateHistoryCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        var params: [String: JSON] = ["path": .string(invocation.positional(0) ?? "")]
        if let span = invocation.text("since") {
            params["since"] = .double(wallClockSeconds() - (try seconds(span)))
        }
        let answer = try invocation.call("calibrate.history", .object(params))
        let points = answer["points"]?.arrayValue ?? []
        // The value's own name: a person may have said it in another way.
        let path = Style.safe(answer["path"]?.stringValue, limit: 120) ?? ""
        if let file = invocation.text("svg") {
            try writeFileAtomically(file, text: FigureText.svg([figure(path, answer)]), mode: 0o644)
        }
        if invocation.flag("csv") { return Reply(json: answer, text: csv(points, unit: answer["unit"]?.stringValue)) }
        var text = "\(path)\n" + table(points, unit: answer["unit"]?.stringValue, style: invocation.console.style)
        if invocation.flag("plot"), !points.isEmpty {
            text += FigureText.text(figure(path, answer), width: invocation.console.width())
        }
        if let file = invocation.text("svg") { text += "picture: \(file)\n" }
        return Reply(json: answer, text: text)
    }

    /// `7d` as seconds.
    static func seconds(_ text: String) throws(BellError) -> Double {
        // A bare number would be seconds; nobody means them here.
        if text.last?.isLetter == true, let span = TimeSpan(text) { return span.seconds }
        throw BellError(
            .toolArgument, "--since takes a span of time, found \"\(text.prefix(40))\".", at: "--since",
            fix: "write it as 90s, 30min, 12h, 7d or 2w")
    }

    static func table(_ points: [JSON], unit: String?, style: Style) -> String {
        var table = TextTable(["time", ">value", "unit", "state", "run", "by"])
        for point in points {
            func cell(_ key: String) -> String { Style.safe(point[key]?.stringValue, limit: 80) ?? "" }
            table.add([
                cell("time"),
                CalibrateText.measured(point["value"]?.doubleValue, point["uncertainty"]?.doubleValue),
                Style.safe(unit, limit: 20) ?? "", cell("state"), cell("run"), cell("accepted_by"),
            ])
        }
        return table.isEmpty ? "  nothing was measured in that time\n" : table.text(style: style)
    }

    static func csv(_ points: [JSON], unit: String?) -> String {
        func quoted(_ text: String) -> String {
            text.contains { ",\"\n\r".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
        }
        var out = "time,value,uncertainty,unit,state,run,accepted_by\n"
        for point in points {
            func number(_ key: String) -> String { point[key]?.doubleValue.map { JSON.double($0).text } ?? "" }
            func text(_ key: String) -> String { quoted(Style.safe(point[key]?.stringValue) ?? "") }
            let cells = [
                text("time"), number("value"), number("uncertainty"), quoted(unit ?? ""), text("state"), text("run"),
                text("accepted_by"),
            ]
            out += cells.joined(separator: ",") + "\n"
        }
        return out
    }

    /// The longest unit of time of which the oldest point is at least one.
    private static func timeUnit(_ points: [JSON], now: Double) -> (name: String, seconds: Double) {
        let oldest = points.compactMap { $0["seconds"]?.doubleValue }.map { now - $0 }.max() ?? 0
        let units = [("days", 86_400.0), ("hours", 3600), ("minutes", 60)]
        return units.first { oldest >= $0.1 } ?? ("seconds", 1)
    }

    /// The values over the time until now; what was refused stands apart.
    static func figure(_ path: String, _ answer: JSON) -> Figure {
        let points = answer["points"]?.arrayValue ?? []
        let now = answer["now"]?.doubleValue ?? 0
        let time = timeUnit(points, now: now)
        func series(_ name: String, _ holds: (JSON) -> Bool) -> Figure.Series? {
            let chosen = points.filter { holds($0) && $0["seconds"]?.doubleValue != nil }
            if chosen.isEmpty { return nil }
            return Figure.Series(
                name, x: chosen.map { (($0["seconds"]?.doubleValue ?? 0) - now) / time.seconds },
                y: chosen.map { $0["value"]?.doubleValue ?? .nan },
                error: chosen.map { $0["uncertainty"]?.doubleValue ?? 0 })
        }
        let unit = answer["unit"]?.stringValue ?? "1"
        return Figure(
            title: path, xLabel: "\(time.name) from now", yLabel: unit == "1" ? "value" : "value (\(unit))",
            series: [
                series("measured") { $0["state"] != "refused" }, series("refused") { $0["state"] == "refused" },
            ].compactMap { $0 })
    }
}
