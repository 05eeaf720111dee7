import BellModel
import Foundation
import Testing

@testable import BellStatistics

@Suite struct MinEntropyTests {
    @Test("The exact curve agrees to 1e-6 and is never above", arguments: curvePoints.indices)
    func exactCurve(index: Int) {
        let point = curvePoints[index]
        let f = GuessingCurve.exact.bits(at: point.value)
        #expect(f <= point.exact + 1e-13, "f(\(point.value))")
        #expect(point.exact - f < 1e-6, "f(\(point.value))")
    }

    @Test("The analytic and the no-signalling curve agree")
    func otherCurves() {
        for point in curvePoints {
            #expect(close(GuessingCurve.analytic.bits(at: point.value), point.analytic, 1e-12))
            #expect(close(GuessingCurve.noSignalling.bits(at: point.value), point.noSignalling, 1e-12))
        }
    }

    // Search over both angles in four dimensions (numpy, Nelder–Mead).
    @Test(
        "The supporting lines' constants agree",
        arguments: [
            (0.25, 1.5000000000000004), (0.3, 1.6009177430031163), (0.35, 1.705800782386898),
            (0.44, 1.9072185485388276), (0.54, 2.1471961729534357), (0.7115789473684211, 2.5845310975425266),
            (1.0168421052631578, 3.4021371329225802), (1.9644180827625712, 6.03243483000843),
            (8.864351262811219, 25.509463374172213), (40.0, 113.56616877241386),
        ])
    func lines(slope: Double, expected: Double) {
        #expect(close(GuessingCurve.constant(slope: slope), expected, 1e-12))
    }

    @Test("Every curve is 0 up to I = 2, grows, is convex, and exact ≥ analytic ≥ no-signalling")
    func shape() {
        for curve in GuessingCurve.allCases {
            #expect(curve.bits(at: -4) == 0 && curve.bits(at: 2) == 0 && curve.bits(at: .nan) == 0)
            #expect(curve.bits(at: 4.5) == curve.bits(at: curve.largestValue))
            var values: [Double] = []
            for step in 0...20 { values.append(curve.bits(at: 2 + 0.04 * Double(step))) }
            for i in 1..<20 {
                #expect(values[i] >= values[i - 1])
                #expect(values[i + 1] - 2 * values[i] + values[i - 1] > -1e-7)
            }
        }
        for value in [2.001, 2.1, 2.4, 2.7, 2.828] {
            let f = GuessingCurve.allCases.map { $0.bits(at: value) }
            #expect(f[0] >= f[1] - 1e-7 && f[1] >= f[2])
        }
    }

    @Test("Table 1 at 99 %: ε = 0.377349; 44.07, 40.57 and 0 bits")
    func table1Bound() throws {
        let bound = try #require(PironioBound(WinCount(table1, pattern: .minusOn11), model: .uniform, delta: 0.01))
        #expect(close(bound.epsilon(), 0.3773486931376004, 1e-14))
        #expect(close(bound.epsilon(curve: .noSignalling), 0.4420914933924861, 1e-14))
        #expect(close(bound.epsilon(.hoeffding), 0.22104574669624305, 1e-14))
        // NPA level 3 gives 44.06626, a stored table of supporting lines 44.06109.
        #expect(abs(bound.bits2010(.exact) - 44.0662) < 2e-4)
        #expect(close(bound.bits2010(.analytic), 40.56840979194716, 1e-9))
        #expect(bound.bits2010(.noSignalling) == 0)
        #expect(abs(bound.bits2010(.exact, .hoeffding) - 279.18) < 0.1)
    }

    @Test("The sound form is the formula at the threshold, less log2(1/ε′)")
    func soundForm() throws {
        let bound = try #require(PironioBound(WinCount(table1, pattern: .minusOn11), model: .uniform, delta: 0.01))
        let sound = try #require(bound.soundBits(threshold: bound.estimate, epsilonPrime: 0.125, .exact))
        #expect(close(sound, bound.bits2010(.exact) - 3, 1e-12))
        let lower = try #require(bound.soundBits(threshold: 2.4, epsilonPrime: 0.125, .exact))
        #expect(lower < sound)
        #expect(try #require(bound.soundBits(threshold: 2, epsilonPrime: 0.5, .exact)) == -1)
        for bad in [0, 1, -1, Double.nan] {
            #expect(bound.soundBits(threshold: 2.4, epsilonPrime: bad, .exact) == nil)
        }
    }

    // Computed apart with numpy and scipy from the 3×3 eigenproblem, n = 2^20, Î = 2.0747.
    @Test(
        "Storz 2023 against classical side information",
        arguments: [
            (0.01, 0.020237579, 23517.085, 0.011854899, 27446.292),
            (1e-6, 0.035052515, 16751.911, 0.020533288, 23379.790),
        ] as [(Double, Double, Double, Double, Double)])
    func storz(delta: Double, azuma: Double, bits: Double, hoeffding: Double, more: Double) throws {
        let bound = try #require(
            PironioBound(trials: 1 << 20, estimate: 2.0747, leastPair: 0.25, delta: delta))
        #expect(abs(bound.epsilon() - azuma) < 1e-9 && abs(bound.epsilon(.hoeffding) - hoeffding) < 1e-9)
        #expect(abs(bound.bits2010(.exact) - bits) < 0.01)
        #expect(abs(bound.bits2010(.exact, .hoeffding) - more) < 0.01)
    }

    @Test("A smaller δ, fewer trials or a bias give fewer bits")
    func monotonic() throws {
        func bits(n: UInt64 = 1 << 20, delta: Double = 1e-3, mu: Double = 0) throws -> Double {
            let wins = try #require(WinCount(trials: n, wins: UInt64(0.78 * Double(n))))
            return try #require(PironioBound(wins, model: model(mu), delta: delta)).bits2010(.exact)
        }
        let base = try bits()
        #expect(try bits(delta: 1e-9) < base && bits(n: 1 << 18) < base && bits(mu: 1e-3) < base)
        #expect(try bits(mu: 0.4) == 0)
    }

    @Test("The bound refuses impossible arguments")
    func refused() {
        #expect(PironioBound(trials: 0, estimate: 2.4, leastPair: 0.25, delta: 0.1) == nil)
        #expect(PironioBound(trials: 1, estimate: 2.4, leastPair: 0.3, delta: 0.1) == nil)
        #expect(PironioBound(trials: 1, estimate: .nan, leastPair: 0.25, delta: 0.1) == nil)
        for delta in [0, 1, -1, Double.nan] {
            #expect(PironioBound(trials: 1, estimate: 2.4, leastPair: 0.25, delta: delta) == nil)
        }
    }
}
