import BellAudit
import BellCrypto
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
        var builder = EvidenceBuilder(sealed)
        let parameters = try auditParameters()
        var number: UInt64 = 0
        for arm in arms() {
            if arm.firstIndex >= number * plan.trialsPerBlock {
                try builder.beginBlock(
                    number: number, calibrationHash: Blake2b.hash(text: "calibration \(number)"), audit: parameters)
                number += 1
            }
            try builder.add(arm)
        }
        #expect(builder.hasSimulatedRecords == simulated || statuses.isEmpty)
        return try builder.finish(
            campaign: try #require(CampaignID(hex: "00112233445566778899aabbccddeeff")),
            planHash: Blake2b.hash(text: sealed.json.text),
            devices: ["alice": ["model": "mock"], "bob": ["model": "mock"]], simulated: simulated,
            software: "0.1.0", end: end)
    }

    func certificate() throws -> Certificate { try Certificate.issue(try evidence()) }
}
