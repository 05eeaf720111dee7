import BellCrypto
import BellJournal
import BellModel
import Glibc
import Testing
import TestSupport

extension TemporaryFolder {
    var journal: String { file("journal.sqlite") }
}

/// A campaign whose arms are made from their numbers, so that a reader knows what must be there.
enum Fixture {
    static let sealed = SealedPlan(
        plan: Plan(
            name: "test", trials: 1 << 20, trialsPerArm: 100, trialsPerBlock: 1000, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
            headline: .localRealism(significance: 1e-6), claims: [], pool: .public, onRestart: .resume,
            sequence: "bell.yaml", sequenceHash: .zero),
        number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")

    static var campaign: CampaignID {
        guard let campaign = CampaignID(bytes: (0..<16).map { UInt8($0) }) else { preconditionFailure("16 bytes") }
        return campaign
    }

    static func create(_ path: String) throws -> Journal {
        try Journal.create(
            at: path, campaign: campaign, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
            devices: ["alice": "mock", "bob": "mock"], simulated: true)
    }

    static func block(_ number: UInt64, at index: UInt64) -> BlockHeader {
        let calibration: JSON = ["frequency_hz": 5_123_456_789, "block": JSON(count: number)]
        return BlockHeader(
            number: number, firstIndex: index, calibration: calibration,
            calibrationHash: Blake2b.hash(text: calibration.text), audit: ["k": 5],
            programs: PerNode(alice: [1, 2, 3], bob: [4, 5]), bootIDs: PerNode(alice: .max, bob: 7))
    }

    static func header(_ arm: UInt64, block: UInt64 = 1, count: UInt32 = 100) -> ArmHeader {
        ArmHeader(arm: arm, block: block, firstIndex: arm * UInt64(count), count: count)
    }

    /// Records as a laboratory makes them: jitter of a tick or two, IQ clouds, random bits.
    static func records(first: UInt64, count: Int, dice: inout SplitMix) -> [UInt8] {
        TrialRecord.bytes(
            of: (0..<UInt64(count)).map { i in
                let outcome = UInt8.random(in: 0...1, using: &dice)
                let cloud = (0..<4).reduce(0) { sum, _ in sum + Int.random(in: -700...700, using: &dice) }
                return TrialRecord(
                    index: first + i,
                    startTick: 1 << 45 + (first + i) * 640_000 + UInt64.random(in: 0...2, using: &dice),
                    stopDelta: 850 + UInt32.random(in: 0...1, using: &dice),
                    i: Int16((outcome == 1 ? 6000 : -6000) + cloud), q: Int16(truncatingIfNeeded: cloud * 7 % 2500),
                    setting: UInt8.random(in: 0...1, using: &dice), outcome: outcome, flags: .simulated)
            })
    }

    static func result(_ header: ArmHeader) -> ArmResult {
        var dice = SplitMix(seed: header.arm)
        let pulse = 1000 + header.firstIndex
        func half(_ node: Node) -> HalfChunk {
            HalfChunk(
                node: node, firstIndex: header.firstIndex, firstPulse: pulse, bootID: .max - 1,
                records: records(first: header.firstIndex, count: Int(header.count), dice: &dice))
        }
        let halves = PerNode(alice: [half(.alice)], bob: [half(.bob)])
        let clocks = [
            ClockRecord(pulse: pulse, tick: 1 << 45),
            ClockRecord(pulse: pulse + UInt64(header.count) - 1, tick: 1 << 45 + 640_000 * UInt64(header.count - 1)),
        ]
        return ArmResult(
            halves: halves, clocks: PerNode(alice: clocks, bob: clocks.reversed()),
            statuses: (0..<header.count).map { _ in UInt8.random(in: 0...15, using: &dice) },
            margins: ["known": .int(Int64(header.count))])
    }

    static func evidence(_ header: ArmHeader) -> ArmEvidence {
        let result = result(header)
        return ArmEvidence(
            firstIndex: header.firstIndex, count: header.count, halves: result.halves, clocks: result.clocks)
    }

    /// A journal with one closed block of `arms` recorded arms, and one open block with a recorded and a committed arm.
    static func filled(_ path: String, arms: UInt64 = 3) throws -> Journal {
        let journal = try create(path)
        try journal.beginBlock(block(1, at: 0))
        for arm in 0..<arms {
            try journal.commitArm(header(arm))
            try journal.record(arm: arm, result(header(arm)))
        }
        try journal.closeBlock(1, summary: ["trials": JSON(count: arms * 100)])
        try journal.beginBlock(block(2, at: arms * 100))
        try journal.commitArm(header(arms, block: 2))
        try journal.record(
            arm: arms, result(header(arms, block: 2)), committing: (header(arms + 1, block: 2), nil))
        try journal.addEvent("suspended", time: "2026-11-21T01:00:00Z", detail: ["why": "test"])
        try journal.setState("running")
        return journal
    }
}
