import BellFit
import Foundation
import Testing

/// Fits that begin by themselves find the truth: 500 seeds each, amplitude 5 times a point's noise.
@Suite struct StartTests {
    private static let seeds = 500
    private static let noise = 0.2

    /// How many of 500 fits end within 6 standard uncertainties of the truth, or 3 % of the amplitude beside it.
    private func found<Model: FitModel>(
        _ places: [Double], _ make: (inout Dice) -> (model: Model, truth: [Double])
    ) -> Double {
        var count = 0
        for seed in 0..<StartTests.seeds {
            var dice = Dice(seed: seed)
            let (model, truth) = make(&dice)
            let y = dice.noisy(places, StartTests.noise) { model.value($0, truth) }
            let sigma = [Double](repeating: StartTests.noise, count: y.count)
            let fit = LeastSquares.fit(model, x: places, y: y, sigma: sigma)
            let free = Double(fit.degreesOfFreedom)
            // A wrong minimum leaves a large part of the signal, whose χ² is 12 a point.
            let isFound =
                fit.hasConverged && abs(fit.chiSquare - free) < 6 * (2 * free).squareRoot()
                && truth.indices.allSatisfy { k in
                    var distance = abs(fit.parameters[k] - truth[k])
                    if fit.names[k] == "phase" { distance = abs(remainder(distance, 2 * .pi)) }
                    return distance < 6 * fit.uncertainty(k)
                }
            if isFound { count += 1 }
        }
        return Double(count) / Double(StartTests.seeds)
    }

    @Test("Sinusoids of any frequency and phase")
    func cosine() {
        let share = found(sweep(0, 2, 101)) { dice in
            (Cosine(), [dice.uniform(-3..<3), 1, dice.uniform(0.4..<23), dice.uniform(-3.1..<3.1)])
        }
        #expect(share >= 0.99)
    }

    @Test("Sinusoids at places without order or spacing")
    func scattered() {
        var dice = Dice(seed: 77)
        let places = (0..<90).map { _ in dice.uniform(-1..<4) }
        let share = found(places) { dice in
            (Cosine(), [dice.uniform(-3..<3), 1, dice.uniform(0.2..<8), dice.uniform(-3.1..<3.1)])
        }
        #expect(share >= 0.99)
    }

    @Test("Damped oscillations", arguments: [DampedCosine.Envelope.exponential, .gaussian])
    func damped(_ envelope: DampedCosine.Envelope) {
        let share = found(sweep(0, 20_000, 101)) { dice in
            let tau = dice.uniform(5000..<25_000)
            return (
                DampedCosine(envelope),
                [dice.uniform(0..<1), 1, dice.uniform(1.5e-4..<2e-3), dice.uniform(-3.1..<3.1), tau]
            )
        }
        #expect(share >= 0.99)
    }

    @Test("Decays")
    func decays() {
        let exponential = found(sweep(0, 100, 61)) { dice in
            (Exponential(), [dice.uniform(-1..<1), dice.uniform() < 0.5 ? 1 : -1, dice.uniform(8..<50)])
        }
        #expect(exponential >= 0.99)
        let step = found(sweep(-20, 80, 61)) { dice in
            (SaturatingStep(), [dice.uniform(-1..<1), dice.uniform() < 0.5 ? 1 : -1, dice.uniform(6..<30)])
        }
        #expect(step >= 0.99)
        let power = found((0..<60).map { Double($0 * 8 + 1) }) { dice in
            (PowerDecay(), [dice.uniform(0..<1), 1, 1 - dice.uniform(0.005..<0.03)])
        }
        #expect(power >= 0.99)
    }

    @Test("Peaks and dips")
    func peaks() {
        let lorentzian = found(sweep(-20, 20, 101)) { dice in
            (
                Lorentzian(),
                [dice.uniform(-1..<1), dice.uniform() < 0.5 ? 1 : -1, dice.uniform(-15..<15), dice.uniform(1.5..<8)]
            )
        }
        #expect(lorentzian >= 0.99)
        let gaussian = found(sweep(-20, 20, 101)) { dice in
            (
                GaussianPeak(),
                [dice.uniform(-1..<1), dice.uniform() < 0.5 ? 1 : -1, dice.uniform(-15..<15), dice.uniform(0.8..<5)]
            )
        }
        #expect(gaussian >= 0.99)
    }

    @Test("Edges")
    func edges() {
        let share = found(sweep(-50, 50, 101)) { dice in
            (
                ErrorFunctionStep(),
                [dice.uniform(-1..<1), dice.uniform() < 0.5 ? 1 : -1, dice.uniform(-30..<30), dice.uniform(3..<12)]
            )
        }
        #expect(share >= 0.99)
    }

    @Test("Two resonances")
    func twoPeaks() {
        let share = found(sweep(-30, 30, 121)) { dice in
            (
                TwoLorentzians(),
                [
                    dice.uniform(-1..<1), 1, dice.uniform(-20 ..< -5), dice.uniform(2..<5),
                    1, dice.uniform(5..<20), dice.uniform(2..<5),
                ]
            )
        }
        #expect(share >= 0.99)
    }

    @Test("Small errors of rotation, amplified")
    func amplified() {
        let pulses = stride(from: 1, to: 60, by: 2).map { (n: Int) -> Double in n % 4 == 1 ? Double(n) : -Double(n) }
        let share = found(pulses) { dice in
            (LinearInSin(contrast: 1), [dice.uniform(-1..<1), dice.uniform(-0.06..<0.06)])
        }
        #expect(share >= 0.99)
    }

    @Test("A resonator's circle, with any phase of the cables", arguments: [true, false])
    func resonator(_ hasBackground: Bool) {
        var count = 0
        let frequencies = sweep(-10, 10, 81)
        for seed in 0..<StartTests.seeds {
            var dice = Dice(seed: seed)
            let model = ResonatorResponse(frequencies: frequencies, hasBackground: hasBackground)
            let phase = dice.uniform(-3.1..<3.1)
            let truth =
                [dice.uniform(-7..<7), dice.uniform(0.8..<5), cos(phase), sin(phase)]
                + (hasBackground ? [dice.uniform(-2..<2), dice.uniform(-2..<2)] : [])
            let clean = frequencies.map { model.response(at: $0, truth) }
            let fit = model.fit(
                i: clean.map { $0.i + 0.2 * dice.normal() }, q: clean.map { $0.q + 0.2 * dice.normal() },
                sigma: frequencies.map { _ in 0.2 })
            if fit.hasConverged,
                truth.indices.allSatisfy({ abs(fit.parameters[$0] - truth[$0]) < 6 * fit.uncertainty($0) })
            {
                count += 1
            }
        }
        #expect(count >= 495)
    }
}
