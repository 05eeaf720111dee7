/// The rows as one table of text.
struct BenchTable {
    private let rows: [BenchRow]

    init(_ rows: [BenchRow]) { self.rows = rows }

    /// Ends with a new line.
    var text: String {
        var cells = [["what", "measured", "beside it, in the same run", "", "ratio", "goal", "met"]]
        for row in rows {
            var first = [row.what, row.unit.text(row.value), "", "", "", row.goal ?? "", BenchTable.word(row.isMet)]
            for (place, other) in row.beside.enumerated() {
                let ratio = BenchTable.ratio(row.value, other.value)
                if place == 0 {
                    first.replaceSubrange(2..<5, with: [other.name, row.unit.text(other.value), ratio])
                    cells.append(first)
                } else {
                    cells.append(["", "", other.name, row.unit.text(other.value), ratio, "", ""])
                }
            }
            if row.beside.isEmpty { cells.append(first) }
        }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for (place, line) in cells.enumerated() {
            text += BenchTable.line(line, widths)
            if place == 0 { text += widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n" }
        }
        text += "\n"
        for row in rows where !row.notes.isEmpty {
            text += "\(row.what):\n" + row.notes.map { "  \($0)\n" }.joined()
        }
        let goals = rows.compactMap(\.isMet)
        if !goals.isEmpty { text += "\n\(goals.filter { $0 }.count) of \(goals.count) goals are met.\n" }
        text += "Machine: \(Machine.text)\n"
        return text
    }

    /// One over the other; a small ratio as the inverse of a whole number, so that it says something.
    private static func ratio(_ value: Double, _ other: Double) -> String {
        if other == 0 { return "—" }
        let ratio = value / other
        return ratio > 0 && ratio < 0.005 ? "1/\(Unit.digits((1 / ratio).rounded())) ×" : "\(Unit.digits(ratio)) ×"
    }

    private static func word(_ met: Bool?) -> String { met.map { $0 ? "yes" : "NO" } ?? "" }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var parts: [String] = []
        for (column, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[column] - cell.count)
            // Numbers stand to the right.
            parts.append([1, 3, 4].contains(column) ? space + cell : cell + space)
        }
        var line = parts.joined(separator: "  ")
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
    }
}
