import BellAudit
import BellCrypto
import BellJournal
import BellModel
import BellStatistics
import MockLab
import Testing

@testable import BellCertification

/// A campaign of a cheating laboratory, or of an honest one, all the way to its certificate: both boards sign.
struct AttackCampaign {
    /// Nil: an honest laboratory with S = 2.24.
    var adversary: Adversary?
    var trials = 1 << 18
    var seed: UInt64 = 1
    /// What the boards' generators really have, each bit the same way.
    var rngBias = 0.0
    /// Relative deviation of bob's clock.
    var drift = 0.0
    /// Drawn from the seed; nil for the boards' bits.
    var hostSeed: UInt64?
    /// What becomes of an arm's evidence before it is signed.
    var change: (inout ArmEvidence) -> Void = { _ in }
    var plan: Plan

    static let trialsPerArm = 1 << 14

    /// - Parameter bias: What the plan declares.
    init(_ adversary: Adversary?, bias: Double = 0, headline: Plan.Claim = .localRealism(significance: 1e-9)) {
        self.adversary = adversary
        plan = CampaignFixture([]).plan
        plan.settingBias = bias
        plan.headline = headline
        plan.claims = []
    }

    /// What a laboratory with S = 2.24 registers of entropy for `trials`: 99 of 100 honest campaigns reach it.
    static func probabilityEstimation(trials: Int = 1 << 18, bias: Double = 0) throws -> Plan.Claim {
        let model = try #require(LocalModel(settingBias: bias))
        let forecast = try #require(
            ProbabilityEstimation.best(trials: UInt64(trials), winProbability: 0.78, model: model, epsilon: 1e-6))
        return .probabilityEstimation(
            bits: forecast.onePercentQuantile.rounded(.down), power: .fixed(forecast.factor.power), epsilon: 1e-6)
    }

    /// Every other kind of claim, each at an error of 1e-6 or so.
    static func everyClaim(bias: Double = 0) throws -> [Plan.Claim] {
        [
            .localRealism(significance: 1e-6, test: .winCount),
            .localRealism(significance: 1e-6, test: .predictionRatio),
            .minEntropy(threshold: 2.1, delta: 1e-12, epsilon: 1e-6), try probabilityEstimation(bias: bias),
            .entropyAccumulation(threshold: 2.15, smoothing: 1e-6, event: 1e-6),
        ]
    }

    func certificate() throws -> Certificate {
        var fixture = CampaignFixture([])
        fixture.plan = plan
        fixture.plan.trials = UInt64(trials)
        fixture.plan.trialsPerArm = UInt32(Self.trialsPerArm)
        fixture.plan.trialsPerBlock = UInt64(4 * Self.trialsPerArm)
        if hostSeed != nil {
            fixture.plan.inputBits = .host
            fixture.plan.hostBits = PerNode(alice: "file:a", bob: "file:b")
        }
        var boards = try #require(CheatingCampaign.soundBoards)
        boards.bob.drift = drift
        for node in Node.allCases {
            boards[node].rngBias = rngBias
            boards[node].rngRule = .constant
        }
        var campaign = CheatingCampaign(adversary, boards: boards, seed: seed)
        var host = hostSeed.map { SplitMixBytes(seed: $0) }
        var builder = EvidenceBuilder(
            fixture.sealed, campaign: try CampaignFixture.campaign, keys: try CampaignFixture.publicKeys())
        let parameters = try fixture.auditParameters()
        let keys = try PerNode { try CampaignFixture.key($0) }
        for (i, first) in stride(from: 0, to: trials, by: Self.trialsPerArm).enumerated() {
            if i.isMultiple(of: 4) {
                try builder.beginBlock(
                    number: UInt64(i / 4), calibrationHash: Blake2b.hash(text: "calibration"), audit: parameters)
            }
            let count = min(Self.trialsPerArm, trials - first)
            var bits: PerNode<[UInt8]>?
            if host != nil { bits = PerNode { _ in host?.next(count / 8) ?? [] } }
            var arm = campaign.arm(count: count, hostBits: bits)
            change(&arm)
            let header = ArmHeader(
                arm: UInt64(i), block: UInt64(i / 4), firstIndex: arm.firstIndex, count: arm.count,
                hostBitsCommitment: arm.commitment)
            let signatures = try arm.halves.map { halves in
                try halves.map { half -> [UInt8]? in
                    keys[half.node].sign(
                        SignedChunk(
                            campaign: try CampaignFixture.campaign, arm: UInt64(i), bootID: half.bootID,
                            firstIndex: half.firstIndex, count: UInt32(half.count), digest: Blake2b.hash(half.records)
                        ).bytes)
                }
            }
            try builder.add(arm, header: header, signatures: signatures)
        }
        return try Certificate.issue(
            try builder.finish(
                planHash: Blake2b.hash(text: fixture.sealed.json.text), devices: try CampaignFixture.devices(),
                simulated: true, software: "0.1.0", end: .completed))
    }
}

/// Bytes without pattern.
struct SplitMixBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            let mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            return UInt8(truncatingIfNeeded: mixed >> 40)
        }
    }
}

extension Certificate {
    /// The item of the summary about an assumption.
    func summarised(_ assumption: String) -> JSON? {
        json["summary"]?.arrayValue?.first { $0["assumption"]?.stringValue == assumption }
    }

    /// Whether some reason has all these words.
    func objects(_ words: String...) -> Bool {
        reasons.contains { reason in words.allSatisfy { reason.contains($0) } }
    }
}

extension ArmEvidence {
    /// The same records under other indices.
    func numbered(from index: UInt64) -> ArmEvidence {
        var copy = self
        copy.firstIndex = index
        for node in Node.allCases {
            copy.halves[node] = halves[node].map { half in
                var half = half
                half.firstIndex = index + (half.firstIndex - firstIndex)
                for i in 0..<half.count {
                    let place = i * TrialRecord.byteCount
                    withUnsafeBytes(of: (half.firstIndex + UInt64(i)).littleEndian) {
                        half.records.replaceSubrange(place..<place + 8, with: $0)
                    }
                }
                return half
            }
        }
        return copy
    }
}
