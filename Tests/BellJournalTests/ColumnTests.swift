import BellModel
import Testing
import TestSupport

@testable import BellJournal

@Suite("Columns")
struct ColumnTests {
    private func roundTrip(_ records: [UInt8]) throws -> Int {
        let encoded = ColumnEncoder().encode(records: records)
        #expect(try ColumnDecoder().records(encoded, count: records.count / 32) == records)
        return encoded.count
    }

    @Test("Any bytes come back exactly", arguments: 0..<40)
    func anyBytes(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        let count = Int.random(in: 0...200, using: &dice)
        var records = (0..<count * 32).map { _ in UInt8.random(in: 0...255, using: &dice) }
        // Some columns constant, some extreme.
        for offset in 0..<32 where Bool.random(using: &dice) {
            let byte: UInt8 = [0, 1, 127, 128, 255].randomElement(using: &dice) ?? 0
            for i in 0..<count where seed % 3 > 0 || i % 2 == 0 { records[i * 32 + offset] = byte }
        }
        _ = try roundTrip(records)
    }

    @Test(
        "Laboratory records come back exactly, and both nodes need about 10 bytes a trial",
        arguments: [1, 1024, 16_384])
    func size(count: Int) throws {
        var dice = SplitMix(seed: 1)
        let alice = try roundTrip(Fixture.records(first: 77, count: count, dice: &dice))
        let bob = try roundTrip(Fixture.records(first: 77, count: count, dice: &dice))
        let perTrial = Double(alice + bob) / Double(count)
        #expect(perTrial < (count == 1 ? 300 : 11), "\(perTrial) bytes a trial")
    }

    @Test("Clock records and statuses come back exactly, whatever they are", arguments: 0..<20)
    func others(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        let clocks = (0..<Int.random(in: 0...300, using: &dice)).map { i in
            seed % 2 == 0
                ? ClockRecord(pulse: UInt64(i) * 64, tick: UInt64(i) * 40_960_000 + 5)
                : ClockRecord(pulse: dice.next(), tick: dice.next())
        }
        #expect(try ColumnDecoder().clocks(ColumnEncoder().encode(clocks: clocks)) == clocks)
        let statuses = clocks.map { UInt8(truncatingIfNeeded: $0.tick) }
        let encoded = ColumnEncoder().encode(statuses: statuses)
        #expect(try ColumnDecoder().statuses(encoded, count: statuses.count) == statuses)
    }

    @Test("An encoder gives the same bytes whatever it encoded before")
    func reuse() {
        var dice = SplitMix(seed: 5)
        let (long, short) = (
            Fixture.records(first: 0, count: 500, dice: &dice), Fixture.records(first: 9, count: 20, dice: &dice)
        )
        let encoder = ColumnEncoder()
        for records in [long, short, long] {
            #expect(encoder.encode(records: records) == ColumnEncoder().encode(records: records))
        }
    }

    @Test("Columns that are cut short, too long or changed never crash; hardly any change goes unseen")
    func hostile() throws {
        var dice = SplitMix(seed: 11)
        let records = Fixture.records(first: 3, count: 64, dice: &dice)
        let encoded = ColumnEncoder().encode(records: records)
        let decoder = ColumnDecoder()
        for length in 0..<encoded.count {
            let error = #expect(throws: BellError.self) { try decoder.records(Array(encoded[..<length]), count: 64) }
            #expect(error?.code == .journalDamaged)
        }
        #expect(throws: BellError.self) { try decoder.records(encoded + [0], count: 64) }
        for count in [-1, 0, 63, 65, 1 << 24 + 1, Int.max] {
            #expect(throws: BellError.self) { try decoder.records(encoded, count: count) }
        }
        var (refused, unseen) = (0, 0)
        for bit in 0..<encoded.count * 8 {
            var changed = encoded
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            do {
                if try decoder.records(changed, count: 64) == records { unseen += 1 }
            } catch {
                refused += 1
            }
        }
        // A few bits of a zstd frame's header do not matter for its content.
        #expect(refused > 0 && unseen < encoded.count / 20, "\(unseen) of \(encoded.count * 8)")
        for _ in 0..<2000 {
            let noise = (0..<Int.random(in: 0...80, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(throws: BellError.self) { try decoder.records([1] + noise, count: 64) }
        }
    }

    @Test(
        "A line ends on its last value, rises and falls, and takes any numbers",
        arguments: [
            (0, 10, 11), (5, -3, 7), (100, -1000, 33), (.max, .max, 5), (0, .min, 3), (7, 0, 1), (1 << 63, -1, 2),
        ] as [(UInt64, Int64, Int)])
    func line(first: UInt64, span: Int64, count: Int) {
        var guide = LineGuide(first: first, span: span, count: count)
        var last = first
        for _ in 0..<count { last = guide.next() }
        #expect(last == (count == 1 ? first : first &+ UInt64(bitPattern: span)))
    }
}
