import BellFit
import Testing

@Suite struct FitTests {
    @Test("A fit's numbers are found by name, and an unknown name gives none")
    func names() {
        let fit = Fit(
            ending: .converged, names: ["a", "b"], parameters: [1, 2], covariance: [4, 0, 0, 9], chiSquare: 6,
            degreesOfFreedom: 3, evaluations: 7)
        #expect(fit["b"] == 2)
        #expect(fit.uncertainty(of: "b") == 3)
        #expect(fit["c"].isNaN)
        #expect(fit.reducedChiSquare == 2)
    }
}
