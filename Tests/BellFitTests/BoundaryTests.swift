import BellFit
import Testing

/// Data that are none, too few, or say nothing.
@Suite struct BoundaryTests {
    static let models: [any FitModel] =
        ReferenceTests.models.values.map { $0 } + [
            LinearInSin(contrast: 0.5, fitsInitial: true), Held(Exponential(), ["offset": 0]),
            ResonatorResponse(frequencies: sweep(0, 1, 20)), ResonatorResponse(frequencies: []),
            Held(Line(), ["offset": 0, "slope": 1]), LinearInSin(contrast: 0), CosineKnownPeriod(period: 0),
        ]

    static let columns: [[Double]] = [
        [], [1], [1, 2], sweep(0, 1, 40), [Double](repeating: 0, count: 40), [Double](repeating: 3.3, count: 40),
        sweep(0, 1, 39) + [.nan], sweep(0, 1, 39) + [.infinity], [Double](repeating: .nan, count: 40),
        (0..<40).map { $0 % 2 == 0 ? 1e300 : -1e300 }, (0..<40).map { $0 % 2 == 0 ? 1e-300 : -1e-300 },
        sweep(1e15, 1e15 + 1, 40), (0..<40).map { $0 == 17 ? 1 : 0 },
        (0..<40).map { $0 % 2 == 0 ? 8e89 : -8e89 },
    ]

    @Test("No data make a fit crash, and what has converged is finite", arguments: 0..<21)
    func hostile(_ index: Int) throws {
        let model = BoundaryTests.models[index]
        for x in BoundaryTests.columns {
            for y in BoundaryTests.columns {
                let fit = LeastSquares.fit(model, x: x, y: y, maximumEvaluations: 300)
                let isSound = (x + y).allSatisfy(\.isFinite) && x.count == y.count
                #expect(fit.names == model.parameterNames)
                #expect(fit.parameters.count == fit.names.count)
                #expect(fit.covariance.count == fit.names.count * fit.names.count)
                if !isSound || x.count < fit.names.count { #expect(!fit.hasConverged) }
                let isFinite = fit.chiSquare.isFinite && fit.parameters.allSatisfy(\.isFinite)
                if fit.hasConverged { #expect(isFinite) }
            }
        }
    }

    @Test("A constant shows a peak nothing to begin with, and a line its height")
    func constant() {
        let x = sweep(0, 1, 30)
        let y = x.map { _ in 0.1 }
        for model in [Lorentzian(), Cosine(), Exponential(), ErrorFunctionStep()] as [any FitModel] {
            #expect(
                LeastSquares.fit(model, x: x, y: y).ending == .badData("the data show nothing to begin with"))
        }
        let line = LeastSquares.fit(Line(), x: x, y: y)
        #expect(abs(line["offset"] - 0.1) < 1e-15 && abs(line["slope"]) < 1e-15)
    }

    @Test("The first number that is none is named")
    func named() {
        let fit = LeastSquares.fit(Line(), x: [0, 1, 2], y: [0, 1, .nan])
        #expect(fit.ending == .badData("point 2 is (2.0, nan)"))
        #expect(
            LeastSquares.fit(Line(), x: [0, 1], y: [0, 1], sigma: [1, 0]).ending
                == .badData("the uncertainty of point 1 is 0.0"))
        #expect(LeastSquares.fit(Cosine(), x: [0, 1], y: [0, 1]).ending == .badData("2 points for 4 parameters"))
        #expect(LeastSquares.fit(Line(), x: [0, 1], y: [0]).ending == .badData("2 x for 1 y"))
        #expect(
            LeastSquares.fit(Cosine(), x: sweep(0, 1, 9), y: sweep(0, 1, 9), start: [1, .nan, 1, 1]).ending
                == .badData("the start is not 4 finite numbers"))
    }

    @Test("A parameter that the data do not determine has no uncertainty, the others keep theirs")
    func undetermined() {
        // All at one place: the height is known, the slope is not.
        let line = LeastSquares.fit(Line(), x: [2, 2, 2], y: [1, 1, 1], sigma: [1, 1, 1])
        #expect(line.hasConverged)
        #expect(line.uncertainty(of: "offset").isNaN && line.uncertainty(of: "slope").isNaN)
        // At 0 the slope takes no part at all.
        let height = LeastSquares.fit(Line(), x: [0, 0, 0, 0], y: [1, 1, 2, 0], sigma: [1, 1, 1, 1])
        #expect(height["offset"] == 1 && height.uncertainty(of: "slope").isNaN)
        #expect(abs(height.uncertainty(of: "offset") - 0.5) < 1e-12)
        // An amplitude of 0 leaves the frequency open.
        let flat = LeastSquares.fit(
            Cosine(), x: sweep(0, 1, 20), y: [Double](repeating: 1, count: 20),
            sigma: [Double](repeating: 1, count: 20),
            start: [1, 0, 3, 0.2])
        #expect(flat.uncertainty(of: "frequency").isNaN)
        #expect(flat.uncertainty(of: "offset").isFinite)
    }

    @Test("As many points as parameters are passed through, without an uncertainty of their own")
    func exact() {
        let fit = LeastSquares.fit(Line(), x: [0, 2], y: [1, 5])
        #expect(abs(fit["slope"] - 2) < 1e-14)
        #expect(fit.reducedChiSquare.isNaN && fit.uncertainty(of: "slope").isNaN)
        let known = LeastSquares.fit(Line(), x: [0, 2], y: [1, 5], sigma: [0.1, 0.1])
        #expect(abs(known.uncertainty(of: "slope") - 0.1 / 2.0.squareRoot()) < 1e-12)
    }

    @Test("A search that may not go on says so")
    func limit() {
        var dice = Dice(seed: 5)
        let x = sweep(0, 1, 50)
        let y = dice.noisy(x, 0.1) { Cosine().value($0, [0, 1, 3, 0.4]) }
        let fit = LeastSquares.fit(Cosine(), x: x, y: y, start: [0, 0.3, 2.7, 0], maximumEvaluations: 2)
        guard case .notConverged = fit.ending else {
            Issue.record("\(fit.ending)")
            return
        }
        let isFinite = fit.parameters.allSatisfy(\.isFinite)
        #expect(isFinite)
    }

    @Test("The order of the points is of no importance")
    func order() {
        var dice = Dice(seed: 8)
        let x = sweep(0, 30, 60)
        let y = dice.noisy(x, 0.05) { Exponential().value($0, [0.1, 0.8, 7]) }
        let places = Array(x.indices).shuffled(using: &dice)
        let (one, other) = (
            LeastSquares.fit(Exponential(), x: x, y: y),
            LeastSquares.fit(Exponential(), x: places.map { x[$0] }, y: places.map { y[$0] })
        )
        for k in 0..<3 { #expect(abs(one.parameters[k] / other.parameters[k] - 1) < 1e-8) }
    }

    @Test("Many threads fit at once and find the same")
    func threads() async {
        var dice = Dice(seed: 3)
        let x = sweep(0, 1, 80)
        let y = dice.noisy(x, 0.1) { DampedCosine().value($0, [0, 1, 6, 0.4, 0.7]) }
        let one = LeastSquares.fit(DampedCosine(), x: x, y: y)
        await withTaskGroup(of: Fit.self) { group in
            for _ in 0..<64 { group.addTask { LeastSquares.fit(DampedCosine(), x: x, y: y) } }
            for await fit in group { #expect(fit == one) }
        }
    }

    @Test("Reported uncertainties are the spread of repeated fits")
    func spread() {
        let truth = [0.5, 0.4, 3.2, 0.3]
        let x = sweep(0, 1, 60)
        var (sum, count) = (0.0, 0.0)
        for seed in 0..<400 {
            var dice = Dice(seed: seed)
            let y = dice.noisy(x, 0.05) { Cosine().value($0, truth) }
            let fit = LeastSquares.fit(Cosine(), x: x, y: y)
            for k in 0..<4 {
                let pull = (fit.parameters[k] - truth[k]) / fit.uncertainty(k)
                sum += pull * pull
                count += 1
            }
        }
        // 1600 pulls: their mean square is 1 ± 0.05 (parameters of one fit depend on each other).
        #expect(abs(sum / count - 1) < 0.2)
    }

    @Test("Where a line crosses and a known wave peaks, with uncertainties")
    func derived() {
        let x = sweep(-1, 1, 21)
        let line = LeastSquares.fit(Line(), x: x, y: x.map { 3 * ($0 - 0.25) }, sigma: x.map { _ in 0.1 })
        let crossing = Line.crossing(line)
        #expect(abs(crossing.x - 0.25) < 1e-12)
        // σ/(slope) · √(1/n + (x−x̄)²/Σ(x−x̄)²)
        #expect(abs(crossing.uncertainty - 0.1 / 3 * (1 / 21.0 + 0.0625 / 7.7).squareRoot()) < 1e-10)
        let wave = CosineKnownPeriod(period: 8)
        let places = sweep(0, 7, 8)
        let y = places.map { Cosine().value($0, [1, 2, 1 / 8, -2 * .pi / 8 * 1.5]) }
        let peak = wave.peak(LeastSquares.fit(wave, x: places, y: y, sigma: places.map { _ in 0.1 }))
        #expect(abs(peak.amplitude - 2) < 1e-12 && abs(peak.x - 1.5) < 1e-12)
        #expect(abs(peak.amplitudeUncertainty - 0.05) < 1e-9)
    }
}
