/// The text of `bellctl doctor`.
enum DoctorText {
    /// One line a check, and below each that is not ok the step that mends it.
    static func render(_ checks: [Doctor.Check], style: Style = .plain) -> String {
        let width = checks.map(\.name.count).max() ?? 0
        var out = ""
        for check in checks {
            let word =
                switch check.verdict {
                case .ok: style.good("ok     ")
                case .note: style.warn("note   ")
                case .missing: style.bad("MISSING")
                }
            let pad = String(repeating: " ", count: width - check.name.count)
            out += "\(word)  \(check.name)\(pad)  \(check.detail)\n"
            if let fix = check.fix { out += "         fix: \(fix)\n" }
        }
        let missing = checks.count { $0.verdict == .missing }
        return out + (missing == 0 ? "nothing is missing\n" : "\(missing) missing\n")
    }
}
