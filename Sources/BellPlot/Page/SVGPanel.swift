/// One figure of an SVG drawing, from its own upper left corner.
struct SVGPanel {
    /// Beyond this a file would be slow to open; of more points each k-th is drawn.
    private static let maximumPoints = 20_000

    private let figure: Figure
    private let frame: Frame
    // The plot area.
    private let left: Double
    private let top = 34.0
    private let plotWidth: Double
    private let plotHeight: Double
    private let width: Int
    private let entries: [[Entry]]

    /// What the legend shows, and how wide it may be.
    private struct Entry {
        var symbol: (Double, Double) -> String
        var name: String
        var width: Double
    }

    init(_ figure: Figure, width: Int, height: Int) {
        (self.figure, self.width) = (figure, width)
        left = 72
        plotWidth = Double(width) - 72 - 18
        plotHeight = Double(height) - 34 - 50
        frame = Frame(figure, xTicks: max(2, width / 90), yTicks: max(2, height / 60), aspect: plotWidth / plotHeight)
        entries = SVGPanel.legend(figure, width: Double(width) - 90)
    }

    var fullHeight: Int { Int(top + plotHeight) + 50 + entries.count * 18 }

    var text: String {
        var text = ""
        text += label(figure.title, x: left, y: 20, more: " class=\"title\"")
        text += axes()
        for mark in figure.marks where Axis.isDrawable(mark.at) {
            text +=
                mark.isVertical
                ? line("mark", column(mark.at), top, column(mark.at), top + plotHeight)
                : line("mark", left, row(mark.at), left + plotWidth, row(mark.at))
        }
        for (place, series) in figure.series.enumerated() {
            text += "<g class=\"c\(place % SVGPlot.colourCount)\">\n\(draw(series))</g>\n"
        }
        var y = top + plotHeight + 58
        for line in entries {
            var x = left
            for entry in line {
                text += entry.symbol(x, y - 4) + label(entry.name, x: x + 26, y: y)
                x += entry.width
            }
            y += 18
        }
        return text
    }

    // MARK: Places

    private func column(_ x: Double) -> Double { left + frame.x.fraction(x) * plotWidth }
    private func row(_ y: Double) -> Double { top + (1 - frame.y.fraction(y)) * plotHeight }

    private static func number(_ value: Double) -> String { Decimal.text(value, decimals: 1) }

    private func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        SVGPanel.line(name, x1, y1, x2, y2)
    }

    private static func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line class=\"\(name)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>\n"
    }

    private func label(_ text: String, x: Double, y: Double, more: String = "") -> String {
        "<text x=\"\(SVGPanel.number(x))\" y=\"\(SVGPanel.number(y))\"\(more)>\(CleanText.markup(text))</text>\n"
    }

    // MARK: Axes

    private func axes() -> String {
        var text = ""
        let (bottom, right) = (top + plotHeight, left + plotWidth)
        let (xLabels, yLabels) = (frame.x.labels, frame.y.labels)
        for (tick, name) in zip(frame.x.ticks, xLabels.texts) {
            text += line("grid", column(tick), top, column(tick), bottom)
            text += label(name, x: column(tick), y: bottom + 17, more: " text-anchor=\"middle\"")
        }
        for (tick, name) in zip(frame.y.ticks, yLabels.texts) {
            text += line("grid", left, row(tick), right, row(tick))
            text += label(name, x: left - 7, y: row(tick) + 4, more: " text-anchor=\"end\"")
        }
        text += "<rect class=\"wall\" x=\"\(SVGPanel.number(left))\" y=\"\(SVGPanel.number(top))\" "
        text += "width=\"\(SVGPanel.number(plotWidth))\" height=\"\(SVGPanel.number(plotHeight))\"/>\n"
        text += label(
            SVGPanel.titled(figure.xLabel, xLabels.exponent), x: left + plotWidth / 2, y: bottom + 37,
            more: " text-anchor=\"middle\"")
        let middle = SVGPanel.number(top + plotHeight / 2)
        text += label(
            SVGPanel.titled(figure.yLabel, yLabels.exponent), x: 16, y: top + plotHeight / 2,
            more: " text-anchor=\"middle\" transform=\"rotate(-90 16 \(middle))\"")
        return text
    }

    private static func titled(_ label: String, _ exponent: Int) -> String {
        guard exponent != 0 else { return label }
        let digits: [Character: Character] = [
            "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸",
            "9": "⁹",
        ]
        return CleanText.line(label) + " × 10" + String(String(exponent).map { digits[$0] ?? $0 })
    }

    // MARK: Data

    private func draw(_ series: Figure.Series) -> String {
        guard series.style == .points else {
            return series.segments.map { segment in
                let step = max(1, segment.count / SVGPanel.maximumPoints)
                let places = stride(from: 0, to: segment.count, by: step).map { segment[$0] }
                let path = places.map { "\(SVGPanel.number(column($0.x))),\(SVGPanel.number(row($0.y)))" }
                return "<polyline class=\"line\" points=\"\(path.joined(separator: " "))\"/>\n"
            }.joined()
        }
        let points = series.drawable
        let step = max(1, (points.count + SVGPanel.maximumPoints - 1) / SVGPanel.maximumPoints)
        let radius = points.count > 400 ? "1.3" : "2.6"
        var text = ""
        for place in stride(from: 0, to: points.count, by: step) {
            let point = points[place]
            let (x, y) = (column(point.x), row(point.y))
            if point.error > 0 { text += line("bar", x, row(point.y - point.error), x, row(point.y + point.error)) }
            text +=
                "<circle class=\"dot\" cx=\"\(SVGPanel.number(x))\" cy=\"\(SVGPanel.number(y))\" r=\"\(radius)\"/>\n"
        }
        return text
    }

    // MARK: Legend

    private static func legend(_ figure: Figure, width: Double) -> [[Entry]] {
        var entries: [Entry] = []
        for (place, series) in figure.series.enumerated() where !series.name.isEmpty {
            let colour = "c\(place % SVGPlot.colourCount)"
            let isPoints = series.style == .points
            entries.append(
                entry(series.name) { x, y in
                    isPoints
                        ? "<circle class=\"dot \(colour)\" cx=\"\(number(x + 10))\" cy=\"\(number(y))\" r=\"3\"/>\n"
                        : line("line \(colour)", x, y, x + 20, y)
                })
        }
        for mark in figure.marks where Axis.isDrawable(mark.at) {
            let name = "\(CleanText.line(mark.name)) (\(mark.isVertical ? "x" : "y") = \(Significant.text(mark.at)))"
            entries.append(entry(name) { x, y in line("mark", x, y, x + 20, y) })
        }
        var lines: [[Entry]] = []
        var used = Double.infinity
        for entry in entries {
            if used + entry.width > width {
                lines.append([])
                used = 0
            }
            lines[lines.count - 1].append(entry)
            used += entry.width
        }
        return lines
    }

    /// A letter is about 6.8 pixels wide.
    private static func entry(_ name: String, _ symbol: @escaping (Double, Double) -> String) -> Entry {
        Entry(symbol: symbol, name: name, width: 26 + 6.8 * Double(CleanText.line(name).count) + 18)
    }
}
