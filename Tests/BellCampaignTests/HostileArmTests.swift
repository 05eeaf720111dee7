import BellCampaign
import BellModel
import Testing

@Suite("Arms from hostile boards") struct HostileArmTests {
    private func chunk(_ first: UInt64, _ count: Int, fill: UInt8 = 0) -> HalfChunk {
        HalfChunk(
            node: .alice, firstIndex: first, firstPulse: 1, bootID: 1,
            records: [UInt8](repeating: fill, count: 32 * count))
    }

    @Test("Pieces outside the arm are refused, at the ends of the number range too")
    func outside() {
        var collector = ArmCollector(arm: Arm(number: 0, block: 0, firstIndex: 100, count: 10))
        for (first, count) in [
            (UInt64(99), 1), (99, 2), (105, 6), (110, 1), (.max, 1), (.max - 1, 2), (0, 1), (100, 0),
        ] {
            let isTaken = collector.add(chunk(first, count))
            #expect(!isTaken, "\(first) + \(count)")
        }
        let answers = [collector.add(chunk(100, 10)), collector.add(chunk(100, 10))]
        #expect(answers == [true, true])
        #expect(collector.received.alice == 10 && collector.halves.alice.count == 1)
    }

    @Test("A board that says one thing and then another keeps both in the evidence, up to a bound")
    func contradicting() {
        var collector = ArmCollector(arm: Arm(number: 0, block: 0, firstIndex: 0, count: 5000))
        let answers = [collector.add(chunk(7, 1)), collector.add(chunk(7, 1, fill: 1))]
        #expect(answers == [true, true])
        #expect(
            collector.sortedHalves(.alice).map(\.records) == [
                [UInt8](repeating: 0, count: 32), .init(repeating: 1, count: 32),
            ])
        // More pieces than the outcome stream can name would leave the campaign without a certificate.
        for index in 8..<5000 as Range<UInt64> { _ = collector.add(chunk(index, 1)) }
        #expect(collector.halves.alice.count == ArmCollector.mostPieces)
    }

    @Test("A board that lies about its end only loses its own trials")
    func lies() {
        var collector = ArmCollector(arm: Arm(number: 3, block: 0, firstIndex: 0, count: 8))
        collector.end(.alice, made: .max)
        #expect(collector.missing(.alice) == UInt64(UInt32.max))
        collector.end(.alice, made: 0)
        #expect(collector.missing(.alice) == 0 && !collector.isComplete)
        collector.add([ClockRecord(pulse: .max, tick: .max), ClockRecord(pulse: 0, tick: 5)], of: .alice)
        collector.add([ClockRecord(pulse: 0, tick: 4)], of: .alice)
        #expect(collector.sortedClocks(.alice).map(\.tick) == [4, 5, .max])
    }
}
