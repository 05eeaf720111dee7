import BellModel
import DriverKit
import Testing

@testable import BellCampaign

@Suite struct ArmCollectorTests {
    @Test(
        "what a board did not come to sign before it died has not come; a whole arm is kept as it is",
        arguments: [nil, 7, 8] as [UInt32?], [false, true])
    func unsigned(made: UInt32?, isFirstSigned: Bool) throws {
        var collector = ArmCollector(arm: Arm(number: 3, block: 0, firstIndex: 100, count: 8))
        for first in [100, 104] as [UInt64] {
            let records = TrialRecord.bytes(
                of: (0..<4).map {
                    TrialRecord(
                        index: first + $0, startTick: $0, stopDelta: 1, setting: 0, outcome: 0, flags: .simulated)
                })
            let isTaken = collector.add(
                HalfChunk(node: .alice, firstIndex: first, firstPulse: first, bootID: 1, records: records))
            #expect(isTaken)
        }
        if isFirstSigned {
            collector.add(
                ChunkSignature(
                    campaign: try #require(CampaignID(bytes: [UInt8](repeating: 1, count: 16))), arm: 3, bootID: 1,
                    firstIndex: 100, count: 4, digest: .zero), of: .alice)
        }
        if let made { collector.end(.alice, made: made) }
        #expect(collector.sortedHalves(.alice).map(\.firstIndex) == [100, 104])
        let kept: [UInt64] = made == 8 ? [100, 104] : isFirstSigned ? [100] : []
        #expect(collector.signedHalves(.alice).map(\.firstIndex) == kept)
    }

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

    @Test("a chunk's signature is the first that came for its place, boot and count")
    func signatures() throws {
        var collector = ArmCollector(arm: arm)
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 1, count: 16)))
        _ = collector.add(chunk(100, 10))
        func sign(_ first: UInt64, arm: UInt64 = 3, count: UInt32 = 10, boot: UInt64 = 1, _ byte: UInt8) {
            collector.add(
                ChunkSignature(
                    campaign: campaign, arm: arm, bootID: boot, firstIndex: first, count: count, digest: .zero,
                    signature: [UInt8](repeating: byte, count: 64)), of: .alice)
        }
        sign(110, 1)
        sign(100, arm: 2, 2)
        sign(100, count: 9, 3)
        sign(100, boot: 2, 4)
        #expect(collector.signature(of: chunk(100, 10)) == nil)
        sign(100, 5)
        sign(100, 6)
        #expect(collector.signature(of: chunk(100, 10))?.first == 5)
        #expect(collector.signature(of: chunk(110, 10))?.first == 1)
        #expect(collector.signature(of: chunk(100, 10, .bob)) == nil)
    }

    @Test("a board cannot fill the memory with signatures")
    func flood() throws {
        var collector = ArmCollector(arm: arm)
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 1, count: 16)))
        for boot in 0..<2000 as Range<UInt64> {
            collector.add(
                ChunkSignature(
                    campaign: campaign, arm: 3, bootID: boot, firstIndex: 100, count: 10, digest: .zero,
                    signature: [UInt8](repeating: 1, count: 64)), of: .bob)
        }
        #expect(collector.signature(of: chunk(100, 10, .bob, boot: 5)) != nil)
        #expect(collector.signature(of: chunk(100, 10, .bob, boot: 1999)) == nil)
    }
}
