import BellAudit
import BellCrypto
import BellJournal
import BellModel
import BellTiming
import Testing
import TestSupport

@testable import BellCertification

/// A campaign that was never played: halves whose trials have given statuses and sound times.
struct CampaignFixture {
    var statuses: [TrialStatus]
    var plan: Plan
    var simulated = true
    var offsetKnown = true
    /// Ticks from the start event to the stop event; 800 ticks of 125 ps are 100 ns.
    var duration: UInt32 = 800
    var end = CampaignEvidence.End.completed

    /// Trials in a mixed order that is the same every time.
    init(_ counts: [UInt64], losses: Int = 0, seed: UInt64 = 1) {
        var random = SplitMix(seed: seed)
        statuses = counts.enumerated().flatMap { cell, n in
            [TrialStatus](
                repeating: TrialStatus(
                    x: UInt8(cell >> 3), y: UInt8(cell >> 2 & 1), a: UInt8(cell >> 1 & 1), b: UInt8(cell & 1)),
                count: Int(n))
        }
        statuses += [TrialStatus](repeating: TrialStatus(loss: .unhealthy), count: losses)
        statuses.shuffle(using: &random)
        plan = Plan(
            name: "fixture", trials: UInt64(statuses.count), trialsPerArm: 128, trialsPerBlock: 1000,
            pattern: .minusOn11, inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
            headline: .localRealism(significance: 1e-9),
            claims: [.minEntropy(threshold: 2.4, delta: 0.01, epsilon: 0.1)], pool: .public, onRestart: .resume,
            sequence: "bell-chsh.yaml", sequenceHash: .zero)
    }

    var sealed: SealedPlan {
        SealedPlan(plan: plan, number: 3, previous: .zero, sealedAt: "2026-11-21T08:00:00Z")
    }

    func auditParameters() throws -> AuditParameters {
        let station = TimingSurvey.Station(
            startOffset: .zero, stopOffset: .zero, pulseDelay: offsetKnown ? .zero : nil)
        let path = TimingSurvey.Path(metres: 32.824, uncertainty: 0.005)
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return try AuditParameters(
            survey: TimingSurvey(
                pathAB: path, pathBA: path, stations: PerNode(alice: station, bob: station),
                terms: [.init(name: "clock", picoseconds: 100, kind: .random)]),
            k: plan.localityK, tickRates: PerNode(alice: rate, bob: rate),
            trialPeriod: PerNode(alice: 640_000, bob: 640_000), inputBits: plan.inputBits,
            simulated: simulated)
    }

    /// The arms in their order; each arm one chunk a node.
    func arms() -> [ArmEvidence] {
        stride(from: 0, to: statuses.count, by: Int(plan.trialsPerArm)).map { first in
            arm(first: first, count: min(Int(plan.trialsPerArm), statuses.count - first))
        }
    }

    private func arm(first: Int, count: Int) -> ArmEvidence {
        let pulse = UInt64(first) + 1000
        let halves = PerNode { node in
            let records = (0..<count).map { i -> TrialRecord in
                let status = statuses[first + i]
                let cell = status.cell ?? 0
                var flags: TrialFlags = simulated ? [.simulated] : []
                if status.loss != nil { flags.insert(.saturated) }
                if plan.inputBits == .host { flags.insert(.hostBit) }
                return TrialRecord(
                    index: UInt64(first + i), startTick: (pulse + UInt64(i)) * 640_000 + 400, stopDelta: duration,
                    setting: UInt8(node == .alice ? cell >> 3 : cell >> 2 & 1),
                    outcome: UInt8(node == .alice ? cell >> 1 & 1 : cell & 1), flags: flags)
            }
            return [
                HalfChunk(
                    node: node, firstIndex: UInt64(first), firstPulse: pulse, bootID: 7,
                    records: TrialRecord.bytes(of: records))
            ]
        }
        let clock = [pulse, pulse + UInt64(count) - 1].map { ClockRecord(pulse: $0, tick: $0 * 640_000) }
        return ArmEvidence(
            firstIndex: UInt64(first), count: UInt32(count), halves: halves, clocks: PerNode(alice: clock, bob: clock),
            hostBits: plan.inputBits == .host ? hostBits(first: first, count: count) : nil)
    }

    private func hostBits(first: Int, count: Int) -> PerNode<[UInt8]> {
        PerNode { node in
            var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
            for i in 0..<count {
                let cell = statuses[first + i].cell ?? 0
                if (node == .alice ? cell >> 3 : cell >> 2) & 1 == 1 { bytes[i / 8] |= 0x80 >> UInt8(i % 8) }
            }
            return bytes
        }
    }

    func evidence() throws -> CampaignEvidence {
        let campaign = try CampaignFixture.campaign
        var builder = EvidenceBuilder(sealed, campaign: campaign, keys: try CampaignFixture.publicKeys())
        let parameters = try auditParameters()
        var number: UInt64 = 0
        for (i, arm) in arms().enumerated() {
            if arm.firstIndex >= number * plan.trialsPerBlock {
                try builder.beginBlock(
                    number: number, calibrationHash: Blake2b.hash(text: "calibration \(number)"), audit: parameters)
                number += 1
            }
            let header = ArmHeader(
                arm: UInt64(i), block: number - 1, firstIndex: arm.firstIndex, count: arm.count,
                hostBitsCommitment: arm.commitment)
            let signatures = try arm.halves.map { try $0.map { try CampaignFixture.sign($0, arm: UInt64(i)) } }
            try builder.add(arm, header: header, signatures: signatures.map { $0.map { Optional($0) } })
        }
        #expect(builder.hasSimulatedRecords == simulated || statuses.isEmpty)
        return try builder.finish(
            planHash: Blake2b.hash(text: sealed.json.text), devices: try CampaignFixture.devices(),
            simulated: simulated, software: "0.1.0", end: end)
    }

    static var campaign: CampaignID {
        get throws { try #require(CampaignID(hex: "00112233445566778899aabbccddeeff")) }
    }

    /// A node's key, the same in each test; `seed` makes others.
    static func key(_ node: Node, seed: UInt8 = 1) throws -> SigningKey {
        try #require(SigningKey(seed: [UInt8](repeating: seed + node.rawValue, count: 32)))
    }

    static func publicKeys(seed: UInt8 = 1) throws -> PerNode<ChunkKey?> {
        try PerNode { try ChunkKey(bytes: key($0, seed: seed).publicKey, holder: .board) }
    }

    static func devices(seed: UInt8 = 1) throws -> JSON {
        let keys = try publicKeys(seed: seed)
        return [
            "alice": [
                "model": "mock", "tick_rate_hz": 8_000_000_000, "has_signing_key": true,
                "key": keys.alice?.json ?? .null,
            ],
            "bob": [
                "model": "mock", "tick_rate_hz": 8_000_000_000, "has_signing_key": true, "key": keys.bob?.json ?? .null,
            ],
        ]
    }

    static func sign(_ half: HalfChunk, arm: UInt64, seed: UInt8 = 1) throws -> [UInt8] {
        try key(half.node, seed: seed).sign(
            SignedChunk(
                campaign: campaign, arm: arm, bootID: half.bootID, firstIndex: half.firstIndex,
                count: UInt32(half.count), digest: Blake2b.hash(half.records)
            ).bytes)
    }

    func certificate() throws -> Certificate { try Certificate.issue(try evidence()) }
}

extension ArmEvidence {
    /// Of the host's bits, with the salt that the tests use.
    var committedBits: HostBits? { hostBits.map { HostBits(salt: [UInt8](repeating: 3, count: 16), bits: $0) } }
    var commitment: Digest? { committedBits?.commitment }
}
