import BellPlot
import Testing

@Suite struct TextPlotTests {
    @Test("A sinusoid with its fit, in braille")
    func braille() {
        #expect(TextPlot(width: 60, height: 8).text(Figures.rabi) == Golden.braille)
    }

    @Test("The same in ASCII, but for the figure's own words")
    func ascii() {
        let text = TextPlot(width: 60, height: 8, style: .ascii).text(Figures.rabi)
        #expect(text == Golden.ascii)
        let foreign = Set(text.filter { !$0.isASCII })
        #expect(foreign == ["π"])
    }

    @Test("No figure makes it crash or grow", arguments: [TextPlot.Style.braille, .ascii])
    func hostile(_ style: TextPlot.Style) {
        for figure in Figures.hostile {
            for (width, height) in [(-5, -5), (30, 4), (76, 16)] {
                let plot = TextPlot(width: width, height: height, style: style)
                let lines = plot.text(figure).split(separator: "\n", omittingEmptySubsequences: false)
                let longest = lines.map(\.count).max() ?? 0
                #expect(longest <= plot.width)
                #expect(lines.count >= plot.height + 5)
            }
        }
    }

    @Test("Names cannot command a terminal")
    func names() {
        var figure = Figures.rabi
        (figure.title, figure.xLabel, figure.yLabel) = (Figures.hostileName, Figures.hostileName, Figures.hostileName)
        figure.series[0].name = Figures.hostileName
        figure.marks[0].name = Figures.hostileName
        let text = TextPlot().text(figure)
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || ![.control, .format].contains(scalar.properties.generalCategory)
        }
        #expect(isClean)
        let plain = TextPlot().text(Figures.rabi)
        let lineCount = { (text: String) in text.split(separator: "\n", omittingEmptySubsequences: false).count }
        // The legend's names are longer and need more lines; the plot does not.
        #expect(lineCount(text) <= lineCount(plain) + 4)
    }

    @Test("Every point that is a number is drawn", arguments: 0..<20)
    func everyPoint(_ seed: Int) {
        // One point a column, far apart: as many letters as points.
        let x = (0..<12).map { Double($0 * 3 + seed) }
        let y = x.map { ($0 * 7.3 + Double(seed)).truncatingRemainder(dividingBy: 5) - 2 }
        let figure = Figure(title: "t", xLabel: "-", yLabel: "-", series: [.init("", x: x, y: y)])
        let text = TextPlot(width: 80, height: 12, style: .ascii).text(figure)
        #expect(text.count { $0 == "o" } == 12)
        #expect(!text.contains("nan") && !text.contains("inf"))
    }

    @Test("Round numbers at the ticks, with powers of ten set apart")
    func ticks() {
        let figure = Figure(
            title: "t", xLabel: "f (Hz)", yLabel: "-", series: [.init("", x: [4.1e9, 4.2e9], y: [0, 1])])
        let text = TextPlot(width: 80, height: 8, style: .ascii).text(figure)
        #expect(text.contains("f (Hz)  x 10^9"))
        #expect(text.contains(" 4.12 ") && text.contains(" 4.18 "))
    }
}
