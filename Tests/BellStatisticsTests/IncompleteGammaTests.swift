import BellStatistics
import Glibc
import Testing

@Suite struct IncompleteGammaTests {
    /// a, x, ln P, ln Q by the finite sums of DLMF 8.4.10 and 8.8.10 with 80 digits (mpmath 1.3).
    static let table: [(Double, Double, Double, Double)] = [
        (0.5, 1e-06, -6.7869733746801807, -0.0011290158896213548),
        (0.5, 30, -9.4857375710738934e-15, -32.288987032704742),
        (1, 0.001, -6.9082552373154707, -0.001),
        (1, 2, -0.14541345786885906, -2.0),
        (2.5, 2.5, -0.53764915794192458, -0.87735807223433287),
        (2.5, 300, 0.0, -291.72401333888914),
        (3, 4, -0.27194430407872769, -1.4350506425384633),
        (4, 3.999, -0.56857040642471834, -0.83548175263482738),
        (4, 60, -3.3153025398645296e-22, -49.458323162484608),
        (4.5, 21.3, -2.552283638210672e-6, -12.87852333129978),
        (64.5, 40, -8.4091385001378622, -0.00022284656360070807),
        (64.5, 64.5, -0.66056495789076354, -0.7268268624781956),
        (64.5, 65.5, -0.56975624977829823, -0.83393524485795265),
        (512, 512, -0.68146164649887814, -0.7049708824834008),
        (512, 700, -3.7126088635588172e-14, -30.92445647470024),
        (3906, 3906, -0.68890068315393858, -0.69741178763616881),
        (3906, 4200.5, -2.0725150839935824e-6, -13.086748708057441),
        (3906, 3600, -15.194053695961056, -2.5194536714352347e-7),
        (8192, 8191, -0.69904176139565106, -0.68728714229293674),
        (16384, 16384, -0.69107151117134241, -0.69522716731493755),
        (16384, 17500, -7.2612223766897665e-18, -39.463983487784127),
        (16384, 15500, -27.61253248775495, -1.0186606010727106e-12),
    ]

    @Test("Both tails equal values with 80 digits, near the mean and far from it", arguments: table)
    func values(a: Double, x: Double, logLower: Double, logUpper: Double) {
        let gamma = IncompleteGamma(a: a, x: x)
        // A logarithm's own error is that of its argument, relative.
        #expect(abs(gamma.logLower - logLower) < 2e-12, "ln P(\(a), \(x))")
        #expect(abs(gamma.logUpper - logUpper) < 2e-12, "ln Q(\(a), \(x))")
        #expect(abs(gamma.lower + gamma.upper - 1) < 1e-14)
    }

    @Test("Whole a is a Poisson sum: Q(3, x) = e⁻ˣ (1 + x + x²/2)", arguments: [0.1, 1, 3, 4, 10, 50])
    func poisson(x: Double) {
        let logarithm = log1p(x + x * x / 2) - x
        #expect(abs(IncompleteGamma(a: 3, x: x).logUpper - logarithm) < 1e-13 * max(1, x))
    }

    @Test("Both ends are exact")
    func ends() {
        #expect(IncompleteGamma(a: 2, x: 0).upper == 1)
        #expect(IncompleteGamma(a: 2, x: -1).upper == 1)
        #expect(IncompleteGamma(a: 2, x: .infinity).upper == 0)
        #expect(IncompleteGamma(a: 2, x: 1e6).logUpper < -9e5)
    }
}
