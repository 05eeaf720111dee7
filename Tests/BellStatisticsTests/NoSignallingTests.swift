import BellModel
import Foundation
import Testing

@testable import BellStatistics

@Suite struct NoSignallingTests {
    // scipy 1.17 on the counts of Table 1 of Pironio 2010.
    @Test("Table 1 gives the known four tests")
    func table1Tests() throws {
        let tests = NoSignallingTest.all(table1)
        let expected: [(String, [UInt64], Double, Double, Double)] = [
            ("a|x=0", [387, 365, 368, 383], 0.9106358426964385, 0.3399457672234905, 0.35326278980672926),
            ("a|x=1", [352, 355, 408, 398], 0.10441557024877443, 0.7465937757247744, 0.7573694291746519),
            ("b|y=0", [363, 389, 347, 360], 0.0955477717136874, 0.7572393541287744, 0.7933198030593532),
            ("b|y=1", [372, 379, 377, 429], 1.1860784500083765, 0.2761220089451262, 0.2866786326432366),
        ]
        #expect(tests.map(\.name) == expected.map(\.0))
        for (test, e) in zip(tests, expected) {
            #expect(test.table.first + test.table.second == e.1)
            #expect(close(try #require(test.table.chiSquare), e.2, 1e-12))
            #expect(close(test.table.log10PChiSquare, log10(e.3), 1e-12))
            #expect(close(test.log10P, log10(e.4), 1e-11))
            #expect(test.log10PAdjusted == 0)
        }
    }

    // scipy fisher_exact; the last three by mpmath, 40 digits.
    @Test(
        "Fisher's test is right, also at 2^28 trials and at log10 p = −10^6",
        arguments: [
            ([8, 2, 1, 5], log10(0.034965034965034975)), ([0, 5, 5, 0], log10(0.007936507936507938)),
            ([1, 0, 0, 1], 0), ([3, 0, 0, 0], 0), ([0, 0, 0, 0], 0), ([12, 5, 29, 2], log10(0.08026855207410463)),
            ([190, 800, 200, 900], log10(0.5741118581260882)), ([1000, 1200, 1100, 1000], -5.20473421019442),
            ([5000, 7000, 7000, 5000], -146.80694547107),
            ([33_554_432 + 20_000, 33_554_432 - 20_000, 33_554_432, 33_554_432], -3.25537623082142),
            ([33_554_432, 33_554_432, 33_550_000, 33_558_864], -0.352315996226102),
            ([134_217_728, 134_217_728, 134_217_728, 134_217_728], 0),
            ([40_000_000, 27_108_864, 27_108_864, 40_000_000], -1082158.31259014),
        ] as [([UInt64], Double)])
    func fisher(cells: [UInt64], expected: Double) {
        let table = ContingencyTable(cells[0], cells[1], cells[2], cells[3])
        #expect(close(table.log10PFisher, expected, 1e-8))
        // Swapping rows or columns, or transposing, changes nothing.
        for other in [[2, 3, 0, 1], [1, 0, 3, 2], [0, 2, 1, 3]] {
            let swapped = ContingencyTable(cells[other[0]], cells[other[1]], cells[other[2]], cells[other[3]])
            #expect(close(swapped.log10PFisher, expected, 1e-8))
        }
    }

    @Test("Fisher's p-value equals the sum over all tables")
    func bruteForce() {
        for (a, b, c, d) in [(3, 7, 9, 2), (0, 4, 6, 1), (5, 5, 5, 5), (1, 9, 0, 3)] as [(Int, Int, Int, Int)] {
            let (r1, r2, c1) = (a + b, c + d, a + c)
            func choose(_ n: Int, _ k: Int) -> Double {
                (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) }
            }
            let weights = (max(0, c1 - r2)...min(r1, c1)).map { (k: $0, w: choose(r1, $0) * choose(r2, c1 - $0)) }
            let observed = weights.first { $0.k == a }?.w ?? 0
            let total = weights.reduce(0) { $0 + $1.w }
            let sum = weights.filter { $0.w <= observed * (1 + 1e-7) }.reduce(0) { $0 + $1.w }
            let table = ContingencyTable(UInt64(a), UInt64(b), UInt64(c), UInt64(d))
            #expect(close(table.log10PFisher, log10(sum / total), 1e-12))
        }
    }

    @Test("A signalling device is found out")
    func signalling() {
        // b copies x: b is 0 in all of x = 0 and 1 in all of x = 1.
        var counts = [UInt64](repeating: 0, count: 16)
        for y in 0...1 {
            for a in 0...1 {
                counts[4 * y + 2 * a] = 1000
                counts[8 + 4 * y + 2 * a + 1] = 1000
            }
        }
        let tests = NoSignallingTest.all(TrialTally(counts: counts) ?? TrialTally())
        #expect(tests[0].log10PAdjusted == 0 && tests[1].log10PAdjusted == 0)
        #expect(tests[2].log10PAdjusted < -500 && tests[3].log10PAdjusted < -500)
    }

    @Test("Settings are tested against the declared bias, not against uniformity")
    func settings() throws {
        // 4.5e8 valid trials with a bias of 2e-4: 8.5 standard deviations from uniform, inside μ = 1e-3.
        let n: UInt64 = 450_000_000
        let x1 = n / 2 + 90_000
        let counts: [UInt64] = [
            n / 2 - 90_000, 0, 0, 0, 0, 0, 0, 0, x1 / 2, 0, 0, 0, x1 - x1 / 2, 0, 0, 0,
        ]
        var spread = counts
        spread[0] = counts[0] / 2
        spread[4] = counts[0] - counts[0] / 2
        let tally = try #require(TrialTally(counts: spread))
        let uniform = SettingTest.all(tally, model: .uniform)
        let declared = SettingTest.all(tally, model: model(1e-3))
        #expect(uniform.map(\.name) == ["x", "y", "x⊕y"])
        #expect(uniform[0].ones == x1 && uniform[0].trials == n)
        #expect(uniform[0].log10PAdjusted < -15)
        #expect(declared.allSatisfy { $0.log10P == 0 })
        #expect(close(try #require(uniform[0].frequency), 0.5 + 2e-4, 1e-12))
        #expect(SettingTest.all(TrialTally(), model: .uniform).allSatisfy { $0.log10P == 0 && $0.frequency == nil })
    }

    @Test("A parity that is fixed is found although each bit alone looks fair")
    func parity() throws {
        var counts = [UInt64](repeating: 0, count: 16)
        counts[0] = 1000
        counts[12] = 1000
        let tests = SettingTest.all(try #require(TrialTally(counts: counts)), model: model(0.01))
        #expect(tests[0].log10P == 0 && tests[1].log10P == 0 && tests[2].log10PAdjusted < -500)
    }
}
