import BellModel
import DriverKit
import Testing

@testable import BellCampaign

@Suite struct ArmCollectorTests {
    private let arm = Arm(number: 3, block: 0, firstIndex: 100, count: 20)

    private func chunk(_ first: UInt64, _ count: Int, _ node: Node = .alice, boot: UInt64 = 1) -> HalfChunk {
        HalfChunk(
            node: node, firstIndex: first, firstPulse: first, bootID: boot,
            records: [UInt8](repeating: 0, count: count * TrialRecord.byteCount))
    }

    @Test("pieces in any order come out in index order, repeats once")
    func order() {
        var collector = ArmCollector(arm: arm)
        for first in [110, 100, 110, 105] as [UInt64] { _ = collector.add(chunk(first, 5)) }
        #expect(collector.sortedHalves(.alice).map(\.firstIndex) == [100, 105, 110])
        #expect(collector.received.alice == 15)
        collector.end(.alice, made: 20)
        #expect(collector.missing(.alice) == 5)
        #expect(collector.missing(.bob) == 0)
        #expect(!collector.isComplete)
        collector.end(.bob, made: 0)
        #expect(collector.isComplete)
    }

    @Test(
        "a piece outside of the arm is refused",
        arguments: [(99, 1), (119, 2), (120, 1), (100, 0), (100, 21), (UInt64.max, 1)] as [(UInt64, Int)])
    func outside(first: UInt64, count: Int) {
        var collector = ArmCollector(arm: arm)
        let taken = collector.add(chunk(first, count))
        #expect(!taken)
        #expect(collector.received.alice == 0)
    }

    @Test("clock records are kept once each, in pulse order")
    func clocks() {
        var collector = ArmCollector(arm: arm)
        let records = [5, 1, 5, 3].map { ClockRecord(pulse: $0, tick: 10 * $0) }
        collector.add(records, of: .bob)
        collector.add(records, of: .bob)
        #expect(collector.sortedClocks(.bob).map(\.pulse) == [1, 3, 5])
        #expect(collector.sortedClocks(.alice).isEmpty)
    }

    @Test("signatures count only when every chunk has its own")
    func signatures() throws {
        var collector = ArmCollector(arm: arm)
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 1, count: 16)))
        _ = collector.add(chunk(100, 10))
        _ = collector.add(chunk(110, 10))
        func sign(_ first: UInt64, arm: UInt64 = 3) {
            collector.add(
                ChunkSignature(
                    campaign: campaign, arm: arm, bootID: 1, firstIndex: first, count: 10, digest: .zero,
                    signature: [UInt8](repeating: UInt8(first), count: 64)), of: .alice)
        }
        sign(110)
        sign(100, arm: 2)
        #expect(collector.signatures == nil)
        sign(100)
        #expect(collector.signatures?.alice.map { $0[0] } == [100, 110])
        #expect(collector.signatures?.bob == [])
    }
}
