import BellModel

/// Texts about devices.
enum DeviceText {
    /// One device a row.
    static func list(_ devices: [JSON], style: Style = .plain) -> String {
        var table = TextTable(["name", "node", "driver", "address", "state", "reason"])
        for device in devices {
            func cell(_ key: String) -> String {
                let value = Style.safe(device[key]?.stringValue, limit: 80) ?? ""
                return value.isEmpty ? NumberText.missing : value
            }
            table.add(["name", "node", "driver", "at", "state", "reason"].map(cell))
        }
        return table.isEmpty ? "  none is known\n" : table.text(style: style)
    }

    /// One device with everything that can be set or read at it.
    static func show(_ device: JSON, style: Style = .plain) -> String {
        var rest = device.objectValue ?? [:]
        var out = "device \(style.bold(Style.safe(rest.removeValue(forKey: "name")?.stringValue, limit: 80) ?? ""))\n"
        rest["settings"] = nil
        var table = TextTable(["setting", ">value", "allowed", "what"])
        for row in rest.removeValue(forKey: "ranges")?.arrayValue ?? [] {
            let isWritable = row["writable"]?.boolValue == true
            table.add([
                Style.safe(row["key"]?.stringValue, limit: 40) ?? "",
                row["value"].map { $0 == .null ? NumberText.missing : FieldText.scalar($0) } ?? NumberText.missing,
                isWritable ? Style.safe(row["allowed"]?.stringValue, limit: 60) ?? "" : "only read",
                Style.safe(row["summary"]?.stringValue, limit: 80) ?? "",
            ])
        }
        if let problems = rest["problems"]?.arrayValue, problems.isEmpty { rest["problems"] = nil }
        for (key, value) in rest where value == .null { rest[key] = nil }
        out += FieldText.render(.object(rest))
        return table.isEmpty ? out : out + table.text(style: style)
    }

    /// What `device.check` answered: a table of its checks, if it has one, and every further field.
    static func check(_ name: String, _ result: JSON, style: Style = .plain) -> String {
        let name = Style.safe(name, limit: 80) ?? ""
        var out = "device \(style.bold(name))\n"
        var rest = result.objectValue ?? [:]
        if let checks = rest.removeValue(forKey: "checks")?.arrayValue {
            var table = TextTable(["check", "result", "detail"])
            for check in checks {
                let passed = check["ok"]?.boolValue.map { $0 ? "ok" : "FAILED" } ?? NumberText.missing
                table.add([
                    Style.safe(check["name"]?.stringValue, limit: 60) ?? NumberText.missing, passed,
                    Style.safe(check["detail"]?.stringValue, limit: 200) ?? "",
                ])
            }
            if !table.isEmpty { out += table.text(style: style) }
        }
        return out + FieldText.render(.object(rest))
    }
}
