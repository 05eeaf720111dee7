import BellModel
import Foundation
import Testing

@testable import BellStatistics

/// The bound at S and equal ε's.
private func accumulated(
    _ n: UInt64, _ s: Double, mu: Double = 0, epsilon: Double = 1e-6, played: Bool = true,
    form: EntropyAccumulation.Form = .dupuisFawzi
) throws -> EntropyAccumulation {
    try #require(
        EntropyAccumulation(
            trials: n, winThreshold: (4 + s) / 8, epsilonSmooth: epsilon, epsilonEvent: epsilon, model: model(mu),
            everyTrialPlayed: played, form: form))
}

@Suite struct EntropyAccumulationTests {
    @Test(
        "One trial's entropy and its slope agree",
        arguments: [
            (2.0001, 7.21377577672655e-05, 5.771261087873528), (2.0747, 0.055609207057887744, 6.145495126077474),
            (2.1, 0.07525605665124102, 6.280091370085145), (2.2, 0.15728800071346716, 6.858253212638199),
            (2.236, 0.1886616479437675, 7.087722134677973), (2.3, 0.2471024321379347, 7.530535284348718),
            (2.414, 0.36081585343840583, 8.46609364126128), (2.5, 0.4564355568004036, 9.357849740192014),
            (2.6, 0.5815799309008808, 10.749755546511576), (2.7, 0.72848212538828, 12.97008871346606),
            (2.8, 0.9185310849856456, 18.902678549259203),
        ])
    func curve(s: Double, entropy: Double, slope: Double) {
        #expect(close(EntropyCurve.bits(at: (4 + s) / 8), entropy, 1e-11))
        #expect(close(EntropyCurve.slope(at: (4 + s) / 8), slope, 1e-9))
    }

    @Test("The curve ends at 0 and 1")
    func curveEnds() {
        #expect(EntropyCurve.bits(at: 0.75) == 0 && EntropyCurve.bits(at: 0) == 0 && EntropyCurve.bits(at: .nan) == 0)
        #expect(abs(EntropyCurve.bits(at: EntropyCurve.largestWin) - 1) < 1e-6)
        #expect(EntropyCurve.bits(at: 1) == EntropyCurve.bits(at: EntropyCurve.largestWin))
    }

    @Test("Every row agrees with 50 digits, and with the reference up to the digits that it loses")
    func rows() throws {
        for row in entropyAccumulationRows {
            func bound(played: Bool) throws -> EntropyAccumulation {
                try #require(
                    EntropyAccumulation(
                        trials: row.trials, winThreshold: (4 + row.s) / 8, epsilonSmooth: row.epsilon,
                        epsilonEvent: row.epsilon, model: model(row.bias), everyTrialPlayed: played, form: row.form,
                        dimension: row.classical ? 4 : 16))
            }
            let best = try bound(played: true)
            #expect(abs(best.bits - row.played) < 1e-5 + 1e-10 * abs(row.played), "\(row) \(best.bits)")
            let lossy = try bound(played: false).bits
            #expect(abs(lossy - row.losses) < 1e-5 + 1e-10 * abs(row.losses), "\(row) \(lossy)")
            #expect(row.losses < row.played)
            // The reference computes g = −log2(1 − √(1 − ε²)) as it stands, which at ε = 1e-6 is 1.3e-4 too small, and g
            // is divided by α − 1; at smaller ε it takes log2(2/ε²), which is right.
            let reference =
                row.epsilon > 1e-7
                ? -log2(1 - (1 - row.epsilon * row.epsilon).squareRoot()) : 1 - 2 * log2(row.epsilon)
            let exact = log2(1 + (1 - row.epsilon * row.epsilon).squareRoot()) - 2 * log2(row.epsilon)
            let excess = (exact - reference) / row.alphaExcess
            #expect(abs(row.reference - row.played - excess) < 1e-4 + 1e-9 * abs(row.played), "\(row)")
            #expect(row.reference > row.played - 1e-3 && row.reference < row.played + 0.9)
            if row.played > 0 {
                #expect(abs(best.tangent - row.tangent) < 2e-6 && abs(best.alphaExcess / row.alphaExcess - 1) < 1e-3)
            }
        }
    }

    // The numbers of docs/bounds.md.
    @Test("Losses that were never played widen the range: 2 872 154 bits become 2 872 093, not 2 872 088")
    func losses() throws {
        #expect(try abs(accumulated(17_000_000, 2.236).bits - 2872154.596201088) < 1e-4)
        #expect(try abs(accumulated(17_000_000, 2.236, played: false).bits - 2872093.1154099112) < 1e-4)
        #expect(
            try abs(accumulated(17_000_000, 2.236, played: false, form: .generalized).bits - 2872032.3207042032) < 1e-4)
        #expect(try abs(accumulated(17_000_000, 2.236, mu: 1e-3, played: false).bits - 2766160.849477483) < 1e-4)
    }

    @Test(
        "The fewest trials with a positive bound agree",
        arguments: [(2.0747, 1_928_756), (2.236, 183_109), (2.3, 111_000), (2.414, 56234)] as [(Double, Double)])
    func fewestTrials(s: Double, expected: Double) throws {
        let n = try #require(
            EntropyAccumulation.leastTrials(
                winThreshold: (4 + s) / 8, epsilonSmooth: 1e-6, epsilonEvent: 1e-6, model: .uniform,
                everyTrialPlayed: true))
        #expect(abs(Double(n) / expected - 1) < 1e-4)
        let (more, fewer) = (UInt64(1.0001 * Double(n)), UInt64(0.9999 * Double(n)))
        #expect(try accumulated(more, s).bits > 0 && accumulated(fewer, s).bits < 0)
    }

    @Test(
        "No number of trials helps at S = 2, nor beyond the tolerable bias",
        arguments: [(2, 0), (2.236, 0.0305)] as [(Double, Double)])
    func hopeless(s: Double, mu: Double) throws {
        #expect(
            EntropyAccumulation.leastTrials(
                winThreshold: (4 + s) / 8, epsilonSmooth: 0.1, epsilonEvent: 0.1, model: model(mu),
                everyTrialPlayed: true) == nil)
        for n in [1, 1 << 20, 1 << 48] as [UInt64] { #expect(try accumulated(n, s, mu: mu, epsilon: 0.5).bits < 0) }
    }

    @Test("Fewer trials, a lower threshold, a smaller ε, a bias or losses give fewer bits")
    func monotonic() throws {
        let base = try accumulated(10_000_000, 2.3).bits
        #expect(try accumulated(9_999_999, 2.3).bits < base && accumulated(10_000_000, 2.29).bits < base)
        #expect(try accumulated(10_000_000, 2.3, mu: 1e-4).bits < base)
        #expect(try accumulated(10_000_000, 2.3, epsilon: 1e-7).bits < base)
        #expect(try accumulated(10_000_000, 2.3, played: false).bits < base)
        #expect(try accumulated(10_000_000, 2.3, form: .generalized).bits < base)
    }

    @Test("The bound stays below the entropy of n trials, from one trial to 2^48")
    func extremes() throws {
        for exponent in stride(from: 0, through: 48, by: 6) {
            for s in [-4, 2.05, 2.4, 2.8, 2.8284, 4] {
                let bound = try accumulated(1 << UInt64(exponent), s)
                let w = (4 + s) / 8
                #expect(bound.bits.isFinite && bound.alphaExcess > 0 && bound.alphaExcess < 0.5)
                if w < EntropyCurve.largestWin {
                    #expect(bound.bits < exp2(Double(exponent)) * EntropyCurve.bits(at: w) + 1e-9)
                }
            }
        }
        let best = try accumulated(1 << 48, 2.4).bits / 0x1p48
        #expect(best > EntropyCurve.bits(at: 0.8) - 1e-4)
    }

    @Test("Impossible arguments give nil")
    func refused() {
        func make(n: UInt64 = 100, w: Double = 0.8, smooth: Double = 0.1, event: Double = 0.1) -> EntropyAccumulation? {
            EntropyAccumulation(
                trials: n, winThreshold: w, epsilonSmooth: smooth, epsilonEvent: event, model: .uniform,
                everyTrialPlayed: true)
        }
        #expect(make() != nil && make(n: 1 << 48) != nil)
        #expect(make(n: 0) == nil && make(n: 1 << 48 + 1) == nil)
        for bad in [-0.1, 1.1, Double.nan, .infinity] { #expect(make(w: bad) == nil) }
        for bad in [-1, 0, 1, Double.nan] { #expect(make(smooth: bad) == nil && make(event: bad) == nil) }
    }
}
