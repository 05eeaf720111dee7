import Foundation
import Testing

@testable import BellPlot

@Suite struct SVGPlotTests {
    /// Values of an attribute.
    private func values(_ name: String, of element: String, in text: String) -> [Double] {
        text.split(separator: "\n").filter { $0.hasPrefix("<\(element) ") }.flatMap { line in
            line.components(separatedBy: " \(name)=\"").dropFirst().compactMap { part in
                part.split(separator: "\"", omittingEmptySubsequences: false).first.flatMap { Double($0) }
            }
        }
    }

    /// Whether every element is closed, in order, and no attribute is open.
    private func isWellFormed(_ text: String) -> Bool {
        let parser = Markup(text)
        return parser.isBalanced
    }

    /// The least of XML that a test needs: tags that open and close.
    private struct Markup {
        let isBalanced: Bool

        init(_ text: String) {
            var open: [String] = []
            var isSound = true
            for part in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
                guard let end = part.firstIndex(of: ">") else {
                    isSound = false
                    break
                }
                let tag = part[..<end]
                if tag.count(where: { $0 == "\"" }) % 2 != 0 { isSound = false }
                if tag.hasPrefix("/") {
                    if open.popLast() != String(tag.dropFirst()) { isSound = false }
                } else if !tag.hasSuffix("/"), !tag.hasPrefix("!") {
                    open.append(String(tag.prefix { $0 != " " }))
                }
            }
            isBalanced = isSound && open.isEmpty
        }
    }

    @Test("Points, bars, line, marks and legend are all there, and inside the plot area")
    func complete() {
        let text = SVGPlot(width: 640, height: 400).document(Figures.rabi)
        #expect(isWellFormed(text))
        // One circle more in the legend.
        #expect(text.components(separatedBy: "<circle").count - 1 == 12)
        #expect(text.components(separatedBy: "class=\"bar\"").count - 1 == 11)
        #expect(text.components(separatedBy: "<polyline").count - 1 == 1)
        #expect(text.components(separatedBy: "class=\"mark\"").count - 1 == 4)
        for name in ["measured", "fit", "half π (x = 0.2244)", "amplitude (fraction of full scale)"] {
            #expect(text.contains(">\(name)<"))
        }
        #expect(text.contains("prefers-color-scheme:dark"))
        #expect(!text.contains("<script") && !text.contains("href"))
    }

    @Test("A small figure, letter by letter")
    func golden() {
        let figure = Figure(
            title: "a < b", xLabel: "x", yLabel: "y", series: [.init("s", x: [0, 1], y: [0, 2], error: [0.5, 0])])
        let text = SVGPlot(width: 240, height: 160).document(figure)
        let body = text.components(separatedBy: "</style>\n").last ?? ""
        #expect(body == Golden.svg)
    }

    @Test("No figure makes it crash, and no coordinate is outside the drawing or no number")
    func hostile() {
        for figure in Figures.hostile {
            let text = SVGPlot(width: 300, height: 200).document(figure)
            #expect(isWellFormed(text))
            #expect(!text.contains("=\"nan") && !text.contains("=\"inf") && !text.contains("=\"-inf"))
            let drawn = text.components(separatedBy: "<text").first ?? ""
            #expect(!drawn.contains("nan"))
            for (element, names) in [
                ("circle", ["cx", "cy"]), ("line", ["x1", "x2", "y1", "y2"]), ("text", ["x", "y"]),
            ] {
                for name in names {
                    let isInside = values(name, of: element, in: text).allSatisfy { $0 >= 0 && $0 <= 700 }
                    #expect(isInside, "\(figure)")
                }
            }
        }
    }

    @Test("Every point that is a number stands inside the axes", arguments: 0..<30)
    func inside(_ seed: Int) {
        var state = UInt64(seed + 1)
        func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53 - 0.5
        }
        let scale = pow(10, Double(seed - 15))
        let x = (0..<50).map { _ in next() * scale }
        let y = (0..<50).map { $0 % 9 == 0 ? .nan : next() / scale }
        let figure = Figure(
            title: "", xLabel: "", yLabel: "", series: [.init("", x: x, y: y, error: y.map { abs($0) })],
            isSquare: seed % 2 == 0)
        let text = SVGPlot(width: 640, height: 400).document(figure)
        let (cx, cy) = (values("cx", of: "circle", in: text), values("cy", of: "circle", in: text))
        #expect(cx.count == 44)
        let isInside = cx.allSatisfy { $0 >= 72 && $0 <= 622 } && cy.allSatisfy { $0 >= 34 && $0 <= 350 }
        #expect(isInside)
    }

    @Test("One unit of x is as long as one of y in a square figure")
    func square() {
        let figure = Figure(
            title: "IQ", xLabel: "i", yLabel: "q", series: [.init("", x: [0, 3, 0], y: [0, 0, 1])], isSquare: true)
        let text = SVGPlot().document(figure)
        let (cx, cy) = (values("cx", of: "circle", in: text), values("cy", of: "circle", in: text))
        #expect(abs((cx[1] - cx[0]) / (cy[0] - cy[2]) - 3) < 0.01)
    }

    @Test("Names are text and nothing else")
    func names() {
        var figure = Figures.rabi
        (figure.title, figure.xLabel, figure.yLabel) = (Figures.hostileName, Figures.hostileName, Figures.hostileName)
        figure.series[0].name = Figures.hostileName
        figure.marks[0].name = Figures.hostileName
        let page = HTMLPage(
            title: Figures.hostileName, isSimulated: true,
            parts: [
                .heading(Figures.hostileName), .paragraph(Figures.hostileName),
                .table(
                    .init(Figures.hostileName, header: [Figures.hostileName], rows: [[Figures.hostileName, "b"], []])),
                .figures([figure, figure]),
                .pictures([.init(caption: Figures.hostileName, png: [1, 2])]),
            ])
        for text in [SVGPlot().document(figure), page.text] {
            #expect(!text.contains("<script") && !text.contains("\u{1B}") && !text.contains("\u{202E}"))
            #expect(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"))
        }
        #expect(isWellFormed(SVGPlot().document(figure)))
        #expect(page.text.components(separatedBy: "<svg").count - 1 == 2)
        #expect(page.text.contains("Simulated data"))
        #expect(page.text.contains("<td></td><td></td>"))
    }

    @Test("Pictures stand in the page itself, and only then may pages hold pictures")
    func pictures() {
        var page = HTMLPage(
            title: "t", isSimulated: false, parts: [.pictures([.init(caption: "c", png: [0xfb, 0xff, 0])])])
        #expect(page.text.contains("<img alt=\"c\" src=\"data:image/png;base64,+/8A\">"))
        #expect(page.text.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:\""))
        page.parts = []
        #expect(!page.text.contains("img-src"))
    }

    /// The vectors of RFC 4648, section 10.
    @Test(
        "Base64 is that of its standard",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ plain: String, _ text: String) { #expect(Base64.text(Array(plain.utf8)) == text) }

    @Test("Figures in a column stand below each other")
    func column() {
        let text = SVGPlot(width: 640, height: 400).page([Figures.rabi, Figures.rabi, Figures.rabi])
        #expect(isWellFormed(text))
        #expect(
            text.contains("translate(0 0)") && text.contains("translate(0 418)") && text.contains("translate(0 836)"))
        #expect(text.contains("viewBox=\"0 0 640 1254\""))
        #expect(isWellFormed(SVGPlot().page([])))
    }
}
