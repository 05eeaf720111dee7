import BellModel
import Foundation
import Testing
import TestSupport

@testable import BellStatistics

/// Draws trials of a law.
private func draw(_ count: Int, of law: [Double], _ random: inout SplitMix) -> TrialTally {
    var counts = [UInt64](repeating: 0, count: 16)
    for _ in 0..<count {
        var left = unit(&random)
        var cell = 0
        while cell < 15, left >= law[cell] {
            left -= law[cell]
            cell += 1
        }
        counts[cell] += 1
    }
    return TrialTally(counts: counts) ?? TrialTally()
}

private func lost(_ count: UInt64) -> TrialTally {
    TrialTally(
        counts: [UInt64](repeating: 0, count: 16), lossCounts: [0, count] + [UInt64](repeating: 0, count: 14))
        ?? TrialTally()
}

@Suite struct PredictionRatioTests {
    @Test("It starts at M = 1, does not bet on the first batch, and its maximum never falls")
    func start() {
        var ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        #expect(ratio.log2Max == 0 && ratio.log10PValue == 0 && ratio.fit == nil)
        ratio.add(table1)
        #expect(ratio.log2Current == 0 && ratio.fits == 1 && ratio.fit?.isOptimal == true)
        ratio.add(table1)
        let high = ratio.log2Max
        // The win count's best bet gives 32.7 bits, and no bet more than the rate of the counts, 0.01333 bits a trial.
        #expect(high > 32 && high < 3016 * 0.013332 && ratio.trialsAtMax == 6032, "\(high)")
        #expect(close(ratio.log10PValue, -high * log10(2), 1e-14))
        ratio.add(lost(3000))
        #expect(ratio.log2Max == high && ratio.log2Current < high && ratio.trialsAtMax == 6032)
    }

    @Test("A registered S bets on the first batch, too; a wrong one costs, and one that is no violation bets nothing")
    func expected() {
        func first(_ s: Double?) -> PredictionRatio {
            var ratio = PredictionRatio(.uniform, pattern: .minusOn11, expected: s)
            ratio.add(table1)
            return ratio
        }
        // 2418 wins of 3016: S = 2.414; the bet of the win count with its q, but for the mixed-in part.
        let q = 2418.0 / 3016
        let best = 2418 * log2(q / 0.75) + 598 * log2((1 - q) / 0.25)
        #expect(close(first(8 * q - 4).log2Current, best, 1e-3))
        #expect(first(2.2).log2Current < best - 5 && first(2.8).log2Current < best - 5)
        for none in [nil, 2, 1.9, 4, .nan, -.infinity] { #expect(first(none).log2Current == 0) }
        #expect(PredictionRatio(.uniform, pattern: .minusOn11, expected: 2.4).log2Max == 0)
    }

    @Test("The same batches give the same bits, on any machine")
    func bits() {
        var ratio = PredictionRatio(model(0.001), pattern: .minusOn11)
        for _ in 0..<20 { ratio.add(table1) }
        ratio.add(lost(7))
        ratio.add(table1)
        // x86-64. Sums, products, divisions and square roots of IEEE 754 leave no choice.
        #expect(
            ratio.log2Current.bitPattern == 4_648_773_522_059_174_803,
            "\(ratio.log2Current) \(ratio.log2Current.bitPattern)")
        var again = PredictionRatio(model(0.001), pattern: .minusOn11)
        for _ in 0..<20 { again.add(table1) }
        again.add(lost(7))
        #expect(again != ratio)
        again.add(table1)
        #expect(again == ratio)
    }

    @Test("It beats the win count where correlators differ", arguments: [UInt64(1), 2, 3])
    func unequal(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let law = correlated([0.9, 0.9, 0.35, -0.02])
        var ratio = PredictionRatio(model(0.0005), pattern: .minusOn11)
        var process = EProcess(model(0.0005))
        for _ in 0..<64 {
            let batch = draw(1024, of: law, &random)
            ratio.add(batch)
            process.add(batch, pattern: .minusOn11)
        }
        // S = 2.13; 34 to 39 decades against 28 to 34.
        #expect(ratio.log10Max > process.log10Max + 4, "seed \(seed): \(ratio.log10Max), \(process.log10Max)")
    }

    @Test("For symmetric trials it is about as strong as the win count", arguments: [UInt64(1), 2, 3])
    func equal(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let law = correlated([0.56, 0.56, 0.56, -0.56])
        var ratio = PredictionRatio(model(0.0005), pattern: .minusOn11)
        var process = EProcess(model(0.0005))
        for _ in 0..<64 {
            let batch = draw(1024, of: law, &random)
            ratio.add(batch)
            process.add(batch, pattern: .minusOn11)
        }
        #expect(
            process.log10Max > 40 && ratio.log10Max > process.log10Max * 0.93, "\(ratio.log10Max), \(process.log10Max)")
    }

    @Test(
        "A local adversary who knows every bet reaches M ≥ 20 in at most 5 % of 2000 campaigns",
        arguments: [true, false])
    func typeOne(isTempted: Bool) {
        let seed: UInt64 = 2011
        var random = SplitMix(seed: seed)
        let null = model(0.02)
        let vertices = LocalVertices(null, .independent)
        let laws = SettingDependence.independent.extremeLaws(null)
        // Before a bet: whatever wins most often, so that the estimate lies on the edge and is lured beyond it.
        let game: [Double] = (0..<16).map {
            CHSHPattern.minusOn11.wins(x: $0 >> 3, y: $0 >> 2 & 1, a: $0 >> 1 & 1, b: $0 & 1) ? 1 : 0
        }
        var hits = 0
        for _ in 0..<2000 {
            var ratio = PredictionRatio(null, pattern: .minusOn11, settings: .independent)
            // The first batch is not bet on. Here it shows S = 2.8, so that the next bets are high.
            if isTempted { ratio.add(draw(400, of: correlated([0.7, 0.7, 0.7, -0.7]), &random)) }
            for _ in 0..<14 {
                var counts = [UInt64](repeating: 0, count: 16)
                // With a bet: the vertices under which nothing is lost on average, another one for each trial.
                let isBet = (ratio.fit?.rate ?? 0) > 0
                let values = vertices.expectations(isBet ? ratio.fit?.factors ?? game : game)
                let most = values.reduce(0, max)
                let best = values.indices.filter { values[$0] > most - 1e-9 }
                for _ in 0..<48 {
                    let vertex = best[Int(random.next() % UInt64(best.count))]
                    var (left, pair) = (unit(&random), 0)
                    while pair < 3, left >= laws[vertex >> 4][pair] {
                        left -= laws[vertex >> 4][pair]
                        pair += 1
                    }
                    counts[LocalVertices.cells[4 * (vertex & 15) + pair]] += 1
                }
                ratio.add(TrialTally(counts: counts) ?? TrialTally())
                // Stops at the first success: what optional stopping could gain.
                if ratio.log2Max >= log2(20) { break }
            }
            if ratio.log10PValue <= log10(0.05) { hits += 1 }
        }
        // 100 at most are expected, and the bets are too small to reach it. Without any the test would say nothing.
        #expect(hits <= 100 && hits >= (isTempted ? 30 : 5), "seed \(seed): \(hits)")
    }

    @Test("It bets neither on settings nor on signalling that local devices may seem to have")
    func others() {
        // 30 % more trials of setting 00 than uniform ones give, and a marginal of Alice that depends on y.
        var counts = [UInt64](repeating: 1000, count: 16)
        for c in 0..<4 { counts[c] = 1300 }
        (counts[4], counts[5], counts[6], counts[7]) = (1300, 1300, 700, 700)
        var ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        let batch = TrialTally(counts: counts) ?? TrialTally()
        for _ in 0..<8 { ratio.add(batch) }
        #expect(ratio.log2Max == 0 && ratio.log2Current == 0 && ratio.fit?.rate == 0)
    }

    @Test("Losing a trial never pays more than answering it", arguments: [UInt64(4), 5])
    func losses(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        for _ in 0..<20 {
            ratio.add(draw(500, of: correlated([0.6, 0.6, 0.6, -0.6]), &random))
            ratio.add(lost(20))
            for cell in 0..<16 {
                var (answered, dropped) = (ratio, ratio)
                answered.add(TrialTally(counts: (0..<16).map { $0 == cell ? 1 : 0 }) ?? TrialTally())
                dropped.add(lost(1))
                #expect(dropped.log2Current <= answered.log2Current)
            }
        }
        // 4 % lost leave S = 2.15 of 2.4: about 4 decades in 10 400 trials.
        #expect(ratio.log10Max > 3, "\(ratio.log10Max)")
    }

    @Test("Empty cells, nothing but losses, one trial and a bias near ½ have finite evidence")
    func boundaries() throws {
        var ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        ratio.add(TrialTally())
        for _ in 0..<5 { ratio.add(lost(1000)) }
        #expect(ratio.log2Current == 0 && ratio.log2Max == 0)
        // Only cells that win: S = 4.
        let box = TrialTally(
            counts: (0..<16).map {
                CHSHPattern.minusOn11.wins(x: $0 >> 3, y: $0 >> 2 & 1, a: $0 >> 1 & 1, b: $0 & 1) ? 1000 : 0
            })
        ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        for _ in 0..<3 { ratio.add(try #require(box)) }
        #expect(close(ratio.log2Max, 16_000 * log2(4.0 / 3), 0.01))
        ratio.add(lost(1))
        // The least factor, and no less.
        #expect(ratio.log2Current < ratio.log2Max - 9 && ratio.log2Current > ratio.log2Max - 11)
        var single = PredictionRatio(.uniform, pattern: .minusOn11)
        for c in 0..<16 { single.add(TrialTally(counts: (0..<16).map { $0 == c ? 1 : 0 }) ?? TrialTally()) }
        #expect(single.log2Current.isFinite && single.fits == 16 && single.log2Max < 5)
        for mu in [0.4999, 0.5 - 1e-9, 0.5.nextDown] {
            var biased = PredictionRatio(model(mu), pattern: .minusOn11)
            for _ in 0..<3 { biased.add(try #require(box)) }
            #expect(
                biased.log2Current.isFinite && biased.log2Max >= 0
                    && biased.log2Max < 16_000 * log2(1 / model(mu).winBound) + 1e-3)
        }
    }

    @Test("More trials than can be counted are not taken")
    func hostile() {
        var ratio = PredictionRatio(.uniform, pattern: .minusOn11)
        ratio.add(table1)
        let before = ratio
        for huge in [[UInt64](repeating: .max, count: 16), [1 << 48] + [UInt64](repeating: 0, count: 15)] {
            let isTaken = ratio.add(TrialTally(counts: huge) ?? TrialTally())
            #expect(!isTaken)
        }
        let isTooMany = !ratio.add(lost(.max))
        #expect(isTooMany && ratio == before)
        let isTaken = ratio.add(lost((1 << 48) - 3016))
        #expect(isTaken && ratio.tally.trials == 1 << 48)
        let isRefused = !ratio.add(lost(1))
        #expect(isRefused)
        #expect(ratio.log2Current.isFinite && ratio.log2Current < 0)
    }
}
