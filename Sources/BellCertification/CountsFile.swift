public import BellModel
import BellStatistics

/// Counts that somebody else measured: a CSV file with the header `x,y,a,b,count` and one line for each of 16 cells.
///
/// Lines that begin with `#` and empty lines are skipped; the order of lines is free; spaces around values are allowed.
public enum CountsFile {
    /// Reads the file's bytes.
    ///
    /// - Parameter source: What the file is called in errors.
    /// - Returns: The tally; a counts file knows no losses.
    /// - Throws: `counts.syntax` with every wrong line: another header, a value that is not 0 or 1, a cell that is
    ///   given twice or not at all, a count that is no whole number or a sum above 2^48.
    public static func parse(_ bytes: [UInt8], source: String) throws(BellError) -> TrialTally {
        var errors = LineErrors(source: source)
        var counts = [UInt64?](repeating: nil, count: 16)
        var hasHeader = false
        var lines = LineReader(bytes)
        while let line = lines.next() {
            if line.bytes.isEmpty || line.bytes.first == UInt8(ascii: "#") { continue }
            let fields = line.fields
            if !hasHeader {
                hasHeader = true
                let header = fields.map { String(decoding: $0, as: UTF8.self) }
                if header != ["x", "y", "a", "b", "count"] {
                    errors.add(
                        line: line.number, "Expected the header x,y,a,b,count, found \(shown(line.bytes)).",
                        fix: "make x,y,a,b,count the first line that is not a comment")
                    break
                }
                continue
            }
            guard fields.count == 5 else {
                errors.add(line: line.number, "Expected 5 values, found \(fields.count): \(shown(line.bytes)).")
                continue
            }
            var cell: Int? = 0
            for (key, field) in zip(["x", "y", "a", "b"], fields) {
                guard field.count == 1, let digit = field.first, digit == 0x30 || digit == 0x31 else {
                    errors.add(line: line.number, "\(key) = \(shown(field)) must be 0 or 1.")
                    cell = nil
                    continue
                }
                cell = cell.map { $0 * 2 + Int(digit - 0x30) }
            }
            guard let count = CountsFile.count(fields[4]) else {
                errors.add(
                    line: line.number, "count = \(shown(fields[4])) must be a whole number from 0 to 2^48.")
                continue
            }
            guard let cell else { continue }
            if counts[cell] != nil {
                errors.add(line: line.number, "The cell \(name(cell)) is given a second time.")
            }
            counts[cell] = count
        }
        if !hasHeader { errors.add(line: 1, "The file holds no line x,y,a,b,count.") }
        try errors.finish()
        let missing = counts.indices.filter { counts[$0] == nil }
        if !missing.isEmpty {
            errors.add(
                line: lines.lineCount,
                "\(missing.count) of 16 cells are missing: \(missing.map(name).joined(separator: "; ")).",
                fix: "give all 16 cells, 0 where nothing was counted")
        }
        let values = counts.map { $0 ?? 0 }
        // Each of 16 values is at most 2^48, so the sum cannot overflow.
        if values.reduce(0, +) > WinCount.mostTrials {
            errors.add(line: lines.lineCount, "The counts add up to more than 2^48 trials.")
        }
        try errors.finish()
        guard let tally = TrialTally(counts: values) else {
            throw BellError(.countsSyntax, "Expected 16 counts.", at: source)
        }
        return tally
    }

    private static func name(_ cell: Int) -> String {
        "x=\(cell >> 3) y=\(cell >> 2 & 1) a=\(cell >> 1 & 1) b=\(cell & 1)"
    }

    private static func count(_ field: ArraySlice<UInt8>) -> UInt64? {
        guard !field.isEmpty, field.count <= 15, field.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        let value = field.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 0x30) }
        return value <= WinCount.mostTrials ? value : nil
    }
}
