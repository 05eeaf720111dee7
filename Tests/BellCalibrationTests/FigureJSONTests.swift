import BellCalibration
import BellModel
import BellPlot
import Testing

@Suite("Figures as objects") struct FigureJSONTests {
    @Test("a figure comes back as it was written")
    func roundTrip() throws {
        let figure = Figure(
            title: "t", xLabel: "x (1)", yLabel: "y",
            series: [
                .init("data", x: [1, 2], y: [3, 4.5], error: [0.1, 0.2]), .init("fit", .line, x: [0, 1], y: [0, 1]),
                .init("stairs", .steps, x: [], y: []),
            ], marks: [.init("here", x: 3), .init("limit", y: -1)], isSquare: true)
        let text = figure.json.text
        #expect(Figure(json: try JSON(parsing: text, source: "test")) == figure)
    }

    @Test("long series are thinned, and what is no number stays none")
    func bounded() throws {
        let x = (0..<10_000).map(Double.init)
        let figure = Figure(title: "", xLabel: "", yLabel: "", series: [.init("a", x: x, y: x.map { _ in .nan })])
        let back = try #require(Figure(json: try JSON(parsing: figure.json.text, source: "test")))
        #expect(back.series.first?.x.count == 3334)
        #expect(back.series.first?.y.allSatisfy(\.isNaN) == true)
    }

    @Test(
        "other objects are no figures",
        arguments: [[:], ["title": "x"], ["title": 1, "x": "", "y": ""], 5, []] as [JSON])
    func refused(_ json: JSON) { #expect(Figure(json: json) == nil) }
}
