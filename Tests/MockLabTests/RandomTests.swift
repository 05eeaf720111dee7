import BellModel
import Foundation
import Testing

@testable import MockLab

@Suite("Random sources of the virtual laboratory")
struct RandomTests {
    @Test("xoshiro256++ gives the reference's first numbers")
    func xoshiro() {
        // The reference implementation (prng.di.unimi.it) with the state 1, 2, 3, 4.
        var random = Xoshiro256(state: (1, 2, 3, 4))
        let expected: [UInt64] = [
            41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205,
        ]
        #expect((0..<5).map { _ in random.next() } == expected)
    }

    @Test("splitmix64 gives the reference's first numbers")
    func splitMix() {
        var mix = SplitMix64(state: 1_234_567)
        #expect(mix.next() == 6_457_827_717_110_365_317)
        #expect(mix.next() == 3_203_168_211_198_807_973)
    }

    @Test("Seeds repeat, streams differ")
    func seeds() {
        var (a, b, c) = (Xoshiro256(seed: 7, stream: 1), Xoshiro256(seed: 7, stream: 1), Xoshiro256(seed: 7, stream: 2))
        let (u, v, w) = (a.next(), b.next(), c.next())
        #expect(u == v)
        #expect(u != w)
    }

    @Test("The ziggurat has the moments and tails of the normal distribution")
    func gaussian() {
        let table = GaussianTable()
        var random = Xoshiro256(seed: 11)
        let n = 400_000
        var sums = [0.0, 0.0, 0.0, 0.0]
        var beyond = [Int](repeating: 0, count: 5)
        for _ in 0..<n {
            let x = table.draw(&random)
            for k in 0..<4 { sums[k] += pow(x, Double(k + 1)) }
            for k in 0..<5 where abs(x) > Double(k) { beyond[k] += 1 }
        }
        let scale = Double(n).squareRoot()
        // Standard deviations of the four sample moments: 1, √2, √15, √96 over √n.
        #expect(abs(sums[0] / Double(n)) < 5 / scale)
        #expect(abs(sums[1] / Double(n) - 1) < 5 * 2.0.squareRoot() / scale)
        #expect(abs(sums[2] / Double(n)) < 5 * 15.0.squareRoot() / scale)
        #expect(abs(sums[3] / Double(n) - 3) < 5 * 96.0.squareRoot() / scale)
        for k in 1..<5 {
            let p = erfc(Double(k) / 2.0.squareRoot())
            let expected = Double(n) * p
            #expect(abs(Double(beyond[k]) - expected) < 5 * expected.squareRoot(), "beyond \(k) σ")
        }
    }

    @Test("A constant bias moves the mean, one by history does not but is as predictable", arguments: [0.0, 0.01, 0.1])
    func bias(size: Double) {
        let n = 200_000
        let tolerance = 5 * 0.5 / Double(n).squareRoot()
        var plain = NodeRandomness(seed: 3, stream: 0, bias: size, rule: .constant)
        let ones = (0..<n).reduce(0) { sum, _ in sum + Int(plain.bit()) }
        #expect(abs(Double(ones) / Double(n) - 0.5 - size) < tolerance)

        var hidden = NodeRandomness(seed: 3, stream: 0, bias: size, rule: .history)
        var history: UInt8 = 0
        var (mean, guessed) = (0, 0)
        for _ in 0..<n {
            let bit = hidden.bit()
            mean += Int(bit)
            guessed += bit == (history.nonzeroBitCount & 1 == 0 ? 1 : 0) ? 1 : 0
            history = history << 1 | bit
        }
        #expect(abs(Double(guessed) / Double(n) - 0.5 - size) < tolerance)
        #expect(abs(Double(mean) / Double(n) - 0.5) < 2 * tolerance)
    }

    @Test("Bias at its ends, and packed bits")
    func packed() {
        var ones = NodeRandomness(seed: 1, stream: 0, bias: 0.5, rule: .constant)
        #expect(ones.packedBits(12) == [0xff, 0xf0])
        #expect(ones.packedBits(0).isEmpty)
        ones.set(bias: -3, rule: .constant)
        var fair = (0, 0)
        for _ in 0..<1000 { if ones.bit() == 1 { fair.0 += 1 } else { fair.1 += 1 } }
        #expect(fair.0 > 400 && fair.1 > 400)
    }

    @Test("The tick counter has its offset, drift and slips, and wraps")
    func counter() throws {
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        let exact = TickCounter(rate: rate, drift: 0, start: 1_000, since: 0)
        #expect(exact.tick(at: 0) == 1_000)
        // 80 µs are 640 000 ticks; the slope is rounded to 2^-64 ticks a picosecond.
        #expect(abs(Int64(exact.tick(at: 80_000_000)) - 641_000) <= 1)
        let day: UInt64 = 86_400_000_000_000_000
        #expect(abs(Int64(exact.tick(at: day)) - 691_200_000_001_000) <= 1)
        let fast = TickCounter(rate: rate, drift: 100e-9, start: 0, since: 0)
        #expect(abs(Int64(fast.tick(at: 1_000_000_000_000)) - 8_000_000_800) <= 1)
        var slipped = TickCounter(rate: rate, drift: 0, start: 5, since: 80_000_000)
        #expect(slipped.tick(at: 80_000_000) == 5)
        slipped.slip(by: -10)
        #expect(slipped.tick(at: 80_000_000) == UInt64.max - 4)
    }
}
