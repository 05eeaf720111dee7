import BellModel
import Foundation
import Testing

@testable import BellStatistics

/// Î = 2.414, δ = 1 %, as in Pironio et al., Nature 464, 1021 (2010).
private func expansion(_ n: UInt64, _ settings: ExpansionSettings) throws -> Expansion {
    try #require(Expansion(trials: n, settings: settings, estimate: 2.414, delta: 0.01))
}

@Suite struct ExpansionTests {
    // n f(Î − ε) computed apart with numpy and scipy from the 3×3 eigenproblem.
    @Test(
        "Uniform settings",
        arguments: [
            (3016, 0.3773486931376004, 44.33116055341089), (10_000, 0.2072328114023856, 1006.870443811584),
            (100_000, 0.0655327689951651, 19479.089366059903), (1_000_000, 0.02072328114023856, 229942.12996773337),
            (100_000_000, 0.002072328114023856, 24550061.233876355),
        ] as [(UInt64, Double, Double)])
    func uniform(n: UInt64, epsilon: Double, bits: Double) throws {
        let e = try expansion(n, .uniform)
        #expect(close(e.bound.epsilon(), epsilon, 1e-13) && abs(e.produced() / bits - 1) < 2e-5)
        #expect(e.consumed == 2 * Double(n) && e.net() < 0)
    }

    @Test(
        "The joint law with α = 11: produced by either inequality, and consumed",
        arguments: [
            (3016, 0.4321987881477476, 0, 189.23432786013583, 5799.2258670373285),
            (10_000, 0.3617344827579642, 214.5694466705728, 627.4347740720684, 14379.639980177093),
            (100_000, 0.3030404034040508, 4895.638464983979, 6274.347740720685, 64805.004875451246),
            (1_000_000, 0.2844797058115477, 58310.855186483815, 62743.47740720685, 261524.2403929508),
            (100_000_000, 0.276754228116906, 6229717.396928398, 6274347.740720685, 3718635.6016138075),
        ] as [(UInt64, Double, Double, Double, Double)])
    func joint(n: UInt64, epsilon: Double, azuma: Double, hoeffding: Double, consumed: Double) throws {
        let e = try expansion(n, .joint(alpha: 11))
        #expect(close(e.bound.epsilon(), epsilon, 1e-13) && close(e.consumed, consumed, 1e-11))
        #expect(abs(e.produced() - azuma) <= 2e-5 * azuma)
        #expect(abs(e.produced(.exact, .hoeffding) - hoeffding) <= 2e-5 * hoeffding)
        #expect((e.net() > 0) == (n == 100_000_000))
    }

    @Test(
        "Two separated nodes: the least pair is γ², a trial consumes 2h(γ)",
        arguments: [
            (100_000_000, 0.05, 0.12225255676132743, 15428726.12150539, 57279391.42319125),
            (10_000_000_000, 0.01, 0.30357126451808086, 486934492.9727532, 1615862717.9182236),
        ] as [(UInt64, Double, Double, Double, Double)])
    func product(n: UInt64, gamma: Double, epsilon: Double, bits: Double, consumed: Double) throws {
        let e = try expansion(n, .product(gamma: gamma))
        #expect(close(e.bound.leastPair, gamma * gamma, 1e-15) && close(e.bound.epsilon(), epsilon, 1e-13))
        #expect(abs(e.produced() / bits - 1) < 2e-5 && close(e.consumed, consumed, 1e-12))
        #expect(close(e.net(), e.produced() - consumed, 1e-9))
    }

    @Test("γ = ½ and q = ¼ are uniform settings")
    func uniformLimits() throws {
        let uniform = try expansion(10_000, .uniform)
        for settings in [ExpansionSettings.product(gamma: 0.5), .joint(alpha: 25)] {
            let e = try expansion(10_000, settings)
            #expect(e.bound == uniform.bound && close(e.consumed, uniform.consumed, 1e-14))
        }
    }

    @Test("Below the least α no number of trials gives a bit, above it enough do")
    func leastAlpha() throws {
        let least = try #require(Expansion.leastAlpha(estimate: 2.414, delta: 0.01))
        #expect(close(least, 7.330565842440321, 1e-12))
        for concentration in PironioBound.Concentration.allCases {
            func produced(_ n: UInt64, _ alpha: Double) throws -> Double {
                try expansion(n, .joint(alpha: alpha)).produced(.analytic, concentration)
            }
            for exponent in stride(from: 10, through: 48, by: 2) {
                #expect(try produced(1 << UInt64(exponent), 0.9999 * least) == 0)
            }
            #expect(try produced(1 << 48, 1.0001 * least) > 0)
        }
        #expect(Expansion.leastAlpha(estimate: 2, delta: 0.01) == nil)
        #expect(Expansion.leastAlpha(estimate: .nan, delta: 0.01) == nil)
        #expect(Expansion.leastAlpha(estimate: 2.4, delta: 0) == nil)
    }

    @Test("The figure leaves out impossible numbers of trials and its net grows to a gain")
    func figure() throws {
        let trials: [UInt64] = [1, 1935, 1936, 10_000, 1_000_000, 100_000_000, 1 << 49]
        let points = Expansion.figure3(
            trials: trials, settings: .joint(alpha: 11), estimate: 2.414, delta: 0.01, curve: .analytic)
        // q = 11/√n ≤ ¼ from n = 1936 on.
        #expect(points.map(\.trials) == [1936, 10_000, 1_000_000, 100_000_000])
        #expect(points.first?.produced == 0 && (points.last?.net ?? -1) > 0)
        let e = try expansion(10_000, .joint(alpha: 11))
        #expect(points[1].produced == e.produced(.analytic) && points[1].net == e.net(.analytic))
    }

    @Test("Impossible arguments give nil")
    func refused() {
        func make(
            _ settings: ExpansionSettings = .uniform, n: UInt64 = 10_000, estimate: Double = 2.4, delta: Double = 0.1
        ) -> Expansion? { Expansion(trials: n, settings: settings, estimate: estimate, delta: delta) }
        #expect(make() != nil)
        #expect(make(n: 0) == nil && make(n: 1 << 48 + 1) == nil)
        for bad in [4.1, -4.1, Double.nan, .infinity] { #expect(make(estimate: bad) == nil) }
        for bad in [0, 1, -1, Double.nan] { #expect(make(delta: bad) == nil) }
        for bad in [0, -1, 25.1, .nan, .infinity] as [Double] { #expect(make(.joint(alpha: bad)) == nil) }
        for bad in [0, -0.1, 0.51, .nan] as [Double] { #expect(make(.product(gamma: bad)) == nil) }
    }
}
