import BellModel
import BellTiming
import Testing

@Suite("Node clock")
struct NodeClockTests {
    private let period: UInt64 = 640_000  // 80 µs at 8 GHz

    private func scale(_ hertz: UInt64 = 8_000_000_000, period: UInt64 = 640_000) throws -> ClockScale {
        try ClockScale(rate: try #require(TickRate(numerator: hertz)), period: period)
    }

    @Test("A perfect clock: ticks after the pulse × 125 ps")
    func perfect() throws {
        let records = [0, 64, 100].map { ClockRecord(pulse: 1000 + $0, tick: 5_000_000 + $0 * period) }
        let clock = NodeClock(records: records, scale: try scale())
        for n in [0, 1, 63, 64, 65, 99, 100] as [UInt64] {
            let pulseTick = 5_000_000 + n * period
            #expect(clock.time(of: pulseTick, after: 1000 + n) == .zero)
            #expect(clock.time(of: pulseTick + 80_000, after: 1000 + n) == Picoseconds(10_000_000))
            #expect(clock.time(of: pulseTick - 8, after: 1000 + n) == Picoseconds(-1000))
        }
        #expect(clock.time(of: 5_000_000, after: 999) == nil)
        #expect(clock.time(of: 5_000_000 + 101 * period, after: 1101) == nil)
    }

    @Test("A drift of ±1 ppm drops out", arguments: [1, -1] as [Int64])
    func drift(sign: Int64) throws {
        // 10 000 pulses of 640 000 ticks at +1 ppm: 6400 ticks more.
        let ticks = UInt64(Int64(10_000 * period) + sign * 6_400)
        let clock = NodeClock(
            records: [ClockRecord(pulse: 0, tick: 0), ClockRecord(pulse: 10_000, tick: ticks)], scale: try scale())
        for pulse in [1, 2_500, 5_000, 10_000] as [UInt64] {
            // The true place of the pulse, and of an event 50 µs later, on the drifting clock.
            let start = Int64(pulse * period) + sign * Int64(pulse) * 6_400 / 10_000
            let event = start + 400_000 + sign * 400_000 / 1_000_000
            let time = try #require(clock.time(of: UInt64(event), after: pulse))
            // The event's tick was rounded by up to two ticks above; the drift itself would be 800 000 ps at the end.
            #expect(abs(time.count - 50_000_000) <= 250)
        }
    }

    @Test("The drift's fraction is interpolated: one tick over four pulses")
    func fraction() throws {
        let clock = NodeClock(
            records: [ClockRecord(pulse: 0, tick: 0), ClockRecord(pulse: 4, tick: 4 * 16_000 + 4)],
            scale: try scale(period: 16_000))
        // Pulse 1 lies at tick 16 001.
        #expect(clock.time(of: 16_001, after: 1) == .zero)
        let half = NodeClock(
            records: [ClockRecord(pulse: 0, tick: 0), ClockRecord(pulse: 4, tick: 4 * 16_000 + 2)],
            scale: try scale(period: 16_000))
        // Pulse 1 lies at tick 16 000.5, so tick 16 001 comes 62.5 ps later, less the rate's 4 · 10^-6.
        #expect(half.time(of: 16_001, after: 1) == Picoseconds(62))
        #expect(half.time(of: 16_000, after: 1) == Picoseconds(-63))
    }

    @Test("A slipped pulse spoils its stretch only")
    func slip() throws {
        let records = (0...4).map { k in
            let pulse = UInt64(k) * 64
            return ClockRecord(pulse: pulse, tick: (pulse + (k >= 3 ? 1 : 0)) * period)
        }
        let clock = NodeClock(records: records, scale: try scale())
        #expect(clock.segments.map(\.firstPulse) == [0, 64, 192])
        #expect(clock.time(of: 128 * period, after: 128) == .zero)
        #expect(clock.time(of: 150 * period, after: 150) == nil)
        #expect(clock.time(of: 193 * period, after: 192) == .zero)
    }

    @Test("Order and repeats do not matter")
    func order() throws {
        let records = (0...16).map { ClockRecord(pulse: UInt64($0) * 64, tick: 77 + UInt64($0) * 64 * period) }
        let clock = NodeClock(records: records, scale: try scale())
        let shuffled = NodeClock(records: (records + records.prefix(5)).shuffled(), scale: try scale())
        #expect(clock.segments == shuffled.segments)
        #expect(clock.segments.count == 16)
    }

    @Test("Two ticks for one pulse: neither neighbour is trusted")
    func contradiction() throws {
        var records = (0...4).map { ClockRecord(pulse: UInt64($0) * 64, tick: UInt64($0) * 64 * period) }
        records.append(ClockRecord(pulse: 128, tick: 128 * period + 1))
        let clock = NodeClock(records: records, scale: try scale())
        #expect(clock.segments.map(\.firstPulse) == [0, 192])
        #expect(clock.segments.map(\.lastPulse) == [64, 256])
    }

    @Test("One record gives the nominal rate for its pulse; none gives nothing; two that disagree give nothing")
    func few() throws {
        let record = ClockRecord(pulse: 7, tick: 1_000_000)
        let clock = NodeClock(records: [record, record], scale: try scale())
        #expect(clock.time(of: 1_000_008, after: 7) == Picoseconds(1000))
        #expect(clock.time(of: 1_640_008, after: 8) == nil)
        #expect(NodeClock(scale: try scale()).time(of: 0, after: 0) == nil)
        let wrong = NodeClock(records: [record, ClockRecord(pulse: 7, tick: 2)], scale: try scale())
        #expect(wrong.segments.isEmpty)
    }

    @Test("A tick outside its pulse's period has no time")
    func place() throws {
        let records = [ClockRecord(pulse: 0, tick: 1 << 40), ClockRecord(pulse: 9, tick: 1 << 40 + 9 * period)]
        let clock = NodeClock(records: records, scale: try scale())
        let base: UInt64 = 1 << 40 + period
        #expect(clock.time(of: base + period, after: 1) == Picoseconds(80_000_000))
        #expect(clock.time(of: base + period + 1, after: 1) == nil)
        #expect(clock.time(of: base - period / 16, after: 1) == Picoseconds(-5_000_000))
        #expect(clock.time(of: base - period / 16 - 1, after: 1) == nil)
        for hostile in [0, UInt64.max, 1 << 63] { #expect(clock.time(of: hostile, after: 1) == nil) }
    }

    @Test("Hostile records never trap")
    func hostile() throws {
        let values: [UInt64] = [0, 1, 639_999, 1 << 31, 1 << 62, 1 << 63, .max - 1, .max]
        let scale = try scale()
        var asked = 0
        for a in values {
            for b in values {
                for c in values {
                    let records = [
                        ClockRecord(pulse: a, tick: b), ClockRecord(pulse: b, tick: c), ClockRecord(pulse: c, tick: a),
                    ]
                    let clock = NodeClock(records: records, scale: scale)
                    for pulse in values {
                        for tick in values { asked += clock.time(of: tick, after: pulse) == nil ? 1 : 1 }
                    }
                }
            }
        }
        #expect(asked == 8 * 8 * 8 * 64)
    }

    @Test("The fixed-point duration is the exact one rounded up", arguments: [0, 1, 2, 3, 857, 1 << 20, UInt32.max])
    func duration(ticks: UInt32) throws {
        for hertz in [8_000_000_000, 8_000_000, 3_000_000_000, 1_000_000_007] as [UInt64] {
            let scale = try scale(hertz, period: 1 << 16)
            let exact = try #require(try TickConverter(scale.rate).picosecondsRoundedUp(UInt64(ticks)))
            let difference = scale.duration(ticks) - exact.count
            #expect(difference == 0 || (difference == 1 && 1_000_000_000_000 % hertz != 0))
        }
    }

    @Test(
        "Impossible periods, rates and limits are refused",
        arguments: [
            (8_000_000_000, 15, 100), (8_000_000_000, 1 << 41, 100), (7_999_999, 1 << 10, 100),
            (8_000_000_000, 1 << 10, 0), (8_000_000_000, 1 << 10, 10_001), (8_000_000, 1 << 40, 100),
        ] as [(UInt64, UInt64, UInt32)])
    func refused(hertz: UInt64, period: UInt64, limit: UInt32) throws {
        let rate = try #require(TickRate(numerator: hertz))
        #expect(throws: BellError.self) { try ClockScale(rate: rate, period: period, driftLimit: limit) }
    }

    @Test("Shifting one pulse delay shifts the difference of times")
    func model() throws {
        let records = [ClockRecord(pulse: 0, tick: 0), ClockRecord(pulse: 10, tick: 10 * period)]
        var survey = TimingSurveyTests.survey
        let scales = PerNode(alice: try scale(), bob: try scale())
        let both = PerNode(alice: records, bob: records)
        #expect(
            ClockModel(records: both, scales: scales, survey: survey)
                .difference(aliceTick: 80, bobTick: 0, pulse: 0) == nil)
        survey.stations.bob.pulseDelay = Picoseconds(150_000)
        let model = ClockModel(records: both, scales: scales, survey: survey)
        #expect(model.difference(aliceTick: 80, bobTick: 0, pulse: 0) == Picoseconds(20_000))
    }
}
