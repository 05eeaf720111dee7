import Foundation
import Testing

@testable import BellStatistics

@Suite struct SpecialFunctionTests {
    // mpmath, 50 digits: log(erfc(z)).
    @Test(
        "ln erfc is right on both sides of z = 20 and far beyond underflow",
        arguments: [
            (0.5, -0.7350111298370844), (5, -27.200889545537434), (19.9, -399.57434330827493),
            (20.1, -407.58431854520046), (100, -10005.177585122664), (1000, -1000007.4801207219),
        ])
    func errorFunction(z: Double, expected: Double) {
        #expect(close(logErfc(z), expected, 1e-12))
    }

    // mpmath, 30 digits: log(betainc(a, b, 0, x, regularized=True)) and log of its complement.
    @Test(
        "Both tails of the incomplete beta function are right",
        arguments: [
            (0.5, 0.5, 0.75, -0.4054651081081644, -1.09861228866811),
            (2.5, 3.5, 0.3, -1.21485517209519, -0.3520470823082528),
            (100, 50, 0.6, -3.113973225007328, -0.04544108076999554),
        ])
    func beta(a: Double, b: Double, x: Double, lower: Double, upper: Double) {
        let value = IncompleteBeta(a: a, b: b, x: x, y: 1 - x)
        #expect(close(value.logLower, lower, 1e-13))
        #expect(close(value.logUpper, upper, 1e-13))
    }

    @Test("The incomplete beta function is symmetric and grows with x")
    func betaSymmetry() {
        for (a, b) in [(0.5, 7.5), (3, 4), (1e3, 2e3), (1e6, 3e5)] {
            var last = -Double.infinity
            for step in 1..<20 {
                let x = Double(step) / 20
                let one = IncompleteBeta(a: a, b: b, x: x, y: 1 - x)
                let other = IncompleteBeta(a: b, b: a, x: 1 - x, y: x)
                #expect(close(one.logLower, other.logUpper, 1e-9))
                #expect(one.logLower >= last)
                last = one.logLower
            }
        }
    }

    @Test("Stirling's error joins smoothly at 16 and matches lgamma")
    func stirling() {
        #expect(close(stirlingError(15.999_999_9), stirlingError(16), 1e-10))
        #expect(close(stirlingError(16), 0.005_207_655_919_609_64, 1e-15))  // mpmath
        #expect(close(stirlingError(1e9), 1 / 12e9, 1e-20))
    }

    @Test("Binomial probabilities sum to one and have exact ends")
    func binomial() {
        for (n, p) in [(1, 0.75), (10, 0.3), (1000, 0.75)] {
            let sum = (0...n).reduce(0.0) { $0 + exp(logBinomial(Double($1), of: Double(n), p: p, q: 1 - p)) }
            #expect(close(sum, 1, 1e-12))
        }
        #expect(close(logBinomial(5, of: 5, p: 0.75, q: 0.25), 5 * log(0.75), 1e-15))
        #expect(logBinomial(6, of: 5, p: 0.75, q: 0.25) == -Double.infinity)
    }

    // mpmath, 50 digits: log10 of the sum of binomial terms.
    @Test(
        "The binomial tail is right from the mean to log10 p = −33 million",
        arguments: [
            (245, 196, -1.40807132347817), (10, 8, -0.279350589460443), (1000, 750, -0.28652075886628),
            (268_435_456, 201_336_592, -1.10047765161297), (100_000_000, 90_000_000, -3146915.75768581),
            (268_435_456, 268_434_456, -33532602.6203365), (16_777_216, 16_777_216, -2096124.17084456),
        ] as [(UInt64, UInt64, Double)])
    func tail(n: UInt64, k: UInt64, expected: Double) {
        #expect(close(Binomial.logUpperTail(successes: k, trials: n, p: 0.75, q: 0.25) / log(10), expected, 2e-12))
    }

    @Test("The binomial tail has its boundary values and never traps")
    func tailBoundaries() {
        #expect(Binomial.logUpperTail(successes: 0, trials: 0, p: 0.75, q: 0.25) == 0)
        #expect(Binomial.logUpperTail(successes: 0, trials: .max, p: 0.75, q: 0.25) == 0)
        #expect(Binomial.logUpperTail(successes: 2, trials: 1, p: 0.75, q: 0.25) == -.infinity)
        #expect(Binomial.logUpperTail(successes: 1, trials: 1, p: 1, q: 0) == 0)
        #expect(close(Binomial.logUpperTail(successes: 1, trials: 1, p: 0.75, q: 0.25), log(0.75), 1e-14))
        let huge = Binomial.logUpperTail(successes: .max, trials: .max, p: 0.75, q: 0.25)
        #expect(huge < -1e18 && huge.isFinite)
    }

    @Test("Beyond 2^48 trials the Chernoff bound stands in, and lies above the exact tail")
    func chernoff() {
        let n = WinCount.mostTrials
        let k = n / 100 * 75 + 30_000_000
        let exact = Binomial.logUpperTail(successes: k, trials: n, p: 0.75, q: 0.25)
        let bound = Binomial.logUpperTail(successes: k + 1, trials: n + 1, p: 0.75, q: 0.25)
        #expect(bound > exact && bound < 0)
    }

    @Test("A 3×3 matrix has the largest eigenvalue that is known")
    func eigenvalue() {
        var diagonal = SymmetricMatrix3(xx: 1, yy: 5, zz: -7, xy: 0, xz: 0, yz: 0)
        #expect(diagonal.largestEigenvalue() == 5)
        var ones = SymmetricMatrix3(xx: 1, yy: 1, zz: 1, xy: 1, xz: 1, yz: 1)
        #expect(close(ones.largestEigenvalue(), 3, 1e-15))
        var chain = SymmetricMatrix3(xx: 2, yy: 2, zz: 2, xy: -1, xz: 0, yz: -1)
        #expect(close(chain.largestEigenvalue(), 2 + 2.0.squareRoot(), 1e-15))
    }
}
