import BellModel
import BellStream
import Testing
import TestSupport

/// A campaign made up for the tests: arms of random statuses, block ends, an end.
struct Recording {
    var campaign: CampaignID
    var begin: CampaignBegin
    var items: [StreamItem] = []
    var tally = TrialTally()

    /// Makes `blocks` blocks of `arms` arms of 1…64 trials.
    init(_ n: UInt8, blocks: Int = 3, arms: Int = 10, seed: UInt64 = 1) throws {
        campaign = try #require(CampaignID(bytes: [UInt8](repeating: n, count: 16)))
        begin = CampaignBegin(
            plan: ["name": "made up"], planHash: .zero, devices: [:], simulated: true, software: "test")
        var random = SplitMix(seed: seed)
        var next: UInt64 = 0
        var arm: UInt64 = 0
        for block in 0..<blocks {
            let first = next
            var tally = TrialTally()
            for _ in 0..<arms {
                let statuses = (0..<(1 + random.next() % 64)).map { _ in
                    let roll = UInt8(truncatingIfNeeded: random.next())
                    return roll < 240 ? roll & 15 : ((roll & 3) + 2) << 4
                }
                let hash = try #require(Digest(bytes: (0..<32).map { UInt8($0) &+ UInt8(truncatingIfNeeded: arm) }))
                let frame = OutcomesFrame(
                    arm: arm, firstIndex: next, leaves: PerNode(alice: hash, bob: .zero), statuses: statuses)
                tally += frame.tally
                next = frame.nextIndex
                arm += 1
                items.append(.outcomes(frame))
            }
            self.tally += tally
            items.append(
                .blockEnd(
                    BlockEnd(
                        number: UInt64(block), firstIndex: first, nextIndex: next, tally: tally, margins: [:],
                        calibrationHash: .zero, evidenceRoots: PerNode(alice: .zero, bob: .zero),
                        signatures: PerNode(alice: SignatureCount(), bob: SignatureCount()), audit: [:])))
        }
        items.append(.end(CampaignEnd(state: .completed, nextIndex: next, notRun: 0)))
    }
}

/// A sink in memory that keeps the sink's promises, and can be made to fail.
final class MemorySink: OutcomeSink {
    struct Campaign {
        var begin: CampaignBegin
        var arms: [OutcomesFrame] = []
        var blocks: [BlockEnd] = []
        var end: CampaignEnd?
        var nextIndex: UInt64 { arms.last?.nextIndex ?? 0 }
    }

    /// On disk, as it were.
    private(set) var durable: [CampaignID: Campaign] = [:]
    private(set) var working: [CampaignID: Campaign] = [:]
    private(set) var commits = 0
    /// Called before anything is stored.
    var fault: () throws(BellError) -> Void = {}

    private func contradiction(_ what: String) -> BellError { BellError(.streamContradiction, what) }

    func begin(_ campaign: CampaignID, _ begin: CampaignBegin) throws(BellError) -> OutcomeProgress {
        let kept = durable[campaign] ?? Campaign(begin: begin)
        guard kept.begin == begin else { throw contradiction("another BEGIN") }
        working[campaign] = kept
        return OutcomeProgress(
            nextIndex: kept.nextIndex, blocksEnd: kept.blocks.last?.nextIndex ?? 0, isFinished: kept.end != nil)
    }

    func store(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {
        try fault()
        guard working[campaign]?.nextIndex == outcomes.firstIndex else { throw contradiction("not the next arm") }
        working[campaign]?.arms.append(outcomes)
    }

    func check(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {
        guard working[campaign]?.arms.contains(outcomes) == true else { throw contradiction("another arm") }
    }

    func store(_ campaign: CampaignID, _ block: BlockEnd) throws(BellError) {
        if let known = working[campaign]?.blocks.first(where: { $0.number == block.number }) {
            guard known == block else { throw contradiction("another block end") }
            return
        }
        var tally = TrialTally()
        for arm in working[campaign]?.arms ?? []
        where arm.firstIndex >= block.firstIndex && arm.nextIndex <= block.nextIndex {
            tally += arm.tally
        }
        guard tally == block.tally else { throw contradiction("another tally") }
        working[campaign]?.blocks.append(block)
    }

    func finish(_ campaign: CampaignID, _ end: CampaignEnd) throws(BellError) {
        try fault()
        working[campaign]?.end = end
        try commit()
    }

    func commit() throws(BellError) {
        commits += 1
        durable.merge(working) { $1 }
    }

    func abandon() { working = [:] }
}
