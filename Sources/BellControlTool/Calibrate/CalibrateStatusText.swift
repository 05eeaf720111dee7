import BellModel

/// `bellctl calibrate status`: everything that can be calibrated, with values, age, last run and verdict.
enum CalibrateStatusText {
    /// - Parameter node: Only this place; nil for all.
    static func text(_ status: JSON, node: String?, style: Style) -> String {
        let items = status["items"]?.arrayValue ?? []
        let now = status["now"]?.doubleValue
        let depths = depths(items)
        var out = "calibration of \(style.bold(Style.safe(status["laboratory"]?.stringValue, limit: 80) ?? ""))\n"
        if let running = status["running"], running != .null {
            out += style.warn(CalibrateStatusText.running(running, now: now)) + "\n"
        }
        for site in ["alice", "bob", "link"] where node == nil || node == site {
            let here = items.filter { $0["site"]?.stringValue == site }
            if here.isEmpty { continue }
            var table = TextTable([site, "value", ">age", "state", "last run", "verdict"])
            for item in here { add(item, depth: depths[item["item"]?.stringValue ?? ""] ?? 0, now: now, to: &table) }
            out += table.text(style: style)
        }
        let pending = status["pending"]?.arrayValue ?? []
        if !pending.isEmpty {
            out += "proposed, not in force:\n" + CalibrateText.values(pending)
            for run in Set(pending.compactMap { Style.safe($0["run"]?.stringValue, limit: 120) }).sorted() {
                out += "    bellctl calibrate accept \(run)\n"
            }
        }
        return out
    }

    /// Who calibrates what, since when, how far: `eve calibrates everything (bring-up), since 12 s, 20 of 62 done`.
    static func running(_ running: JSON, now: Double?) -> String {
        let by = Style.safe(running["by"]?.stringValue, limit: 80) ?? "somebody"
        let what = Style.safe(running["what"]?.stringValue, limit: 100) ?? ""
        let since = running["began"]?.doubleValue.flatMap { began in now.map { max(0, $0 - began) } }
        let time = since.map { ", since \(NumberText.duration(seconds: $0))" } ?? ""
        let (done, total) = (running["done"]?.countValue, running["total"]?.countValue)
        let share = done.flatMap { done in total.map { ", \(done) of \($0) done" } } ?? ""
        return "\(by) calibrates \(what)\(time)\(share); `bellctl calibrate cancel` ends it"
    }

    /// How far below the top each item stands, counting what it needs at its own place.
    private static func depths(_ items: [JSON]) -> [String: Int] {
        var depths: [String: Int] = [:]
        // The daemon's order is the graph's: what an item needs comes before it.
        for item in items {
            guard let name = item["item"]?.stringValue, let site = item["site"]?.stringValue else { continue }
            let below = (item["needs"]?.arrayValue ?? []).compactMap(\.stringValue)
                .filter { $0.hasPrefix("\(site)/") }.compactMap { depths[$0] }
            depths[name] = min(8, (below.max() ?? -1) + 1)
        }
        return depths
    }

    private static func add(_ item: JSON, depth: Int, now: Double?, to table: inout TextTable) {
        let indent = String(repeating: "  ", count: depth)
        let passes = item["passes"]?.boolValue == true
        let state = passes ? "ok" : Style.safe(item["stale"]?.stringValue, limit: 60) ?? NumberText.missing
        let last = item["last"]
        var when = NumberText.missing
        if let began = last?["began"]?.doubleValue, let now {
            let what = last?["action"] == "check" ? "check" : "calibration"
            when = "\(what) \(age(now - began)) ago"
        }
        table.add([
            indent + (Style.safe(item["routine"]?.stringValue, limit: 60) ?? NumberText.missing), "",
            age(item["age_s"]?.doubleValue), state, when,
            Style.safe(last?["verdict"]?.stringValue, limit: 20) ?? NumberText.missing,
        ])
        for value in item["values"]?.arrayValue ?? [] {
            let unit = Style.safe(value["unit"]?.stringValue, limit: 20) ?? ""
            let number = CalibrateText.measured(value["value"]?.doubleValue, value["uncertainty"]?.doubleValue)
            table.add([
                "\(indent)  · \(name(value["path"]?.stringValue, at: item["site"]?.stringValue))",
                unit == "1" ? number : "\(number) \(unit)", "", "",
                Style.safe(value["run"]?.stringValue, limit: 60) ?? "",
                Style.safe(value["accepted_by"]?.stringValue, limit: 40).map { "by \($0)" } ?? "",
            ])
        }
    }

    private static func age(_ seconds: Double?) -> String { NumberText.duration(seconds: seconds.map { max(0, $0) }) }

    /// The path without the place that the table says; with it where it is another one: `alice.emission_amplitude`.
    private static func name(_ path: String?, at site: String?) -> String {
        guard let path = Style.safe(path, limit: 80) else { return NumberText.missing }
        let parts = path.split(separator: ".")
        guard let name = parts.last, let site, parts.dropLast().contains(Substring(site)) else { return path }
        return String(name)
    }
}
