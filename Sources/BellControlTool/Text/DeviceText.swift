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
