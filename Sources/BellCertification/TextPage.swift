/// A page for people: a label column, then text; at most 100 columns where the content allows.
struct TextPage {
    private(set) var lines: [String] = []
    private let labelWidth = 14
    private let width = 100

    /// The whole page, ending in a newline.
    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func line(_ text: String = "") { lines.append(text) }

    /// A heading with a rule under it.
    mutating func heading(_ text: String) {
        if !lines.isEmpty { line() }
        line(text)
        line(String(repeating: "─", count: min(width, text.count)))
    }

    /// A labelled value; long values are wrapped below themselves.
    mutating func row(_ label: String, _ value: String) {
        let pad = String(repeating: " ", count: max(1, labelWidth - label.count))
        let wrapped = TextPage.wrap(value, width - labelWidth)
        line(label + pad + (wrapped.first ?? ""))
        for more in wrapped.dropFirst() { line(String(repeating: " ", count: labelWidth) + more) }
    }

    /// A list item, wrapped.
    mutating func item(_ value: String) {
        let wrapped = TextPage.wrap(value, width - 2)
        line("• " + (wrapped.first ?? ""))
        for more in wrapped.dropFirst() { line("  " + more) }
    }

    /// Columns that are aligned to the right, the first one to the left; the first row is the header.
    mutating func table(_ rows: [[String]]) {
        guard let columns = rows.map(\.count).max() else { return }
        let widths = (0..<columns).map { c in rows.map { c < $0.count ? $0[c].count : 0 }.max() ?? 0 }
        for row in rows {
            var out = ""
            for (c, cell) in row.enumerated() {
                let pad = String(repeating: " ", count: widths[c] - cell.count)
                out += c == 0 ? cell + pad : "  " + pad + cell
            }
            while out.last == " " { out.removeLast() }
            line(out)
        }
    }

    /// A frame that nobody overlooks.
    mutating func banner(_ words: [String]) {
        let inner = (words.map(\.count).max() ?? 0) + 4
        line("╔" + String(repeating: "═", count: inner) + "╗")
        for word in words {
            let left = (inner - word.count) / 2
            let right = inner - word.count - left
            line("║" + String(repeating: " ", count: left) + word + String(repeating: " ", count: right) + "║")
        }
        line("╚" + String(repeating: "═", count: inner) + "╝")
    }

    private static func wrap(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !current.isEmpty, current.count + 1 + word.count > width {
                lines.append(current)
                current = String(word)
            } else {
                current += (current.isEmpty && lines.isEmpty && word.isEmpty ? " " : current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }
}
