import BellModel
import BellTiming
import Testing

@Suite("Tick conversion")
struct TickConverterTests {
    private func converter(_ numerator: UInt64, _ denominator: UInt64 = 1) throws -> TickConverter {
        try TickConverter(try #require(TickRate(numerator: numerator, denominator: denominator)))
    }

    @Test("8 GHz ticks last 125 ps exactly, over the whole counter")
    func exact() throws {
        let converter = try converter(8_000_000_000)
        #expect(converter.picoseconds(0) == .zero)
        #expect(converter.picoseconds(1) == Picoseconds(125))
        #expect(converter.picoseconds(640_000) == Picoseconds(80_000_000))
        // A year of ticks: a Double would be wrong by thousands of picoseconds.
        #expect(converter.picoseconds(70_000_000_000_000_001) == Picoseconds(8_750_000_000_000_000_125))
    }

    @Test("A time that does not fit 64 bits is nil, not a trap")
    func overflow() throws {
        #expect(try converter(8_000_000_000).picoseconds(.max) == nil)
        #expect(try converter(1_000).picosecondsRoundedUp(.max) == nil)
        #expect(try converter(1_000_000_000_000).picoseconds(UInt64(Int64.max)) == Picoseconds(Int64.max))
    }

    @Test("Rates with a remainder round down and up", arguments: [1, 2, 3, 1_000, 999_999_999] as [UInt64])
    func rounding(ticks: UInt64) throws {
        let converter = try converter(3_000_000_000)  // 333 ⅓ ps
        let down = Int64(ticks * 1000 / 3)
        #expect(converter.picoseconds(ticks) == Picoseconds(down))
        #expect(converter.picosecondsRoundedUp(ticks) == Picoseconds(ticks % 3 == 0 ? down : down + 1))
        #expect(converter.ticks(nearest: Picoseconds(down)) == ticks)
    }

    @Test("A rational rate is kept rational: 10 MHz · 1001/1000")
    func rational() throws {
        let converter = try converter(10_010_000_000, 1000)
        #expect(converter.picoseconds(10_010_000) == Picoseconds(1_000_000_000_000))
    }

    @Test("A denominator over 2^24 in lowest terms is refused")
    func refused() throws {
        let rate = try #require(TickRate(numerator: 1 << 60, denominator: (1 << 25) + 1))
        let error = #expect(throws: BellError.self) { try TickConverter(rate) }
        #expect(error?.code == .timingRate)
        let reducible = try #require(TickRate(numerator: 8_000_000_000 << 25, denominator: 1 << 25))
        #expect(try TickConverter(reducible).picoseconds(8) == Picoseconds(1000))
    }

    @Test("Light needs 109 489 ps for 32.824 m, rounded down")
    func light() {
        // 32.824 / 299 792 458 s = 109.48908… ns
        #expect(SpeedOfLight.travelTime(metres: 32.824) == Picoseconds(109_489))
        #expect(SpeedOfLight.travelTime(metres: 30) == Picoseconds(100_069))
        #expect(SpeedOfLight.travelTime(metres: 32.9) == Picoseconds(109_742))
        #expect(SpeedOfLight.travelTime(metres: 0) == .zero)
        for impossible in [-1.0, 1e7, .nan, .infinity] { #expect(SpeedOfLight.travelTime(metres: impossible) == nil) }
    }
}
