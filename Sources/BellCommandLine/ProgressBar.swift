/// A progress bar of one line, as text; drawing it is the caller's.
public struct ProgressBar: Equatable, Sendable {
    /// 0…1; anything else is taken as the nearer end.
    public var fraction: Double
    /// What stands behind the bar, in the order of importance: the last ones go first when the line is too narrow.
    public var fields: [String]
    /// Columns of the terminal.
    public var width: Int

    public init(fraction: Double, fields: [String], width: Int) {
        self.fraction = fraction
        self.fields = fields
        self.width = width
    }

    /// At most `width - 3` columns, so that no terminal wraps, not even when it echoes Ctrl-C as `^C`.
    public var text: String {
        let share = fraction.isFinite ? min(1, max(0, fraction)) : 0
        let percent = "\(Int((share * 100).rounded(.down)))%"
        let head = String(repeating: " ", count: 4 - percent.count) + percent
        let room = max(0, width - 3)
        var shown = fields
        while !shown.isEmpty, head.count + 3 + 8 + shown.reduce(0, { $0 + $1.count + 2 }) > room { shown.removeLast() }
        let tail = shown.map { "  \($0)" }.joined()
        let cells = min(30, room - head.count - 3 - tail.count)
        guard cells >= 3 else { return String((head + tail).prefix(room)) }
        // Eighths of a cell, so that a long campaign is seen to move.
        let eighths = Int((share * Double(cells * 8)).rounded(.down))
        var bar = String(repeating: "█", count: eighths / 8)
        if eighths % 8 > 0 { bar += String(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]) }
        bar += String(repeating: " ", count: cells - bar.count)
        return "\(head) ▕\(bar)▏\(tail)"
    }
}
