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

    /// Colours that colour-blind people tell apart (Okabe and Ito, 2008), the yellow left out.
    static let colourCount = 6

    static let style = """
        .paper{fill:#fff}text{font:12px sans-serif;fill:#222}.title{font-size:14px;font-weight:600}
        .grid{stroke:#ddd;stroke-width:1}.wall{fill:none;stroke:#555;stroke-width:1}
        .mark{stroke:#666;stroke-width:1.2;stroke-dasharray:5 4}.line{fill:none;stroke-width:1.7;stroke-linejoin:round}
        .c0{--c:#0072b2}.c1{--c:#d55e00}.c2{--c:#009e73}.c3{--c:#cc79a7}.c4{--c:#56b4e9}.c5{--c:#e69f00}
        .dot{fill:var(--c)}.line,.bar{stroke:var(--c)}.bar{stroke-width:1}
        @media(prefers-color-scheme:dark){.paper{fill:#16181c}text{fill:#e4e4e4}.grid{stroke:#33363c}
        .wall{stroke:#999}.mark{stroke:#aaa}.c0{--c:#4aa8e0}.c1{--c:#ff8c42}.c2{--c:#33c79c}}
        """
}
