import BellModel

/// What a person sees of a calibration that is under way: a bar, and a line for each run that has ended. Pure.
struct CalibrateProgress {
    private let style: Style
    private var told: Set<String> = []
    private(set) var fraction = 0.0
    /// What is measured now; most important first.
    private(set) var fields: [String] = []

    init(style: Style) { self.style = style }

    /// Takes in telemetry's member `calibration`.
    ///
    /// - Returns: The lines of runs that have ended since.
    mutating func take(_ shown: JSON) -> [String] {
        let done = max(0, shown["done"]?.doubleValue ?? 0)
        let total = max(1, shown["total"]?.doubleValue ?? 1)
        var share = 0.0
        fields = []
        for activity in (shown["active"]?.arrayValue ?? []).prefix(4) {
            let (text, part) = CalibrateProgress.activity(activity)
            fields.append(text)
            share += part
        }
        fields.append("\(Int(min(done, 1e6))) of \(Int(min(total, 1e6)))")
        // A bar that goes back, because a diagnosis found more to do, would be honest and look broken.
        fraction = max(fraction, min(1, (done + share) / total))
        return lines(shown)
    }

    /// The lines of the final answer that were not told before.
    mutating func rest(_ answer: JSON) -> [String] { lines(answer) }

    private mutating func lines(_ shown: JSON) -> [String] {
        (shown["runs"]?.arrayValue ?? []).compactMap { run in
            guard let name = run["run"]?.stringValue, told.insert(name).inserted else { return nil }
            return CalibrateProgress.line(run, style: style)
        }
    }

    /// `alice/rabi-amplitude: coarse sweep 12/31`, and how much of the round is done.
    private static func activity(_ activity: JSON) -> (text: String, share: Double) {
        var text = Style.safe(activity["item"]?.stringValue, limit: 60) ?? NumberText.missing
        if activity["action"] == "check" { text = "check \(text)" }
        guard let note = Style.safe(activity["note"]?.stringValue, limit: 60) else { return (text, 0) }
        let (point, points) = (activity["point"]?.countValue ?? 0, activity["points"]?.countValue ?? 0)
        if !note.isEmpty { text += ": \(note)" }
        if points > 1 { text += " \(min(point + 1, points))/\(points)" }
        let (shots, all) = (activity["shots"]?.doubleValue ?? 0, activity["all_shots"]?.doubleValue ?? 0)
        // A later round may follow, so that no round is all of it.
        return (text, all > 0 ? 0.9 * min(1, max(0, shots / all)) : 0)
    }

    /// One line for a run that has ended.
    static func line(_ run: JSON, style: Style) -> String {
        let verdict = Style.safe(run["verdict"]?.stringValue, limit: 20) ?? NumberText.missing
        let (mark, word) =
            switch verdict {
            case "good": (style.good("✓"), style.good(verdict))
            case "out-of-spec": (style.warn("!"), style.warn(verdict))
            default: (style.bad("✗"), style.bad(verdict))
            }
        let item = Style.safe(run["item"]?.stringValue, limit: 60) ?? NumberText.missing
        let action = run["action"] == "check" ? "check " : ""
        let reason = Style.safe(run["reason"]?.stringValue, limit: 400) ?? ""
        let seconds = NumberText.fixed(run["seconds"]?.doubleValue, 1)
        return "\(mark) \(action)\(style.bold(item))  \(word)  \(reason)  \(style.dim("(\(seconds) s)"))"
    }
}
