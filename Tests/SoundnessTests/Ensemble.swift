import BellAudit
import BellCertification
import BellCrypto
import BellJournal
import BellModel
import BellTiming
import MockLab
import Testing

/// One laboratory and one sealed plan, to be played as many campaigns as there are seeds.
///
/// A campaign goes the way of a real one from the nodes' records on: signed halves, the audit, the evidence, the
/// certificate. Boards, sockets and physics are left out.
struct Ensemble: Sendable {
    var plan: Plan
    /// Nil: an honest laboratory.
    var adversary: Adversary?
    /// Of an honest laboratory.
    var sValue = 2.24
    /// The true bias of both generators, in every bit.
    var rngBias = 0.0

    /// What came of one campaign.
    struct Played: Sendable {
        /// Of every arm.
        let arms: [TrialTally]
        /// Whether each registered claim is certified, the headline first.
        let certified: [Bool]
        /// Why the headline is not certified.
        let reasons: [String]
    }

    /// A plan of short arms and one block.
    static func plan(trials: UInt64, settingBias: Double, claims: [Plan.Claim]) -> Plan {
        Plan(
            name: "soundness", trials: trials, trialsPerArm: 128, trialsPerBlock: trials, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: settingBias, localityK: 5,
            headline: claims.first ?? .localRealism(significance: 1e-9), claims: Array(claims.dropFirst()),
            pool: .public, onRestart: .resume, sequence: "bell-chsh.yaml", sequenceHash: .zero)
    }

    /// Plays the campaigns of the seeds 1, 2 … on all cores; in the seeds' order.
    func play(_ count: Int) async throws -> [Played] {
        try await withThrowingTaskGroup(of: (UInt64, Played).self) { group in
            for seed in 1...UInt64(count) {
                group.addTask { (seed, try play(seed: seed)) }
            }
            var all: [(UInt64, Played)] = []
            for try await one in group { all.append(one) }
            return all.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Plays one campaign.
    ///
    /// - Parameter alter: Does something to the laboratory before an arm and to what it sends; arms by their first trial.
    func play(
        seed: UInt64, alter: (inout CheatingCampaign, inout ArmEvidence?) -> Void = { _, _ in }
    ) throws -> Played {
        var laboratory = try CheatingCampaign(adversary, sValue: sValue, boards: boards(), seed: seed)
        let nodes = try Nodes()
        var builder = EvidenceBuilder(sealed, campaign: nodes.campaign, keys: nodes.publicKeys)
        let audit = try audit()
        var arms: [TrialTally] = []
        var (arm, block) = (0 as UInt64, 0 as UInt64)
        while laboratory.nextIndex < plan.trials {
            if laboratory.nextIndex >= block * plan.trialsPerBlock {
                try builder.beginBlock(
                    number: block, calibrationHash: Blake2b.hash(text: "calibration \(block)"), audit: audit)
                block += 1
            }
            var evidence: ArmEvidence?
            alter(&laboratory, &evidence)
            let count = min(UInt64(plan.trialsPerArm), plan.trials - laboratory.nextIndex)
            evidence = laboratory.arm(count: Int(count))
            alter(&laboratory, &evidence)
            guard let sent = evidence else { break }
            let header = ArmHeader(
                arm: arm, block: block - 1, firstIndex: sent.firstIndex, count: sent.count, hostBitsCommitment: nil)
            let signatures = sent.halves.map { $0.map { nodes.sign($0, arm: arm) as [UInt8]? } }
            arms.append(try builder.add(sent, header: header, signatures: signatures).tally)
            arm += 1
        }
        let evidence = try builder.finish(
            planHash: Blake2b.hash(text: sealed.json.text), devices: nodes.devices, simulated: true,
            software: "0.0.0", end: .completed)
        let certificate = try Certificate.issue(evidence)
        let claims = certificate.json["claims"]?.arrayValue ?? []
        #expect(claims.count == 1 + plan.claims.count)
        return Played(
            arms: arms, certified: claims.map { $0["certified"]?.boolValue == true }, reasons: certificate.reasons)
    }

    private var sealed: SealedPlan {
        SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T08:00:00Z")
    }

    private func boards() throws -> PerNode<BoardTruth> {
        try #require(CheatingCampaign.soundBoards).map {
            var board = $0
            board.rngBias = rngBias
            board.rngRule = .constant
            // As far apart as two oscillators may be.
            board.drift = 40e-6
            return board
        }
    }

    /// 32.8 m apart; margins of 3.2 ns, of which 0.5 ns are required.
    private func audit() throws -> AuditParameters {
        let station = TimingSurvey.Station(
            startOffset: Picoseconds(0), stopOffset: Picoseconds(0), pulseDelay: Picoseconds(0))
        let path = TimingSurvey.Path(metres: 32.824, uncertainty: 0)
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return try AuditParameters(
            survey: TimingSurvey(
                pathAB: path, pathBA: path, stations: PerNode(alice: station, bob: station),
                terms: [.init(name: "all", picoseconds: 100, kind: .random)]),
            k: plan.localityK, tickRates: PerNode(alice: rate, bob: rate),
            trialPeriod: PerNode(alice: 640_000, bob: 640_000), inputBits: plan.inputBits)
    }
}

/// Who signs: two boards with keys of their own, the same in each campaign.
struct Nodes {
    let campaign: CampaignID
    private let keys: PerNode<SigningKey>
    let publicKeys: PerNode<ChunkKey?>

    init() throws {
        campaign = try #require(CampaignID(hex: "00112233445566778899aabbccddeeff"))
        keys = try PerNode { try #require(SigningKey(seed: [UInt8](repeating: 1 + $0.rawValue, count: 32))) }
        publicKeys = keys.map { ChunkKey(bytes: $0.publicKey, holder: .board) }
    }

    var devices: JSON {
        .object(
            Dictionary(
                uniqueKeysWithValues: Node.allCases.map { node in
                    (
                        node.name,
                        [
                            "model": "mock", "simulated": true, "tick_rate_hz": 8_000_000_000,
                            "has_signing_key": true, "key": publicKeys[node]?.json ?? .null,
                        ]
                    )
                }))
    }

    func sign(_ half: HalfChunk, arm: UInt64) -> [UInt8] {
        keys[half.node].sign(
            SignedChunk(
                campaign: campaign, arm: arm, bootID: half.bootID, firstIndex: half.firstIndex,
                count: UInt32(half.count), digest: Blake2b.hash(half.records)
            ).bytes)
    }
}
