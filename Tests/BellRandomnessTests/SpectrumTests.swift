import CKernels
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct SpectrumTests {
    private static let n = 1_000_000

    /// Σ (±1) exp(−2πi jk/n) of a stream, term by term; what decides for magnitudes near the threshold.
    private func magnitude(_ bytes: [UInt8], _ frequency: Int) -> Double {
        bell_sp22_magnitude(bytes, SpectrumTests.n, frequency)
    }

    @Test("The sum term by term is n² for a stream's own frequency and 0 for others")
    func ownFrequency() {
        let square = Double(SpectrumTests.n) * Double(SpectrumTests.n)
        let ones = [UInt8](repeating: 0xff, count: 125_000)
        #expect(magnitude(ones, 0) == square)
        #expect(magnitude(ones, 12_345) < 1e-12)
        let alternating = [UInt8](repeating: 0xaa, count: 125_000)
        #expect(abs(magnitude(alternating, 500_000) / square - 1) < 1e-15)
        // + + − −: (1 − i)(1 + 1) of each four at n/4.
        let fours = [UInt8](repeating: 0xcc, count: 125_000)
        #expect(abs(magnitude(fours, 250_000) / (square / 2) - 1) < 1e-15)
    }

    @Test("Over all frequencies of a residue class the squares add up as Parseval says")
    func parseval() {
        // A stream of period 8 has only the frequencies k n/8, and their squares are n² in all.
        let periodic = [UInt8](repeating: 0b1011_0010, count: 125_000)
        let sum = (0..<8).reduce(0) { $0 + magnitude(periodic, $1 * 125_000) }
        #expect(abs(sum / 1e12 - 1) < 1e-14)
    }

    @Test("The transform counts what the sum term by term counts, on every level", arguments: 0...2)
    func periodic(level: Int) throws {
        // Of the first half only n/8, n/4 and 3n/8 are not 0.
        let periodic = [UInt8](repeating: 0b1011_0010, count: 125_000) + [UInt8](repeating: 0b1011_0010, count: 64)
        let large = (0..<4).count { magnitude(periodic, $0 * 125_000) > 3e6 }
        let below = try periodic.withUnsafeBufferPointer { bits in
            try Spectrum(.standard).below(#require(bits.baseAddress), level: Int32(level))
        }
        #expect(below == 500_000 - large)
        #expect(large == 3)
    }
}
