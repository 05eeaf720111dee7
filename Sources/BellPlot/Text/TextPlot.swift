/// Draws a figure with characters, for a terminal.
public struct TextPlot: Equatable, Sendable {
    /// What a plot is drawn with.
    public enum Style: Equatable, Sendable {
        /// 2 × 4 dots a character and lines of boxes.
        case braille
        /// ASCII alone, one letter a point; each series has its own. The figure's own words stay as they are.
        case ascii
    }

    /// Characters of the whole drawing, axis labels included; title, x label and legend are lines of their own.
    public let width: Int
    /// Rows of the plot area.
    public let height: Int
    public let style: Style

    /// - Parameters:
    ///   - width: 30...500; others are brought into this range.
    ///   - height: 4...200.
    public init(width: Int = 76, height: Int = 16, style: Style = .braille) {
        self.width = min(max(width, 30), 500)
        self.height = min(max(height, 4), 200)
        self.style = style
    }

    private var isBraille: Bool { style == .braille }

    /// The drawing, each line with its end, without colours.
    public func text(_ figure: Figure) -> String {
        // A character is about twice as high as wide.
        let rough = Double(width - 12) / Double(2 * height)
        let frame = Frame(figure, xTicks: max(2, width / 13), yTicks: max(2, height / 3), aspect: rough)
        let labels = frame.y.labels
        let gutter = max(1, labels.texts.map(\.count).max() ?? 1)
        var canvas = DotCanvas(columns: max(10, width - gutter - 2), rows: height, isBraille: isBraille)
        drawMarks(figure, frame, &canvas)
        // Points over lines; and a line beside points is dotted, else it would hide them.
        let isDotted = isBraille && figure.series.contains { $0.style == .points }
        for (place, series) in figure.series.enumerated() where series.style != .points {
            draw(series, letter(place), isDotted: isDotted, frame, &canvas)
        }
        for (place, series) in figure.series.enumerated() where series.style == .points {
            draw(series, letter(place), isDotted: false, frame, &canvas)
        }

        var lines = [CleanText.line(figure.title, limit: width - 1)]
        lines.append(title(of: figure.yLabel, labels.exponent))
        var ticks: [Int: String] = [:]
        for (tick, text) in zip(frame.y.ticks, labels.texts) { ticks[row(tick, frame)] = text }
        for (row, content) in canvas.lines.enumerated() {
            let label = ticks[row] ?? ""
            let wall = isBraille ? (label.isEmpty ? "│" : "┤") : (label.isEmpty ? "|" : "+")
            lines.append(String(repeating: " ", count: gutter - label.count) + label + " " + wall + content)
        }
        lines += floor(frame, gutter: gutter, columns: canvas.columns)
        let x = title(of: figure.xLabel, frame.x.labels.exponent)
        lines.append(String(repeating: " ", count: max(0, (width - x.count) / 2)) + x)
        lines += legend(figure)
        return lines.map { TextPlot.trimmed($0) + "\n" }.joined()
    }

    private func title(of label: String, _ exponent: Int) -> String {
        CleanText.line(label, limit: width - 10) + (exponent == 0 ? "" : "  x 10^\(exponent)")
    }

    private static func trimmed(_ line: String) -> String {
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }

    private func letter(_ place: Int) -> Character {
        let letters: [Character] = ["o", "*", "x", "+", "#", "@", "%", "&"]
        return letters[place % letters.count]
    }

    /// Row of a value, from the top.
    private func row(_ value: Double, _ frame: Frame) -> Int {
        let fromBottom = Int((frame.y.fraction(value) * Double(height - 1)).rounded())
        return height - 1 - min(max(fromBottom, 0), height - 1)
    }

    private func dot(_ x: Double, _ y: Double, _ frame: Frame, _ canvas: DotCanvas) -> (x: Int, y: Int) {
        let column = frame.x.fraction(x) * Double(canvas.width - 1)
        let line = frame.y.fraction(y) * Double(canvas.height - 1)
        return (
            Int(min(max(column, 0), Double(canvas.width - 1)).rounded()),
            Int(min(max(line, 0), Double(canvas.height - 1)).rounded())
        )
    }

    private func drawMarks(_ figure: Figure, _ frame: Frame, _ canvas: inout DotCanvas) {
        for mark in figure.marks where Axis.isDrawable(mark.at) {
            if mark.isVertical {
                let column = Int((frame.x.fraction(mark.at) * Double(canvas.columns - 1)).rounded())
                for row in 0..<canvas.rows { canvas.setBehind(column: column, row: row, isBraille ? "┊" : ":") }
            } else {
                let row = row(mark.at, frame)
                for column in 0..<canvas.columns {
                    canvas.setBehind(column: column, row: row, isBraille ? "┄" : "-")
                }
            }
        }
    }

    private func draw(
        _ series: Figure.Series, _ letter: Character, isDotted: Bool, _ frame: Frame, _ canvas: inout DotCanvas
    ) {
        guard series.style == .points else {
            for segment in series.segments {
                let dots = segment.map { dot($0.x, $0.y, frame, canvas) }
                if let first = dots.first, dots.count == 1 || !isDotted { canvas.set(first.x, first.y, as: letter) }
                for (from, to) in zip(dots, dots.dropFirst()) {
                    canvas.line(from: from, to: to, as: letter, every: isDotted ? 3 : 1)
                }
            }
            return
        }
        let points = series.drawable
        // Bars of many points would cover each other.
        let hasBars = points.count <= canvas.columns
        for point in points where hasBars && point.error > 0 {
            let low = dot(point.x, point.y - point.error, frame, canvas)
            let high = dot(point.x, point.y + point.error, frame, canvas)
            canvas.line(from: low, to: high, as: "|")
        }
        for point in points {
            let place = dot(point.x, point.y, frame, canvas)
            canvas.set(place.x, place.y, as: letter)
            // A point is more than a line's dot.
            if isBraille {
                for (x, y) in [(1, 0), (0, 1), (1, 1)] { canvas.set(place.x + x, place.y + y) }
            }
        }
    }

    /// The lower wall with its ticks and their texts.
    private func floor(_ frame: Frame, gutter: Int, columns: Int) -> [String] {
        var wall = [Character](repeating: isBraille ? "─" : "-", count: columns)
        var texts = [Character](repeating: " ", count: gutter + 2 + columns)
        for (tick, text) in zip(frame.x.ticks, frame.x.labels.texts) {
            let column = Int((frame.x.fraction(tick) * Double(columns - 1)).rounded())
            guard wall.indices.contains(column) else { continue }
            wall[column] = isBraille ? "┬" : "+"
            let start = min(max(0, gutter + 2 + column - text.count / 2), max(0, texts.count - text.count))
            let free = max(0, start - 1)..<min(texts.count, start + text.count + 1)
            guard start + text.count <= texts.count, texts[free].allSatisfy({ $0 == " " }) else { continue }
            for (offset, character) in text.enumerated() { texts[start + offset] = character }
        }
        let corner = String(repeating: " ", count: gutter + 1) + (isBraille ? "└" : "+")
        return [corner + String(wall), String(texts)]
    }

    private func legend(_ figure: Figure) -> [String] {
        var entries: [String] = []
        for (place, series) in figure.series.enumerated() where !series.name.isEmpty {
            let symbol = isBraille ? (series.style == .points ? "⠶" : "⠒⠒") : String(letter(place))
            entries.append("\(symbol) \(CleanText.line(series.name, limit: 60))")
        }
        for mark in figure.marks where Axis.isDrawable(mark.at) {
            let symbol = mark.isVertical ? (isBraille ? "┊" : ":") : (isBraille ? "┄" : "-")
            entries.append(
                "\(symbol) \(CleanText.line(mark.name, limit: 60)) (\(mark.isVertical ? "x" : "y") = "
                    + "\(Significant.text(mark.at)))")
        }
        var lines: [String] = []
        for entry in entries {
            if let last = lines.last, last.count + entry.count + 3 <= width {
                lines[lines.count - 1] = last + "   " + entry
            } else {
                lines.append(entry)
            }
        }
        return lines
    }
}
