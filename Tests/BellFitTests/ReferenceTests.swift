import BellFit
import BellModel
import Foundation
import Testing

/// Against scipy's curve_fit; the numbers are made by Reference/make.py.
@Suite struct ReferenceTests {
    struct DataSet: Sendable {
        var name: String
        var x: [Double]
        var y: [Double]
        var sigma: [Double]?
        var parameters: [Double]
        var covariance: [Double]
        var chiSquare: Double
    }

    static let sets: [DataSet] = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Reference/scipy.json")
        guard let text = try? String(contentsOf: url, encoding: .utf8),
            let file = try? JSON(parsing: text, source: url.path)
        else { return [] }
        func numbers(_ json: JSON?) -> [Double] { json?.arrayValue?.compactMap(\.doubleValue) ?? [] }
        return (file["sets"]?.arrayValue ?? []).map { set in
            DataSet(
                name: set["model"]?.stringValue ?? "", x: numbers(set["x"]), y: numbers(set["y"]),
                sigma: set["sigma"]?.arrayValue == nil ? nil : numbers(set["sigma"]),
                parameters: numbers(set["parameters"]), covariance: numbers(set["covariance"]),
                chiSquare: set["chi_square"]?.doubleValue ?? .nan)
        }
    }()

    static let models: [String: any FitModel] = [
        "cosine": Cosine(), "damped cosine": DampedCosine(), "gaussian damped cosine": DampedCosine(.gaussian),
        "exponential": Exponential(), "saturating step": SaturatingStep(), "lorentzian": Lorentzian(),
        "two lorentzians": TwoLorentzians(), "parabola": Parabola(), "line": Line(), "power decay": PowerDecay(),
        "gaussian peak": GaussianPeak(), "error function step": ErrorFunctionStep(),
        "known period": CosineKnownPeriod(period: 2 * .pi), "linear in sin": LinearInSin(contrast: 0.5),
    ]

    /// Without a derivative: fitted by differences.
    struct Bare: FitModel {
        var model: any FitModel
        var parameterNames: [String] { model.parameterNames }
        func value(_ x: Double, _ p: [Double]) -> Double { model.value(x, p) }
        func start(x: [Double], y: [Double]) -> [Double]? { model.start(x: x, y: y) }
        func normal(_ p: [Double]) -> [Double] { model.normal(p) }
    }

    @Test("Every model has a data set of scipy's")
    func complete() {
        #expect(Set(ReferenceTests.sets.map(\.name)) == Set(ReferenceTests.models.keys))
        #expect(ReferenceTests.sets.count == 18)
    }

    @Test("From its own start a fit ends in scipy's minimum with scipy's covariance", arguments: 0..<18)
    func same(_ index: Int) throws {
        try expectSame(index, parameters: 1e-8, covariance: 1e-6) { $0 }
    }

    @Test("Without derivatives it ends there, too", arguments: 0..<18)
    func differences(_ index: Int) throws {
        try expectSame(index, parameters: 2e-6, covariance: 1e-4) { Bare(model: $0) }
    }

    private func expectSame(
        _ index: Int, parameters: Double, covariance: Double, _ wrap: (any FitModel) -> any FitModel
    ) throws {
        let set = try #require(ReferenceTests.sets.indices.contains(index) ? ReferenceTests.sets[index] : nil)
        let model = wrap(try #require(ReferenceTests.models[set.name]))
        let fit = LeastSquares.fit(model, x: set.x, y: set.y, sigma: set.sigma)
        #expect(fit.hasConverged, "\(fit.ending)")
        #expect(abs(fit.chiSquare / set.chiSquare - 1) < 1e-10)
        let count = fit.names.count
        try #require(set.parameters.count == count && set.covariance.count == count * count)
        for i in 0..<count {
            // Relative to the parameter, or to its uncertainty where the parameter is near 0.
            let size = max(abs(set.parameters[i]), set.covariance[i * count + i].squareRoot())
            #expect(
                abs(fit.parameters[i] - set.parameters[i]) < parameters * size,
                "\(set.name) \(fit.names[i]): \(fit.parameters[i]), not \(set.parameters[i])")
            for j in 0..<count {
                let scale = (set.covariance[i * count + i] * set.covariance[j * count + j]).squareRoot()
                #expect(
                    abs(fit.covariance[i * count + j] - set.covariance[i * count + j]) < covariance * scale,
                    "\(set.name) covariance of \(fit.names[i]) and \(fit.names[j])")
            }
        }
    }

    @Test("Every derivative is the difference's limit", arguments: Array(models.keys).sorted())
    func gradients(_ name: String) throws {
        let model = try #require(ReferenceTests.models[name])
        let set = try #require(ReferenceTests.sets.first { $0.name == name })
        try expectGradient(model, set.parameters, at: [set.x[1], set.x[set.x.count / 2], set.x[set.x.count - 2]])
    }

    @Test("So are those of models that scipy's sets do not show")
    func moreGradients() throws {
        try expectGradient(LinearInSin(contrast: 0.4, fitsInitial: true), [0.5, 0.02, 0.1], at: [-7, 3, 12])
        try expectGradient(Held(Exponential(), ["offset": 0.3]), [1.5, 4], at: [0, 2, 9])
        let frequencies = sweep(-3, 4, 11)
        for hasBackground in [true, false] {
            let model = ResonatorResponse(frequencies: frequencies, hasBackground: hasBackground)
            let p = [0.3, 1.7, 2, -0.6] + (hasBackground ? [0.2, 0.9] : [])
            try expectGradient(model, p, at: (0..<22).map(Double.init))
        }
    }

    private func expectGradient(_ model: any FitModel, _ p: [Double], at places: [Double]) throws {
        var gradient = [Double](repeating: 0, count: p.count)
        for x in places {
            try #require(model.gradient(x, p, into: &gradient))
            for k in p.indices {
                let step = 1e-5 * max(abs(p[k]), 1e-6)
                var (above, below) = (p, p)
                above[k] += step
                below[k] -= step
                let slope = (model.value(x, above) - model.value(x, below)) / (2 * step)
                // Rounding of the values, divided by the step.
                let rounding = 1e-14 * max(abs(model.value(x, p)), 1) / step
                #expect(
                    abs(gradient[k] - slope) < 1e-5 * abs(slope) + 10 * rounding,
                    "\(model.parameterNames[k]) at \(x): \(gradient[k]), not \(slope)")
            }
        }
    }
}
