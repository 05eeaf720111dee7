import Foundation
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct SP80022RuleTests {
    /// Streams whose p-values are `value(test, stream)`.
    private func results(streams: Int, _ value: (Int, Int) -> Double?) -> SP80022Results {
        var results = SP80022Results(.standard)
        for stream in 0..<streams { results.add((0..<188).map { value($0, stream) }) }
        return results
    }

    /// Uniform, seeded.
    private func uniform(streams: Int, seed: UInt64) -> SP80022Results {
        var numbers = SplitMix(seed: seed)
        return results(streams: streams) { _, _ in numbers.uniform() }
    }

    @Test("Uniform p-values of 55 streams show no defect, in 200 of 200 cases")
    func uniformPasses() {
        for seed in 0..<200 as Range<UInt64> {
            let report = uniform(streams: 55, seed: seed).report(bits: 55_000_000)
            #expect(report.verdict == .passed, "seed \(seed): \(report.words)")
        }
    }

    @Test("One test with ten times too many failing streams is a defect, and only its line says so")
    func proportion() {
        var numbers = SplitMix(seed: 1)
        let report = results(streams: 100) { test, stream in
            test == 7 && stream % 8 == 0 ? 0.005 : numbers.uniform()
        }.report(bits: 100_000_000)
        #expect(report.verdict == .defect)
        #expect(report.lines.filter { $0.verdict == .defect }.map(\.name) == ["spectral"])
        #expect(report.words.hasSuffix("by 1 of 188 tests: spectral"))
    }

    @Test("P-values that crowd in one bin are a defect although none is small")
    func uniformity() {
        var numbers = SplitMix(seed: 2)
        let report = results(streams: 60) { test, _ in
            test == 0 ? 0.5 + 0.2 * numbers.uniform() : numbers.uniform()
        }.report(bits: 60_000_000)
        #expect(report.lines[0].verdict == .defect)
        #expect(report.lines[0].measure("proportion") == 1)
    }

    @Test("54 streams decide nothing, not even when all fail", arguments: [0, 1, 54])
    func tooFew(streams: Int) {
        let report = results(streams: streams) { _, _ in 0 }.report(bits: streams * 1_000_000 + 77)
        let excursions = SP80022Rule().streamsForExcursions(.standard) * 1_000_000
        #expect(report.verdict == .insufficientData(wantedBits: excursions))
        #expect(report.lines[0].verdict == .insufficientData(wantedBits: 55_000_000))
        #expect(report.lines.allSatisfy { $0.verdict != .passed })
        #expect(report.remarks.last == "77 bits after the last whole stream of 1000000 were not looked at")
        #expect(report.remarks.contains { $0.hasPrefix("a p-value of 0.0 is there already") } == (streams > 0))
    }

    @Test("Streams with too few cycles are not counted, and the line says so")
    func excursions() throws {
        var numbers = SplitMix(seed: 3)
        let report = results(streams: 60) { test, stream in
            SP80022.tests(.standard)[test].family.hasPrefix("random excursions") && stream % 2 == 0
                ? nil : numbers.uniform()
        }.report(bits: 60_000_000)
        let line = try #require(report.lines.first { $0.name == "random excursions x = 1" })
        #expect(line.measure("streams") == 30)
        #expect(line.note == "30 streams with fewer than 500 cycles are not counted")
        #expect(
            line.verdict == .insufficientData(wantedBits: SP80022Rule().streamsForExcursions(.standard) * 1_000_000))
        #expect(report.lines[0].verdict == .passed)
        #expect(report.words.contains("no defect found by 162 of 188 tests at this size"))
    }

    @Test("A stricter level can turn a defect into a pass")
    func level() {
        var numbers = SplitMix(seed: 4)
        let results = results(streams: 100) { test, stream in
            test == 7 && stream % 10 == 0 ? 0.005 : numbers.uniform()
        }
        #expect(results.report(bits: 100_000_000).verdict == .defect)
        #expect(results.report(bits: 100_000_000, rule: SP80022Rule(level: 1e-12)).verdict == .passed)
    }

    /// The same sum over the multinomial distribution in numpy; χ² says 9.97e-7, 8.18e-4 and 0.679.
    static let exactTails: [([Int], Double)] = [
        ([20, 6, 5, 4, 4, 4, 4, 4, 2, 2], 4.35736908e-6), ([25, 10, 10, 10, 9, 9, 9, 8, 6, 4], 9.4778324244e-4),
        ([26, 14, 20, 20, 22, 18, 15, 25, 19, 21], 0.68493362137),
    ]

    @Test("With few values uniformity is exact", arguments: exactTails)
    func exactUniformity(counts: [Int], expected: Double) {
        let total = counts.reduce(0, +)
        #expect(abs(UniformityTest.pValues([counts], total: total)[0] - expected) < 1e-11 * Double(total))
        #expect(UniformityTest.pValues([[Int](repeating: 10, count: 10)], total: 100) == [1])
        // All in one bin: what 1 − x cannot resolve is no zero.
        #expect(UniformityTest.pValues([[55] + [Int](repeating: 0, count: 9)], total: 55) == [1e-14])
    }

    @Test("Exact and approximate uniformity meet where both are good")
    func approximate() {
        // χ² = 6.6 with 200 values, and as much with 400.
        let exact = UniformityTest.pValues([[26, 14, 20, 20, 22, 18, 15, 25, 19, 21]], total: 200)[0]
        let approximate = UniformityTest.pValues([[46, 34, 40, 40, 40, 40, 28, 51, 42, 39]], total: 400)[0]
        #expect(abs(exact - 0.6849) < 1e-4)
        #expect(abs(approximate - 0.4798) < 1e-3)
    }
}
