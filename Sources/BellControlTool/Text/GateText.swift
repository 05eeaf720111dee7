import BellModel

/// The gates between two blocks, one a line: what each showed at the last look, its limits, whether it holds the campaign.
enum GateText {
    /// Renders the member `gates` of a status; nothing without gates.
    ///
    /// - Parameter now: Seconds since 1970.
    static func list(_ gates: [JSON], now: Double, style: Style = .plain) -> String {
        guard !gates.isEmpty else { return "" }
        let looked = gates.compactMap { $0["looked_at"]?.doubleValue }.max()
        let ago = looked.map { ", looked at \(NumberText.duration(seconds: max(0, now - $0))) ago" } ?? ""
        var table = TextTable(["gate", "value", "allowed", ">measured", "state", "until"])
        for gate in gates.prefix(200) {
            table.add([
                Style.safe(gate["gate"]?.stringValue, limit: 60) ?? NumberText.missing, value(gate), allowed(gate),
                measured(gate), state(gate), until(gate),
            ])
        }
        let reasons = gates.prefix(200).compactMap { gate -> String? in
            guard gate["open"]?.boolValue == false else { return nil }
            return Style.safe(gate["reason"]?.stringValue).map { "  \(style.warn($0))\n" }
        }
        return "gates\(ago)\n" + table.text(style: style) + reasons.joined()
    }

    private static func unit(_ gate: JSON) -> String {
        let unit = Style.safe(gate["unit"]?.stringValue, limit: 20) ?? ""
        return unit.isEmpty || unit == "1" ? "" : " \(unit)"
    }

    private static func value(_ gate: JSON) -> String {
        let text = CalibrateText.measured(gate["value"]?.doubleValue, gate["uncertainty"]?.doubleValue)
        return text == NumberText.missing ? text : text + unit(gate)
    }

    /// `at least 38, at most 40, change at most 0.3 rad`.
    private static func allowed(_ gate: JSON) -> String {
        let limits = [("min", "at least"), ("max", "at most"), ("change", "change at most")].compactMap { key, words in
            gate[key]?.doubleValue.map { "\(words) \(JSON.double($0).text)" }
        }
        return limits.isEmpty ? NumberText.missing : limits.joined(separator: ", ") + unit(gate)
    }

    /// How old the value was at the look, by the laboratory's clock; a device is read at every look.
    private static func measured(_ gate: JSON) -> String {
        if let age = gate["age_s"]?.doubleValue {
            return age < 1 ? "then" : "\(NumberText.duration(seconds: age)) before"
        }
        return gate["value"]?.doubleValue == nil ? "never" : "then"
    }

    private static func state(_ gate: JSON) -> String {
        switch (gate["open"]?.boolValue, gate["action"]?.stringValue) {
        case (true?, _): "open"
        case (false?, "warn"): "open, warns"
        case (false?, "calibrate"): "calibrates"
        case (false?, _): "CLOSED"
        default: NumberText.missing
        }
    }

    /// What changes the state: of an open gate the next look or measurement.
    private static func until(_ gate: JSON) -> String {
        if gate["open"]?.boolValue == false, let action = gate["action"]?.stringValue {
            if action == "wait" { return "it is well again" }
            if action == "suspend" { return "a person resumes" }
        }
        if let seconds = gate["next_s"]?.doubleValue {
            return seconds > 0 ? "measured in \(NumberText.duration(seconds: seconds))" : "measured next"
        }
        if let block = gate["next_block"]?.countValue { return "measured before block \(NumberText.count(block))" }
        return "the next block"
    }
}
