import Foundation
import Testing

@testable import MockLab

@Suite("A drifting number's way")
struct DriftWalkTests {
    private let gaussian = GaussianTable()

    private func values(_ law: DriftLaw, step: Double, count: Int, seed: UInt64 = 7, name: String = "x") -> [Double] {
        var walk = DriftWalk(law: law, step: step, seed: seed, name: name)
        return (1...count).map { index in
            walk.advance(to: UInt64(index), gaussian: gaussian)
            return walk.offset
        }
    }

    @Test("Ornstein–Uhlenbeck: mean 0, the stationary variance, and χ² of independent samples")
    func moments() {
        // Steps of 8 correlation times: neighbours are independent to 3e-4.
        let law = DriftLaw(wander: .init(deviation: 3, correlation: 100))
        let drawn = values(law, step: 800, count: 20_000)
        let count = Double(drawn.count)
        let mean = drawn.reduce(0, +) / count
        #expect(abs(mean) < 4 * 3 / count.squareRoot())
        // Σ (x/σ)² is χ² with `count` degrees of freedom: mean n, standard deviation √(2n).
        let chi = drawn.reduce(0) { $0 + $1 * $1 / 9 }
        #expect(abs(chi - count) < 4 * (2 * count).squareRoot(), "χ² \(chi) of \(count)")
        let fourth = drawn.reduce(0) { $0 + pow($1 / 3, 4) } / count
        #expect(abs(fourth - 3) < 4 * (96 / count).squareRoot(), "kurtosis \(fourth)")
    }

    @Test("The autocorrelation falls as e^{−t/τ}", arguments: [1, 5, 20, 40])
    func autocorrelation(lag: Int) {
        let (tau, count) = (10.0, 200_000)
        let drawn = values(DriftLaw(wander: .init(deviation: 1, correlation: tau)), step: 1, count: count)
        let sum = zip(drawn, drawn.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Double(count - lag)
        // Bartlett: the variance of an estimate is at most (1 + 2 Σ ρ²) (1 + ρ²…) / n ≈ 2 τ / n.
        #expect(abs(sum - exp(-Double(lag) / tau)) < 4 * (2 * tau / Double(count)).squareRoot())
    }

    @Test("One long step is as good as many short ones")
    func exactForAnyStep() {
        // After three correlation times from 0 the variance is 1 − e^{−6}, in one step or in sixty.
        let law = DriftLaw(wander: .init(deviation: 1, correlation: 20))
        for (step, count) in [(60.0, 1), (1.0, 60)] {
            let ends = (0..<4_000).map { values(law, step: step, count: count, seed: UInt64($0))[count - 1] }
            let variance = ends.reduce(0) { $0 + $1 * $1 } / 4_000
            #expect(abs(variance - (1 - exp(-6))) < 4 * (2.0 / 4_000).squareRoot(), "\(count) steps: \(variance)")
        }
    }

    @Test("A planted fault comes at its moment, adds to the rest and goes again")
    func fault() {
        let plain = DriftLaw(wander: .init(deviation: 1, correlation: 100))
        var law = plain
        law.fault = .init(at: 30, offset: 200, lasts: 50)
        let moved = zip(values(law, step: 10, count: 12), values(plain, step: 10, count: 12)).map { $0 - $1 }
        #expect(moved.map { $0.rounded() } == [0, 0, 200, 200, 200, 200, 200, 0, 0, 0, 0, 0])
        law.fault?.lasts = nil
        #expect(values(law, step: 10, count: 1000)[999] > 150)
    }

    @Test("Jumps come at their rate and add up with their variance")
    func jumps() {
        let law = DriftLaw(jumps: .init(perHour: 2, deviation: 0.5))
        var counts = 0
        var squares = 0.0
        let (seeds, hours) = (400, 10)
        for seed in 0..<seeds {
            let way = values(law, step: 10, count: 360 * hours, seed: UInt64(seed))
            counts += zip([0] + way, way).filter { $0 != $1 }.count
            squares += pow(way[way.count - 1], 2)
        }
        let expected = Double(seeds * hours * 2)
        // Two jumps within one step of 10 s look like one: 0.28 % fewer are seen.
        #expect(abs(Double(counts) - 0.9972 * expected) < 4 * expected.squareRoot(), "\(counts) of \(expected)")
        // The end is a sum of Poisson(20) normal jumps: variance 20 · 0.25 = 5, fourth moment 3 · 0.0625 · (400 + 20).
        let error = ((3 * 0.0625 * 420 - 25) / Double(seeds)).squareRoot()
        #expect(abs(squares / Double(seeds) - 5) < 4 * error)
    }

    @Test("A straight line is one")
    func line() {
        let way = values(DriftLaw(perHour: 0.6), step: 60, count: 120)
        #expect(abs(way[59] - 0.6) < 1e-12)
        #expect(abs(way[119] - 1.2) < 1e-12)
    }

    @Test("Streams of different names, of wander and jumps, and of different seeds are independent")
    func independent() {
        let law = DriftLaw(wander: .init(deviation: 1, correlation: 1))
        let count = 20_000
        func correlation(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
        }
        let one = values(law, step: 8, count: count)
        #expect(one == values(law, step: 8, count: count))
        for other in [
            values(law, step: 8, count: count, name: "y"), values(law, step: 8, count: count, seed: 8),
        ] { #expect(abs(correlation(one, other)) < 4 / Double(count).squareRoot()) }
        let both = values(
            DriftLaw(wander: law.wander, jumps: .init(perHour: 60, deviation: 9)), step: 8, count: count)
        let jumps = values(DriftLaw(jumps: .init(perHour: 60, deviation: 9)), step: 8, count: count)
        for place in stride(from: 0, to: count, by: 997) {
            #expect(abs(both[place] - one[place] - jumps[place]) < 1e-9, "jumps leave the wander as it is")
        }
    }

    @Test("Where it is depends on the step, not on how it got there; pauses of any length end")
    func pauses() {
        let law = DriftLaw(
            wander: .init(deviation: 1, correlation: 50), jumps: .init(perHour: 30, deviation: 1), perHour: 0.1)
        var (often, once) = (
            DriftWalk(law: law, step: 1, seed: 3, name: "x"), DriftWalk(law: law, step: 1, seed: 3, name: "x")
        )
        for index in 0...10_000 { often.advance(to: UInt64(index), gaussian: gaussian) }
        once.advance(to: 10_000, gaussian: gaussian)
        #expect(often.offset == once.offset)
        once.advance(to: 5, gaussian: gaussian)
        #expect(often.offset == once.offset, "never back")
        once.advance(to: .max, gaussian: gaussian)
        #expect(once.offset.isFinite)
        var stormy = DriftWalk(
            law: DriftLaw(jumps: .init(perHour: 1e6, deviation: 1)), step: 1, seed: 3, name: "x")
        stormy.advance(to: 1 << 40, gaussian: gaussian)
        #expect(stormy.offset.isFinite)
    }
}
