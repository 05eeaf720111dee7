import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellStatistics

@Suite("The most that quantum theory lets a trial be won with")
struct QuantumBoundTests {
    static let biases = [0, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.35, 0.49]

    @Test("Without a bias it is Tsirelson's (2 + √2)/4")
    func tsirelson() {
        #expect(close(model(0).quantumWinBound, (2 + 2.0.squareRoot()) / 4, 1e-14))
        #expect(close(model(0).leastQuantumLoss, 0.146446609406726, 1e-13))
    }

    @Test("It lies between the local bound and the one that only knows the least probable pair", arguments: biases)
    func between(bias: Double) {
        let l = model(bias).leastPair
        let loss = model(bias).leastQuantumLoss
        #expect(loss >= l * (2 - 2.0.squareRoot()) - 1e-14)
        #expect(loss <= l)
    }

    @Test("A small bias changes it in the second order only, a larger one never makes it smaller")
    func order() {
        let uniform = model(0).leastQuantumLoss
        #expect(abs(model(1e-4).leastQuantumLoss - uniform) < 1e-7)
        #expect(uniform - model(0.1).leastQuantumLoss > 0.01)
        for (a, b) in zip(Self.biases, Self.biases.dropFirst()) {
            #expect(model(b).leastQuantumLoss <= model(a).leastQuantumLoss + 1e-14)
        }
    }

    /// P(win) of four measurement angles on a maximally entangled pair.
    private func win(_ law: [Double], _ a0: Double, _ a1: Double, _ b0: Double, _ b1: Double) -> Double {
        let advantage =
            law[0] * cos(a0 - b0) + law[1] * cos(a0 - b1) + law[2] * cos(a1 - b0) - law[3] * cos(a1 - b1)
        return 0.5 + advantage / 2
    }

    @Test(
        "No strategy of a grid exceeds it under any extreme law of the settings, and one comes close", arguments: biases
    )
    func grid(bias: Double) {
        let steps = 48
        let angles = (0..<steps).map { 2 * Double.pi * Double($0) / Double(steps) }
        var greatest = 0.0
        for law in CHSHPolytope.settingsLaws(model(bias)) {
            for a1 in angles {
                for b0 in angles {
                    for b1 in angles { greatest = max(greatest, win(law, 0, a1, b0, b1)) }
                }
            }
        }
        let bound = model(bias).quantumWinBound
        #expect(greatest <= bound + 1e-13)
        #expect(greatest > bound - 2e-3, "a bound that no strategy reaches would refute nothing")
    }

    @Test(
        "No random two-qubit behaviour exceeds it, with states and measurements of any kind",
        arguments: [5, 6] as [UInt64])
    func behaviours(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var closest = 1.0
        for _ in 0..<20_000 {
            let p = quantumBehaviour(using: &random)
            let wins = (0..<4).map { pair in
                (0..<4).filter { CHSHPolytope.isWin[4 * pair + $0] }.reduce(0.0) { $0 + p[4 * pair + $1] }
            }
            for bias in [0, 0.01, 0.2] {
                for law in CHSHPolytope.settingsLaws(model(bias)) {
                    let win = zip(law, wins).reduce(0) { $0 + $1.0 * $1.1 }
                    closest = min(closest, model(bias).quantumWinBound - win)
                }
            }
        }
        #expect(closest >= -1e-12 && closest < 0.01)
    }

    @Test("Laws inside of the extreme ones give no more", arguments: [9] as [UInt64])
    func laws(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let mu = 0.1
        for _ in 0..<2000 {
            let ends = (0..<3).map { _ in Double.random(in: (0.5 - mu)...(0.5 + mu), using: &random) }
            let law = [
                ends[0] * ends[1], ends[0] * (1 - ends[1]), (1 - ends[0]) * ends[2], (1 - ends[0]) * (1 - ends[2]),
            ]
            let a = (0..<3).map { _ in Double.random(in: 0..<(2 * .pi), using: &random) }
            #expect(win(law, 0, a[0], a[1], a[2]) <= model(mu).quantumWinBound + 1e-13)
        }
    }

    @Test("The p-value is small only above the bound; losses, memory and a larger bias can only raise it")
    func pValue() throws {
        func p(_ trials: UInt64, _ wins: UInt64, _ bias: Double = 0) throws -> Double {
            try #require(WinCount(trials: trials, wins: wins)).log10QuantumPValue(model(bias))
        }
        #expect(close(try p(1000, 1000), 1000 * log10((2 + 2.0.squareRoot()) / 4), 1e-10))
        let n: UInt64 = 1 << 18
        let atBound = UInt64(Double(n) * (2 + 2.0.squareRoot()) / 4)
        #expect(try p(n, atBound) > -1)
        #expect(try p(n, atBound + 2000) < -20)
        #expect(try p(n + 10_000, atBound + 2000) > -1)
        #expect(try p(n, atBound + 2000, 0.1) > -1)
        #expect(try p(n, atBound + 2000, 1e-3) < -20)
        #expect(try p(0, 0) == 0)
    }
}
