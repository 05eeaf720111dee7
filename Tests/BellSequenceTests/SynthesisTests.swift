import BellModel
import Testing

@testable import BellSequence

@Suite("Waveform synthesis")
struct SynthesisTests {
    @Test(
        "is the formula bit for bit, for every length and DRAG coefficient", arguments: PulseShape.Envelope.allCases,
        [0.0, 0.13, -0.4])
    func exact(envelope: PulseShape.Envelope, beta: Double) {
        for count in Array(1...200) + [1000, 4097, 65_536] {
            for width in [0.08, 0.25, 1.7, 30] {
                let time = 0.5 * Double(count)
                let shape = PulseShape(
                    envelope: envelope, duration: Picoseconds(nanoseconds: time), sigma: width * time,
                    place: PartsTests.place)
                #expect(shape.waveform(samples: count, beta: beta) == shape.exact(count, beta), "\(count) \(width)")
            }
        }
    }

    @Test("refuses a DRAG quadrature past full scale, and no pulse below it")
    func fullScale() {
        let shape = PulseShape(envelope: .cosine, duration: Picoseconds(12_000), place: PartsTests.place)
        // I² + Q² = (1 − c)²/4 + (βπ/T)² (1 − c²) has its largest value, 1, in the middle while (βπ/T)² ≤ 1/2: β ≤ 2.7 ns.
        #expect(shape.waveform(samples: 24, beta: 2.6) != nil)
        #expect(shape.waveform(samples: 24, beta: 4) == nil)
        #expect(shape.waveform(samples: 24, beta: .nan) == nil)
        #expect(shape.waveform(samples: 0)?.i == [])
    }
}
