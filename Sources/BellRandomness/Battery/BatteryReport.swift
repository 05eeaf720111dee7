public import BellModel

/// What a battery of tests found in some bits: a defect detector's report, never evidence of randomness.
public struct BatteryReport: Equatable, Sendable {
    /// As `--battery` names it: `sp800-22`.
    public var battery: String
    /// Document and revision.
    public var standard: String
    /// How many bits were looked at; bits beyond the last whole stream are not counted.
    public var bits: Int
    /// 1 for batteries that do not cut their input.
    public var streams: Int
    /// When a line passes, in words, fixed before the bits were seen.
    public var rule: String
    public var lines: [BatteryLine]
    /// What a reader has to know about the whole.
    public var remarks: [String]

    public init(
        battery: String, standard: String, bits: Int, streams: Int = 1, rule: String, lines: [BatteryLine],
        remarks: [String] = []
    ) {
        self.battery = battery
        self.standard = standard
        self.bits = bits
        self.streams = streams
        self.rule = rule
        self.lines = lines
        self.remarks = remarks
    }

    /// A defect anywhere is a defect; then data that were missing anywhere, with the most that a test wants.
    public var verdict: BatteryVerdict {
        var wanted: Int?
        for line in lines {
            if line.verdict == .defect { return .defect }
            if case .insufficientData(let bits) = line.verdict { wanted = max(wanted ?? 0, bits) }
        }
        if let wanted { return .insufficientData(wantedBits: wanted) }
        return lines.contains { $0.verdict == .passed } || lines.isEmpty ? .passed : .estimated
    }

    /// The verdict as a sentence; it never says that the bits are random.
    public var words: String {
        let defects = lines.filter { $0.verdict == .defect }.map(\.name)
        let passed = lines.count { $0.verdict == .passed }
        let size = "\(BatteryReport.grouped(bits)) bits"
        switch verdict {
        case .defect:
            let shown = defects.prefix(8).joined(separator: ", ")
            let rest = defects.count > 8 ? " and \(defects.count - 8) more" : ""
            return "defects found in \(size) by \(defects.count) of \(lines.count) tests: \(shown)\(rest)"
        case .insufficientData(let wanted):
            let found = passed > 0 ? "no defect found by \(passed) of \(lines.count) tests at this size; " : ""
            return "insufficient data: \(found)\(lines.count - passed) did not have their data, "
                + "\(BatteryReport.grouped(wanted)) bits are wanted and \(BatteryReport.grouped(bits)) were there"
        case .estimated: return "estimated from \(size); an estimate passes nothing"
        case .passed: return "no defect found by these tests at this size (\(lines.count) tests, \(size))"
        }
    }

    public var json: JSON {
        var members: [String: JSON] = [
            "battery": .string(battery), "standard": .string(standard), "bits": .int(Int64(bits)),
            "streams": .int(Int64(streams)), "rule": .string(rule), "verdict": .string(verdict.word),
            "words": .string(words), "tests": .array(lines.map(\.json)),
        ]
        if case .insufficientData(let wanted) = verdict { members["wanted_bits"] = .int(Int64(wanted)) }
        if !remarks.isEmpty { members["remarks"] = .array(remarks.map { .string($0) }) }
        return .object(members)
    }

    /// 1000000 → `1 000 000`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (place, digit) in String(number).reversed().enumerated() {
            if place > 0, place % 3 == 0, digit != "-" { text.append(" ") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
