/// Draws a figure as SVG: one element that stands alone, without scripts, light or dark as the reader's system is.
public struct SVGPlot: Equatable, Sendable {
    /// In CSS pixels; the drawing scales with its place.
    public let width: Int
    /// Of the drawing without its legend.
    public let height: Int

    /// - Parameters:
    ///   - width: 240...4000; others are brought into this range.
    ///   - height: 160...4000.
    public init(width: Int = 640, height: Int = 400) {
        self.width = min(max(width, 240), 4000)
        self.height = min(max(height, 160), 4000)
    }

    /// A whole file.
    public func document(_ figure: Figure) -> String {
        page([figure])
    }

    /// A whole file with figures in a column.
    public func page(_ figures: [Figure]) -> String {
        var body = ""
        var top = 0
        for figure in figures {
            let panel = SVGPanel(figure, width: width, height: height)
            body += "<g transform=\"translate(0 \(top))\">\n\(panel.text)</g>\n"
            top += panel.fullHeight
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(max(top, 1))\" width=\"\(width)\" "
            + "height=\"\(max(top, 1))\" role=\"img\">\n<style>\(SVGPlot.style)</style>\n"
            + "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\(body)</svg>\n"
    }

    static let colourCount = colours.count

    /// Colours that colour-blind people tell apart (Okabe and Ito, 2008), the yellow left out; on light and dark paper.
    private static let colours = [
        ("#0072b2", "#4aa8e0"), ("#d55e00", "#ff8c42"), ("#009e73", "#33c79c"), ("#cc79a7", "#e09cc3"),
        ("#56b4e9", "#7cc8f2"), ("#e69f00", "#f2b93b"),
    ]

    static let style: String = {
        let light = colours.enumerated().map { rule($0.offset, $0.element.0) }.joined()
        let dark = colours.enumerated().map { rule($0.offset, $0.element.1) }.joined()
        return """
            .paper{fill:#fff}text{font:12px sans-serif;fill:#222}.title{font-size:14px;font-weight:600}
            .grid{stroke:#ddd;stroke-width:1}.wall{fill:none;stroke:#555;stroke-width:1}
            .mark{stroke:#666;stroke-width:1.2;stroke-dasharray:5 4}
            .line{fill:none;stroke-width:1.7;stroke-linejoin:round}.bar{stroke-width:1}
            \(light)
            @media(prefers-color-scheme:dark){.paper{fill:#16181c}text{fill:#e4e4e4}.grid{stroke:#33363c}
            .wall{stroke:#999}.mark{stroke:#aaa}
            \(dark)}
            """
    }()

    /// Written out, without variables, which viewers besides browsers do not know.
    private static func rule(_ place: Int, _ colour: String) -> String {
        let name = "c\(place)"
        return ".\(name) .dot,.dot.\(name){fill:\(colour)}"
            + ".\(name) .line,.\(name) .bar,.line.\(name){stroke:\(colour)}"
    }
}
