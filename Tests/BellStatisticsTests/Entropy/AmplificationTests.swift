import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellStatistics

@Suite struct AmplificationTests {
    @Test(
        "The largest tolerable bias agrees, and leaves exactly ¾",
        arguments: [
            (2.0747, 0.009426356191040375), (2.236, 0.03042572472504418), (2.3, 0.039022777135355624),
            (2.413793, 0.05471820719908166), (2.414, 0.05474726), (2.82842712474619, 0.1173165676),
        ])
    func greatestBias(s: Double, expected: Double) throws {
        let w = (4 + s) / 8
        let mu = try #require(LocalModel.greatestBias(winProbability: w))
        #expect(abs(mu - expected) < 1e-7)
        #expect(close(model(mu).uniformWinBound(observed: w), 0.75, 1e-14))
        #expect(model(mu + 1e-6).uniformWinBound(observed: w) < 0.75)
    }

    @Test("No violation tolerates no bias, and no probability gives nil")
    func biasRange() {
        #expect(LocalModel.greatestBias(winProbability: 0.75) == 0 && LocalModel.greatestBias(winProbability: 0) == 0)
        #expect(LocalModel.greatestBias(winProbability: 1) == 0.5)
        for bad in [-0.1, 1.1, Double.nan] {
            #expect(LocalModel.greatestBias(winProbability: bad) == nil)
            #expect(MeasurementDependence.greatestBias(winProbability: bad) == nil)
        }
        #expect(model(0).uniformWinBound(observed: 0.8) == 0.8)
    }

    /// Extreme points of the laws with l ≤ P(xy) ≤ h: three of the pairs at a bound, the fourth takes the rest.
    private func extremeLaws(_ l: Double, _ h: Double) -> [[Double]] {
        (0..<4).flatMap { free in
            (0..<8).compactMap { bits -> [Double]? in
                var law = [0.0, 0, 0, 0]
                for (i, pair) in (0..<4).filter({ $0 != free }).enumerated() { law[pair] = bits >> i & 1 == 1 ? h : l }
                law[free] = 1 - law.reduce(0, +)
                return law[free] >= l - 1e-12 && law[free] <= h + 1e-12 ? law : nil
            }
        }
    }

    /// The left side of the inequality for a behaviour and a law, by 8x + 4y + 2a + b.
    private func leftSide(_ p: [Double], _ law: [Double], _ l: Double, _ h: Double) -> Double {
        l * p[0] * law[0] - h * (p[4 + 1] * law[1] + p[8 + 2] * law[2] + p[12] * law[3])
    }

    @Test(
        "No local model with such settings violates the inequality", arguments: [(0.2, 0.32), (0.1, 0.4), (0.25, 0.25)])
    func localMaximum(l: Double, h: Double) {
        let laws = extremeLaws(l, h)
        #expect(!laws.isEmpty)
        var greatest = -1.0
        for strategy in CHSHPolytope.vertices.prefix(16) {
            for law in laws { greatest = max(greatest, leftSide(strategy, law, l, h)) }
        }
        #expect(abs(greatest) < 1e-15)
        // A larger coefficient of the first term would let one through.
        var wrong = -1.0
        for strategy in CHSHPolytope.vertices.prefix(16) {
            for law in laws { wrong = max(wrong, leftSide(strategy, law, 1.01 * l, h)) }
        }
        #expect(wrong > 1e-4)
    }

    @Test("The value is read from the right cells, whatever the pattern", arguments: CHSHPattern.allCases)
    func counts(pattern: CHSHPattern) throws {
        let mdl = try #require(MeasurementDependence(least: 0.2, greatest: 0.32))
        let digits = Array(pattern.rawValue.utf8).map { Int($0) - 48 }
        var renamed = [UInt64](repeating: 0, count: 16)
        for cell in 0..<16 {
            let (x, y) = ((cell >> 3) ^ digits[0] ^ 1, (cell >> 2 & 1) ^ digits[1] ^ 1)
            renamed[8 * x + 4 * y + cell & 3] = table1Counts[cell]
        }
        let tally = try #require(TrialTally(counts: renamed))
        let expected = (0.2 * 293 - 0.32 * (70 + 64 + 68)) / 3016
        #expect(try close(#require(mdl.value(tally, pattern: pattern)), expected, 1e-15))
        var lost = tally
        lost.add(TrialStatus(loss: .locality), times: 100)
        let less = (0.2 * 293 - 0.32 * (70 + 64 + 68 + 100)) / 3116
        #expect(try close(#require(mdl.value(lost, pattern: pattern)), less, 1e-15))
    }

    @Test("The symmetric value is the mean over the game's eight relabellings")
    func symmetric() throws {
        let mdl = try #require(MeasurementDependence(least: 0.2, greatest: 0.32))
        var sum = 0.0
        for image in 0..<8 {
            // x → x ⊕ u with b → b ⊕ uy, y → y ⊕ v with a → a ⊕ vx, both with the sign of uv, then both outcomes.
            let (u, v, flip) = (image & 1, image >> 1 & 1, image >> 2)
            var counts = [UInt64](repeating: 0, count: 16)
            for cell in 0..<16 {
                let (x, y, a, b) = (cell >> 3, cell >> 2 & 1, cell >> 1 & 1, cell & 1)
                let (p, q) = (a ^ flip ^ (v & x), b ^ flip ^ (u & y) ^ (u & v))
                counts[8 * (x ^ u) + 4 * (y ^ v) + 2 * p + q] = table1Counts[cell]
            }
            let tally = try #require(TrialTally(counts: counts))
            #expect(WinCount(tally, pattern: .minusOn11).wins == 2418)
            sum += try #require(mdl.value(tally, pattern: .minusOn11))
        }
        let count = WinCount(table1, pattern: .minusOn11)
        #expect(try close(#require(mdl.symmetricValue(count)), sum / 8, 1e-15))
    }

    @Test("At the inequality's largest bias the symmetric value is 0; it tolerates less than the linear bound")
    func crossing() throws {
        for wins in [760, 780, 800, 850] as [UInt64] {
            let count = try #require(WinCount(trials: 1000, wins: wins))
            let mu = try #require(MeasurementDependence.greatestBias(winProbability: count.probability))
            #expect(try abs(#require(MeasurementDependence(model(mu)).symmetricValue(count))) < 1e-15)
            #expect(try #require(MeasurementDependence(model(mu / 2)).symmetricValue(count)) > 0)
            let linear = try #require(LocalModel.greatestBias(winProbability: count.probability))
            #expect(mu < linear)
        }
        #expect(MeasurementDependence.greatestBias(winProbability: 0.75) == 0)
    }

    @Test("Impossible arguments give nil")
    func refused() throws {
        for (l, h) in [(0, 0.3), (0.3, 0.3), (0.2, 0.2), (0.2, 1), (.nan, 0.3), (0.2, .nan)] as [(Double, Double)] {
            #expect(MeasurementDependence(least: l, greatest: h) == nil)
        }
        let mdl = MeasurementDependence(.uniform)
        #expect(mdl.value(TrialTally(), pattern: .minusOn11) == nil)
        let many = try #require(WinCount(trials: 1 << 48 + 1, wins: 0))
        #expect(mdl.symmetricValue(many) == nil)
    }
}
