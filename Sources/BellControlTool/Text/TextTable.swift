/// A table in plain text: a header and rows, columns two spaces apart.
struct TextTable {
    /// On which side a column's cells are padded.
    enum Alignment { case left, right }

    private let header: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Begins a table; a column is right-aligned when its title starts with `>`.
    init(_ columns: [String]) {
        header = columns.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
        alignments = columns.map { $0.hasPrefix(">") ? .right : .left }
    }

    /// Adds a row; missing cells become empty, surplus ones are dropped.
    mutating func add(_ cells: [String]) {
        rows.append((0..<header.count).map { $0 < cells.count ? cells[$0] : "" })
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The lines, each ended by a line feed, indented by `indent` spaces.
    func text(indent: Int = 2, style: Style = .plain) -> String {
        var widths = header.map(\.count)
        for row in rows { for (i, cell) in row.enumerated() { widths[i] = max(widths[i], cell.count) } }
        func line(_ cells: [String]) -> String {
            var out = String(repeating: " ", count: indent)
            for (i, cell) in cells.enumerated() {
                let pad = String(repeating: " ", count: widths[i] - cell.count)
                out += (i > 0 ? "  " : "") + (alignments[i] == .left ? cell + pad : pad + cell)
            }
            while out.hasSuffix(" ") { out.removeLast() }
            return out
        }
        // A table whose columns need no titles has none.
        let titles = header.allSatisfy(\.isEmpty) ? [] : [style.dim(line(header))]
        return (titles + rows.map(line)).map { $0 + "\n" }.joined()
    }
}
