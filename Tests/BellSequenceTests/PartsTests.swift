import BellModel
import Testing

@testable import BellSequence

@Suite("Parts of the compiler")
struct PartsTests {
    static let place = SourcePlace(file: "test.yaml", line: 1)

    @Test("the cosine envelope has half its duration as area and symmetric samples", arguments: [2, 24, 25, 640])
    func cosine(samples: Int) throws {
        let shape = PulseShape(envelope: .cosine, duration: Picoseconds(12_000), place: Self.place)
        let waveform = try #require(shape.waveform(samples: samples))
        let sum = waveform.i.reduce(0) { $0 + Int($1) }
        #expect(abs(Double(sum) / 32_767 - Double(samples) / 2) < 1e-4 * Double(samples) + 1e-3)
        #expect(zip(waveform.i, waveform.i.reversed()).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        #expect(waveform.q.allSatisfy { $0 == 0 })
    }

    @Test("the rectangle is full scale")
    func rectangle() throws {
        let shape = PulseShape(envelope: .rectangle, duration: Picoseconds(5_000), place: Self.place)
        #expect(try #require(shape.waveform(samples: 3)).i == [32_767, 32_767, 32_767])
    }

    @Test("the Gaussian is 1 in the middle and falls to nearly 0 at its ends")
    func gaussian() throws {
        let shape = PulseShape(envelope: .gaussian, duration: Picoseconds(20_000), sigma: 4, place: Self.place)
        let waveform = try #require(shape.waveform(samples: 41))
        #expect(waveform.i[20] == 32_767)
        #expect(waveform.i[0] >= 0)
        #expect(waveform.i[0] < 1_000)
        // exp(−½) lowered and stretched: (0.6065 − 0.0439)/(1 − 0.0439) at one σ, 8.2 samples from the middle.
        let t = 4.0
        let nearest = 20 + Int((t * 41 / 20).rounded())
        #expect(abs(Double(waveform.i[nearest]) / 32_767 - 0.5884) < 0.02)
    }

    @Test("DRAG adds β times the slope, antisymmetric, and is refused past full scale")
    func drag() throws {
        let shape = PulseShape(envelope: .cosine, duration: Picoseconds(12_000), place: Self.place)
        let waveform = try #require(shape.waveform(samples: 24, beta: 0.5))
        #expect(waveform.q == waveform.q.reversed().map { -$0 })
        // The steepest slope is π/T = 0.2618/ns, a quarter into the pulse; sample 5 lies at 2.75 ns.
        let slope = 0.5 * 0.2618 * 0.9914
        #expect(abs(Double(waveform.q[5]) / 32_767 - slope) < 1e-3)
        #expect(shape.waveform(samples: 24, beta: 5) == nil)
    }

    @Test("a grid finds the nearest step and how far off a time is, exactly")
    func grid() throws {
        let grid = Grid(rate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4)
        for (time, step, ticks, off) in [
            (Int64(0), Int64(1), Int64(0), 0.0), (125, 1, 1, 0), (150, 1, 1, 25), (-125, 1, -1, 0), (-150, 1, -1, -25),
            (600, 4, 4, 100), (900, 4, 8, -100), (400_000_000_000, 1, 3_200_000_000, 0),
        ] {
            let fit = grid.fit(Picoseconds(time), step: step)
            #expect(fit.ticks == ticks)
            #expect(fit.off == off)
        }
        // Three ticks of a third of a nanosecond.
        let thirds = Grid(rate: try #require(TickRate(numerator: 3_000_000_000)), ticksPerSample: 1)
        #expect(thirds.fit(Picoseconds(333), step: 1).ticks == 1)
        #expect(abs(thirds.fit(Picoseconds(333), step: 1).off + 1.0 / 3) < 1e-12)
        #expect(thirds.time(2) == Picoseconds(667))
        #expect(thirds.time(-2) == Picoseconds(-667))
    }

    @Test("a grid's extremes are clamped, never trapped")
    func gridExtremes() throws {
        let grid = Grid(rate: try #require(TickRate(numerator: 1_000_000_000_000)), ticksPerSample: 1)
        #expect(grid.fit(Picoseconds(.max), step: 1).ticks == .max)
        #expect(grid.fit(Picoseconds(.min), step: 1).ticks == .min)
        #expect(grid.time(.max).count == .max)
    }

    @Test("phases are fractions of a turn, whole turns vanish")
    func phases() {
        for (turns, phase) in [
            (0.0, UInt32(0)), (0.25, 1 << 30), (-0.25, 3 << 30), (1.5, 1 << 31), (-2, 0), (1 - 1e-12, 0),
        ] {
            #expect(ProgramWriter.phase(turns) == phase)
        }
    }

    @Test("numbers are written as people read them")
    func numbers() {
        #expect(Format.fixed(2.25, 1) == "2.3")
        #expect(Format.fixed(-0.04, 1) == "0.0")
        #expect(Format.fixed(-0.05, 2) == "-0.05")
        #expect(Format.fixed(1e300, 1) == "1e+300")
        #expect(Format.ns(109_489) == "109.489")
        #expect(Format.ns(50_000) == "50.0")
        #expect(Format.ns(-25) == "-0.025")
        #expect(Format.nsUp(1545.3) == "1.55")
        #expect(Format.number(5) == "5")
        #expect(Format.number(0.1 + 0.2) == "0.3")
        #expect(Format.number(0.757576) == "0.757576")
    }

    @Test("times in UTC are told from others")
    func utc() {
        for good in ["2026-11-20T06:12:00Z", "2026-11-20T06:12:00.125Z"] { #expect(CalibratedValue.isUTC(good)) }
        for bad in ["", "Z", "2026-11-20", "2026-11-20T06:12:00", "2026-11-20T06:12:00.Z", "2026-11-20 06:12:00Z"] {
            #expect(!CalibratedValue.isUTC(bad))
        }
    }
}
