import BellModel

extension ConformanceReport {
    /// The table for people: one line a check, and below a failed one what is wrong; no line over 100 columns.
    public var text: String {
        let width = max(checks.map(\.id.count).max() ?? 0, 5)
        var lines = TextWrap.lines("\(device)\(identity.isEmpty ? "" : ": \(identity)")", first: "", rest: "  ")
        if isSimulated { lines.append("simulated: what passes here has been shown of a simulation only") }
        lines += ["", "  " + "check".padded(to: width) + "  result      time  value, or why not"]
        for check in checks { lines += ConformanceReport.row(check, width: width) }
        lines.append("")
        if wasInterrupted { lines.append("interrupted; the device was left safe") }
        lines.append(summary)
        return lines.joined(separator: "\n") + "\n"
    }

    private var summary: String {
        let seconds = checks.reduce(Duration.zero) { $0 + $1.duration }.inSeconds
        return "\(checks.count) checks: \(count("passed")) passed, \(count("failed")) failed, "
            + "\(count("skipped")) skipped, \(count("note")) measured; \(seconds.text(decimals: 1)) s"
    }

    private static func row(_ check: ConformanceCheck, width: Int) -> [String] {
        let time = "\(check.duration.inSeconds.text(decimals: 2)) s"
        let word = if check.hasFailed { "FAILED" } else { check.verdict.name }
        let head = "  " + check.id.padded(to: width) + "  " + word.padded(to: 7) + "  " + time.leftPadded(to: 7) + "  "
        let values = check.measurements.map(\.text).joined(separator: ", ")
        let indent = String(repeating: " ", count: head.count)
        switch check.verdict {
        case .passed: return TextWrap.lines(values, first: head, rest: indent)
        case .skipped(let reason): return TextWrap.lines(reason, first: head, rest: indent)
        case .note(let reason):
            let both = [reason, values].filter { !$0.isEmpty }.joined(separator: ": ")
            return TextWrap.lines(both, first: head, rest: indent)
        case .failed(let error):
            var lines = TextWrap.lines(check.title, first: head, rest: indent)
            for problem in [error] + error.others {
                lines += TextWrap.lines(problem.what, first: "      what:  ", rest: "             ")
                for (label, text) in [("cause: ", problem.cause), ("state: ", problem.state)] {
                    if let text { lines += TextWrap.lines(text, first: "      \(label)", rest: "             ") }
                }
            }
            for (label, text) in [("where: ", error.place), ("fix:   ", error.fix)] {
                if let text { lines += TextWrap.lines(text, first: "      \(label)", rest: "             ") }
            }
            return lines
        }
    }
}

extension ConformanceCheck.Measurement {
    /// `p50 0.041 ms`.
    var text: String {
        let size = abs(value)
        let decimals = size >= 1000 || value == value.rounded() ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4
        return [name, value.text(decimals: decimals), unit].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Breaks text at spaces, so that a table fits a terminal of 100 columns.
enum TextWrap {
    static let columns = 100

    /// - Parameters:
    ///   - first: Stands before the first line.
    ///   - rest: Stands before the others.
    static func lines(_ text: String, first: String, rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(whereSeparator: \.isWhitespace) {
            var word = word
            if !isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = rest
                isEmpty = true
            }
            // A word that no line holds, for example a device's own text, is cut.
            while line.count + word.count > columns, line.count < columns {
                let room = columns - line.count
                lines.append(line + word.prefix(room))
                word = word.dropFirst(room)
                line = rest
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        lines.append(line)
        return lines.map { String($0.trimmingTrailingSpaces) }
    }
}

extension String {
    /// Spaces behind, up to a width.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(width - count, 0)) }

    /// Spaces before, up to a width.
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: Swift.max(width - count, 0)) + self }

    fileprivate var trimmingTrailingSpaces: Substring {
        var rest = self[...]
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

extension Double {
    /// Fixed decimals, rounded half to even, without a locale.
    func text(decimals: Int) -> String {
        guard isFinite, abs(self) < 1e12 else { return "\(self)" }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((abs(self) * Double(scale)).rounded(.toNearestOrEven))
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % Int64(scale)).leftPaddedZeroes(to: decimals)
        return "\(sign)\(scaled / Int64(scale)).\(fraction)"
    }
}

extension String {
    fileprivate func leftPaddedZeroes(to width: Int) -> String {
        String(repeating: "0", count: Swift.max(width - count, 0)) + self
    }
}
