import BellModel
import Foundation
import Testing
import TestSupport

@testable import BellStatistics

/// f(abxy) = ¼ (1 + E_xy s(a) s(b)) / 4 with uniform marginals and settings.
func correlated(_ e: [Double]) -> [Double] {
    (0..<16).map { c in (1 + e[c >> 2] * ((c >> 1 & 1) == (c & 1) ? 1 : -1)) / 16 }
}

/// A random law of 16 cells, sometimes with cells that are almost empty.
func randomLaw(_ random: inout SplitMix, spread: Double) -> [Double] {
    let weights = (0..<16).map { _ in -log(unit(&random)) * exp(spread * (unit(&random) - 1)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}

/// In 0..<1, never 0.
func unit(_ random: inout SplitMix) -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }

@Suite struct RatioFitTests {
    @Test("Extreme settings laws have biases of exactly μ, given either bit")
    func laws() {
        for mu in [0.001, 0.1, 0.49] {
            for (settings, count) in [(SettingDependence.eitherOrder, 12), (.independent, 4)] {
                let laws = settings.extremeLaws(model(mu))
                #expect(laws.count == count && Set(laws).count == count)
                for law in laws {
                    #expect(close(law.reduce(0, +), 1, 1e-15) && law.count == 4)
                    // One of the orders has all three biases ±μ.
                    let (x0, y0) = (law[0] + law[1], law[0] + law[2])
                    let first = [x0, law[0] / x0, law[2] / (1 - x0)].allSatisfy { close(abs($0 - 0.5), mu, 1e-12) }
                    let second = [y0, law[0] / y0, law[1] / (1 - y0)].allSatisfy { close(abs($0 - 0.5), mu, 1e-12) }
                    #expect(settings == .independent ? first && second : first || second)
                }
                #expect(close(laws.joined().reduce(1, min), model(mu).leastPair, 1e-15))
            }
        }
        #expect(SettingDependence.eitherOrder.extremeLaws(.uniform) == [[0.25, 0.25, 0.25, 0.25]])
    }

    @Test(
        "For symmetric data the bet is that of the win count, q/β and (1 − q)/(1 − β)", arguments: CHSHPattern.allCases)
    func symmetric(pattern: CHSHPattern) throws {
        for (mu, s) in [(0, 2.0747), (0, 2.24), (0.0005, 2.4), (0.01, 2.8), (0.1, 2.8)] {
            let law = correlated((0..<4).map { Double(pattern.sign(x: $0 >> 1, y: $0 & 1)) * s / 4 })
            for settings in SettingDependence.allCases {
                let fit = try #require(RatioFit(law: law, model: model(mu), settings: settings))
                let (q, l, delta) = (0.5 + s / 8, model(mu).leastPair, RatioFit.leastFactor)
                let win = (1 - delta) * q / (1 - l) + delta
                let loss = (1 - delta) * (1 - q) / l + delta
                for c in 0..<16 {
                    let wins = pattern.wins(x: c >> 3, y: c >> 2 & 1, a: c >> 1 & 1, b: c & 1)
                    #expect(close(fit.factors[c], wins ? win : loss, 1e-8))
                }
                #expect(close(fit.rate, q * log2(win) + (1 - q) * log2(loss), 1e-10) && fit.isOptimal)
            }
        }
    }

    // The rates by expectation maximisation in numpy, 10³ and 4·10⁵ steps; for μ = 0.01 it still is 5e-11 too high.
    @Test("Table 1's counts have the known rate", arguments: [(0, 0.0133319314569713), (0.01, 0.0090610724395)])
    func known(mu: Double, rate: Double) throws {
        let fit = try #require(RatioFit(law: table1Counts.map { Double($0) / 3016 }, model: model(mu)))
        // Mixing in R = 1 costs δ²/2 times the variance of 1/R.
        #expect(fit.rate < rate && fit.rate > rate - 1e-7)
        #expect(fit.isOptimal && fit.gap >= 0 && fit.gap < 2e-11)
    }

    @Test(
        "No strategy and no settings law gains from any bet, and losing trials never helps",
        arguments: [0, 1e-6, 0.01, 0.3, 0.499])
    func validity(mu: Double) throws {
        var random = SplitMix(seed: 11)
        // Written out once more, so that the fit is not judged by its own list.
        let (low, high) = (0.5 - mu, 0.5 + mu)
        for round in 0..<120 {
            let law = randomLaw(&random, spread: round % 3 == 0 ? 20 : 0)
            let fit = try #require(RatioFit(law: law, model: model(mu)))
            #expect(fit.isOptimal && fit.rate >= 0, "seed 11, round \(round): gap \(fit.gap), rate \(fit.rate)")
            #expect(fit.lossFactor > 0 && fit.factors.allSatisfy { $0 >= fit.lossFactor && $0.isFinite })
            var most = 0.0
            for strategy in 0..<16 {
                let r = (0..<4).map { pair in
                    let a = pair < 2 ? strategy & 1 : strategy >> 1 & 1
                    let b = pair & 1 == 0 ? strategy >> 2 & 1 : strategy >> 3 & 1
                    return fit.factors[4 * pair + 2 * a + b]
                }
                for choice in 0..<8 {
                    let p = choice & 1 == 0 ? low : high
                    let q0 = choice & 2 == 0 ? low : high
                    let q1 = choice & 4 == 0 ? low : high
                    let alice = p * (q0 * r[0] + (1 - q0) * r[1]) + (1 - p) * (q1 * r[2] + (1 - q1) * r[3])
                    let bob = p * (q0 * r[0] + (1 - q0) * r[2]) + (1 - p) * (q1 * r[1] + (1 - q1) * r[3])
                    most = max(most, alice, bob)
                }
            }
            #expect(most <= 1 + 1e-15 && most > 1 - 1e-12, "seed 11, round \(round)")
        }
    }

    @Test(
        "Nothing is bet on a local law",
        arguments: [[0.5, 0.5, 0.5, -0.5], [0, 0, 0, 0], [1, 1, 1, 1], [0.4, 0.5, 0.6, -0.3]])
    func local(e: [Double]) throws {
        // Deterministic cells are 0, which no law may have.
        let law = correlated(e).map { ($0 + 1e-9) / (1 + 16e-9) }
        let fit = try #require(RatioFit(law: law, model: .uniform))
        #expect(fit.factors == [Double](repeating: 1, count: 16) && fit.rate == 0 && fit.lossFactor == 1)
    }

    @Test("A larger bias leaves less to win, and independent bits leave more")
    func order() throws {
        let law = correlated([0.7, 0.6, 0.65, -0.6])
        var last = Double.infinity
        for mu in [0, 0.001, 0.01, 0.05, 0.1] {
            let either = try #require(RatioFit(law: law, model: model(mu)))
            let independent = try #require(RatioFit(law: law, model: model(mu), settings: .independent))
            #expect(either.rate < last && independent.rate >= either.rate - 1e-9)
            last = either.rate
        }
    }

    @Test("What is no law is refused")
    func refused() {
        let uniform = [Double](repeating: 1.0 / 16, count: 16)
        #expect(RatioFit(law: uniform, model: .uniform) != nil)
        for bad in [0, -0.1, .nan, .infinity, 1e-300] {
            #expect(RatioFit(law: [bad] + uniform.dropFirst(), model: .uniform) == nil)
        }
        #expect(RatioFit(law: uniform.map { 2 * $0 }, model: .uniform) == nil)
        #expect(RatioFit(law: [0.5, 0.5], model: .uniform) == nil)
    }

    @Test("The portable logarithm is the logarithm")
    func logarithm() {
        var random = SplitMix(seed: 3)
        for _ in 0..<20_000 {
            let x = exp(80 * (unit(&random) - 0.5))
            #expect(abs(portableLog2(x) - log2(x)) <= 5e-16 * max(1, abs(log2(x))))
            let near = 1 + 1e-6 * (unit(&random) - 0.5)
            #expect(close(portableLog2(near) * 1e6, log2(near) * 1e6, 1e-9))
        }
        for e in [-300, -1, 0, 1, 52] { #expect(portableLog2(scalbn(1, e)) == Double(e)) }
    }
}
