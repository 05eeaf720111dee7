import BellHost
import BellModel

/// The text of `bellctl status`.
enum StatusText {
    /// Renders the object that the control method `status` answers; fields of another version become `–`.
    ///
    /// - Parameter now: Seconds since 1970.
    static func render(_ status: JSON, now: Double = wallClockSeconds(), style: Style = .plain) -> String {
        func text(_ key: String) -> String { Style.safe(status[key]?.stringValue) ?? NumberText.missing }
        let pid = status["pid"]?.countValue.map(String.init) ?? NumberText.missing
        var out = "belld \(text("version"))  pid \(pid)  state directory \(text("state_directory"))"
        let devices = status["devices"]?.arrayValue ?? []
        let isSimulated = devices.contains { $0["capabilities"]?["simulated"] == true }
        if isSimulated || status["simulated"] == true { out += "  \(style.warn("SIMULATED"))" }
        out += "\n\ndevices\n" + DeviceText.list(devices, style: style) + "\n"
        if let running = status["calibration"], running["state"] == "running" {
            out += style.warn(CalibrateStatusText.running(running, now: now)) + "\n"
        }
        if let campaign = CampaignView(status["campaign"]) {
            out += CampaignText.details(campaign, style: style)
            out += GateText.list(status["gates"]?.arrayValue ?? [], now: now, style: style)
        } else {
            out += "no campaign; start one with `bellctl campaign start PLAN`\n"
        }
        return out
    }
}
