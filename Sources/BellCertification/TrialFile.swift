public import BellModel

/// Trials that somebody else measured, one a line.
public enum TrialFile {
    /// How a line is written.
    public enum Format: String, CaseIterable, Sendable {
        /// The public file of Storz et al., Nature 617, 265 (2023), doi:10.3929/ethz-b-000624026: 2 or 3 header lines,
        /// then `a, A, b, B` = alice's input 0/1, alice's output ±1, bob's input 0/1, bob's output ±1.
        ///
        /// Its S has the minus sign on the setting pair 01.
        case eth2023
    }

    /// Reads the file's bytes; an output of +1 becomes outcome 0, −1 becomes 1.
    ///
    /// - Parameter source: What the file is called in errors.
    /// - Throws: `counts.syntax` with the wrong lines (at most 20 of them).
    public static func parse(_ bytes: [UInt8], source: String, format: Format) throws(BellError) -> TrialTally {
        switch format {
        case .eth2023: try parseETH(bytes, source: source)
        }
    }

    private static func parseETH(_ bytes: [UInt8], source: String) throws(BellError) -> TrialTally {
        var errors = LineErrors(source: source)
        var counts = [UInt64](repeating: 0, count: 16)
        var lines = LineReader(bytes)
        var hasBegun = false
        while let line = lines.next() {
            if !hasBegun {
                // A header line holds no number of its own; a damaged trial is no header.
                let isHeader = line.fields.allSatisfy { number($0) == nil }
                if isHeader, line.number <= 3 { continue }
                if line.number < 3 {
                    errors.add(
                        line: line.number, "Expected 2 or 3 header lines, but the trials begin here.",
                        fix: "keep the file as published; for counts use --counts")
                    break
                }
                hasBegun = true
            }
            if line.bytes.isEmpty { continue }
            let fields = line.fields
            guard fields.count == 4 else {
                errors.add(line: line.number, "Expected a, A, b, B, found \(shown(line.bytes)).")
                continue
            }
            let (x, a) = (input(fields[0]), outcome(fields[1]))
            let (y, b) = (input(fields[2]), outcome(fields[3]))
            if let x, let a, let y, let b {
                counts[8 * x + 4 * y + 2 * a + b] += 1
                continue
            }
            for (key, field, isWrong) in [("a", fields[0], x == nil), ("b", fields[2], y == nil)] where isWrong {
                errors.add(line: line.number, "The input \(key) = \(shown(field)) must be 0 or 1.")
            }
            for (key, field, isWrong) in [("A", fields[1], a == nil), ("B", fields[3], b == nil)] where isWrong {
                errors.add(line: line.number, "The output \(key) = \(shown(field)) must be −1 or +1.")
            }
        }
        try errors.finish()
        guard hasBegun, let tally = TrialTally(counts: counts), tally.valid > 0 else {
            throw BellError(
                .countsSyntax, "The file holds no trial.", at: "\(source):\(lines.lineCount)",
                fix: "give 2 or 3 header lines, then one line a, A, b, B for each trial")
        }
        return tally
    }

    private static func input(_ field: ArraySlice<UInt8>) -> Int? {
        switch number(field) {
        case 0: 0
        case 1: 1
        default: nil
        }
    }

    private static func outcome(_ field: ArraySlice<UInt8>) -> Int? {
        switch number(field) {
        case 1: 0
        case -1: 1
        default: nil
        }
    }

    /// A whole number of at most one digit, also as a floating-point text such as `1.0` or `-1.000e+00`.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.first == UInt8(ascii: "-") || field.first == UInt8(ascii: "+") ? field.dropFirst() : field
        if digits.count == 1, let digit = digits.first, digit >= 0x30, digit <= 0x39 {
            let value = Int(digit - 0x30)
            return field.first == UInt8(ascii: "-") ? -value : value
        }
        guard field.count <= 32, let value = Double(String(decoding: field, as: UTF8.self)) else { return nil }
        return Int(exactly: value)
    }
}
