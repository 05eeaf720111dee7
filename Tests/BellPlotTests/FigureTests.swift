import BellPlot
import Testing

@Suite struct FigureTests {
    @Test("A mark stands at an x or at a y")
    func marks() {
        #expect(Figure.Mark("π/2", x: 0.5).isVertical)
        #expect(!Figure.Mark("half", y: 0.5).isVertical)
    }
}
