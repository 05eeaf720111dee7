import BellModel
import Foundation
import Testing

@testable import MockLab

@Suite("The shape of the photon")
struct LinkModeTests {
    private func mode(_ samples: Int, start: Double, cosine: Bool) throws -> LinkMode {
        let value = { (k: Int) -> Int16 in
            cosine ? Int16(32_767 * (0.5 - 0.5 * cos(2 * .pi * (Double(k) + 0.5) / Double(samples)))) : 32_767
        }
        let event = ProgramEvent(kind: .emit, tick: 0, duration: 4 * UInt32(samples), waveform: 0, amplitude: 30_000)
        let program = NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 1, inputBits: .board,
            waveforms: [Waveform(i: (0..<samples).map(value), q: [Int16](repeating: 0, count: samples))],
            events: [event], discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
        return LinkMode(event: event, program: program, origin: start)
    }

    @Test("Equal shapes overlap by 1, shifted squares by the square of what is common")
    func squares() throws {
        let sent = try mode(200, start: 0, cosine: false)
        for (late, expected) in [(0.0, 1.0), (10e-9, 0.81), (-50e-9, 0.25), (300e-9, 0)] {
            let taken = try mode(200, start: 1e-6 + late, cosine: false)
            let overlap = LinkMode.overlap(emission: sent, absorption: taken, delay: 1e-6, spread: .infinity)
            #expect(abs(overlap - expected) < 0.005)
        }
    }

    @Test("A photon of 160 ns fits a pulse of 320 ns only when the resonators widen it")
    func widened() throws {
        let sent = try mode(320, start: 0, cosine: true)
        let taken = try mode(640, start: 70e-9, cosine: true)
        let plain = LinkMode.overlap(emission: sent, absorption: taken, delay: 150e-9, spread: .infinity)
        // ∫ of the two cosines' product over the square root of their norms, T and 2T long, in closed form.
        let pi = Double.pi
        let product = 0.25 * (1 + 2 / pi + 2 / (3 * pi))
        let closed = product * product / (3.0 / 8 * 3 / 4)
        #expect(abs(plain - closed) < 2e-3)
        let wide = LinkMode.overlap(emission: sent, absorption: taken, delay: 150e-9, spread: 50e-9)
        #expect(wide > 0.98)
        let late = LinkMode.overlap(emission: sent, absorption: taken, delay: 90e-9, spread: 50e-9)
        #expect(late < wide - 0.1)
    }

    @Test("With shapes a late absorption costs S what the overlap says", arguments: [UInt32(0), 40, 160])
    func late(ticks: UInt32) throws {
        var truth = HandMadeProgram.truth
        truth.link.isShaped = true
        let s = BellPhysics(programs: try HandMadeProgram(flight: 1_200 + ticks).pair, truth: truth).sValue()
        // Squares of 800 ticks: a part 1 − late/800 of the amplitude.
        #expect(abs(s - 2 * 2.0.squareRoot() * (1 - Double(ticks) / 800)) < 0.01)
    }
}
