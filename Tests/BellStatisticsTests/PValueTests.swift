import BellModel
import Foundation
import Testing

@testable import BellStatistics

@Suite struct PValueTests {
    @Test("Table 1 gives p = 1.018e-11, with τ = 0.01 2.269e-8")
    func table1Binomial() {
        let wins = WinCount(table1, pattern: .minusOn11)
        #expect(close(wins.log10PValue(.uniform), log10(1.0179035274593523e-11), 1e-12))
        #expect(close(wins.log10PValue(model(0.01)), log10(2.269146517877672e-08), 1e-12))
    }

    @Test("Pironio's Azuma form gives his p ≤ 0.00077")
    func azuma() {
        let wins = WinCount(table1, pattern: .minusOn11)
        #expect(close(wins.log10AzumaPValue(.uniform), log10(0.0007674679847118544), 1e-12))
        #expect(wins.log10AzumaPValue(model(0.01)) > wins.log10AzumaPValue(.uniform))
        #expect(WinCount(trials: 4, wins: 3)?.log10AzumaPValue(.uniform) == 0)
    }

    @Test("Hoeffding's and Chernoff's bounds of Table 1 are weaker than the binomial one, in the known order")
    func otherBounds() {
        let wins = WinCount(table1, pattern: .minusOn11)
        let (n, w) = (Double(wins.trials), wins.probability)
        let hoeffding = -2 * n * (w - 0.75) * (w - 0.75)
        let relative = w * log(w / 0.75) + (1 - w) * log((1 - w) / 0.25)
        #expect(close(exp(hoeffding), 9.803600434394357e-08, 1e-10))
        #expect(close(exp(-n * relative), 1.4673713436209616e-10, 1e-9))
        #expect(close(relative / log(2), 0.010830917418037198, 1e-12))
        let binomial = wins.log10PValue(.uniform)
        #expect(binomial < log10(1.4673713436209616e-10) && wins.log10AzumaPValue(.uniform) > log10(9.8e-8))
    }

    @Test(
        "The standard errors and the standard score of Storz 2023",
        arguments: [
            (1_048_576, 796_223, 0.0033397327272671903, 22.081392522014166),
            (1_000_000, 759_338, 0.003419883523218883, 21.5651872547708),
        ] as [(UInt64, UInt64, Double, Double)])
    func scores(n: UInt64, k: UInt64, error: Double, score: Double) throws {
        let wins = try #require(WinCount(trials: n, wins: k))
        #expect(close(8 * wins.standardError, error, 1e-6))
        let z = (Double(k) - 0.75 * Double(n)) / (0.1875 * Double(n)).squareRoot()
        #expect(close(z, score, 1e-9))
    }

    @Test("Hensen 2015 gives p = 0.03908, with τ = 1.08e-5 0.03911")
    func hensen() throws {
        let wins = try #require(WinCount(trials: 245, wins: 196))
        #expect(close(wins.log10PValue(.uniform), log10(0.039077671389657224), 1e-12))
        #expect(close(wins.log10PValue(model(1.08e-5)), log10(0.03910997241371401), 1e-12))
    }

    // The published p < 1e-108 of Storz et al., Nature 617, 265 (2023), is the plain binomial bound at n = 2^20.
    @Test(
        "Storz 2023 gives log10 p = −108.51 at n = 2^20",
        arguments: [
            (1_048_576, 796_223, 0, -108.50973242078832), (1_048_576, 796_223, 1e-5, -108.28262416242569),
            (1_048_576, 796_223, 1e-4, -106.24948899295306), (1_048_576, 796_223, 1e-3, -86.99078096474078),
            (1_048_576, 796_223, 5e-3, -24.933470009522615), (1_000_000, 759_338, 0, -103.56558598532024),
            (1_000_000, 759_338, 1e-5, -103.34896480733913), (1_000_000, 759_338, 1e-4, -101.40971022742349),
            (1_000_000, 759_338, 1e-3, -83.04001049260208), (1_000_000, 759_338, 5e-3, -23.839788522384328),
        ] as [(UInt64, UInt64, Double, Double)])
    func storz(n: UInt64, k: UInt64, tau: Double, expected: Double) throws {
        let wins = try #require(WinCount(trials: n, wins: k))
        #expect(close(wins.log10PValue(model(tau)), expected, 1e-11))
    }

    @Test("The p-value falls with wins, grows with bias, and S = 2 gives about one half")
    func monotonic() throws {
        var last = 1.0
        for k in stride(from: UInt64(0), through: 1000, by: 50) {
            let p = try #require(WinCount(trials: 1000, wins: k)).log10PValue(.uniform)
            #expect(p <= last && p <= 0)
            last = p
        }
        let local = try #require(WinCount(trials: 1 << 20, wins: 3 << 18))
        #expect(abs(pow(10, local.log10PValue(.uniform)) - 0.5) < 0.01)
    }

    @Test("More wins than trials are refused, the ends are exact")
    func boundaries() throws {
        #expect(WinCount(trials: 1, wins: 2) == nil)
        let none = try #require(WinCount(trials: 0, wins: 0))
        #expect(none.probability == 0 && none.log10PValue(.uniform) == 0 && none.estimate == -4)
        let all = try #require(WinCount(trials: 1 << 28, wins: 1 << 28))
        #expect(close(all.log10PValue(.uniform), Double(1 << 28) * log10(0.75), 1e-13))
    }

    @Test("Holm's adjustment multiplies, keeps the order and stays ≤ 1")
    func holm() {
        let p = [0.01, 0.04, 0.03, 0.005].map { log10($0) }
        let adjusted = holmAdjusted(log10P: p).map { pow(10, $0) }
        for (value, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { #expect(close(value, expected, 1e-12)) }
        #expect(holmAdjusted(log10P: [0, 0]) == [0, 0])
        #expect(holmAdjusted(log10P: []).isEmpty)
    }
}
