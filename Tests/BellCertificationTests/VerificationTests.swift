import BellAudit
import BellCrypto
import BellJournal
import BellModel
import BellStatistics
import Foundation
import Testing
import TestSupport

@testable import BellCertification

@Suite struct VerificationTests {
    /// What a test wants to be wrong in the journal.
    struct Damage {
        var statuses: (inout [UInt8]) -> Void = { _ in }
        var margins: (JSON) -> JSON = { $0 }
        var summary: (JSON) -> JSON = { $0 }
        var simulated = true
        /// Leaves the last arm without a record.
        var isCutShort = false
        // Alterations by somebody who makes every hash, status and sum of the journal anew.
        var evidence: (inout ArmEvidence) -> Void = { _ in }
        var audit: (JSON) -> JSON = { $0 }
        /// Also writes the altered audit into the frozen calibration.
        var calibrationFollows = false
        var trialsPerBlock: UInt64?
        var boot: UInt64 = 7
        /// Signs what was altered, with these keys; and names them, if that is asked for. Else each chunk keeps the
        /// signature that it had.
        var signingSeed: UInt8?
        var keySeed: UInt8 = 1
        var signature: (inout [UInt8]?) -> Void = { _ in }
        /// Admits in the summaries which signatures are not good.
        var isHonestAboutSignatures = false
    }

    /// Writes the fixture's campaign into a journal, as the daemon does, and returns its folder and path.
    static func write(_ fixture: CampaignFixture, _ damage: Damage = Damage()) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("journal.sqlite").path
        let journal = try Journal.create(
            at: path, campaign: try #require(CampaignID(hex: "00112233445566778899aabbccddeeff")),
            sealed: fixture.sealed, planHash: Blake2b.hash(text: fixture.sealed.json.text),
            devices: try CampaignFixture.devices(seed: damage.keySeed), simulated: damage.simulated,
            software: "0.1.0")
        let sound = try fixture.auditParameters().json
        let parameters = try AuditParameters(json: damage.audit(sound))
        let frozen = damage.calibrationFollows ? parameters.json : sound
        let perBlock = damage.trialsPerBlock ?? fixture.plan.trialsPerBlock
        var auditor = Auditor(parameters)
        var sums = (tally: TrialTally(), margins: MarginSummary())
        let checks = SignatureChecks(keys: try CampaignFixture.publicKeys(seed: damage.keySeed))
        var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
        var rule = StopRule(fixture.plan)
        var number: UInt64 = 0
        var isOpen = false
        func close() throws {
            guard isOpen else { return }
            let counts = checks.take().counts
            let claimed = damage.isHonestAboutSignatures ? counts : counts.map { SignatureCount(signed: $0.chunks) }
            var summary: [String: JSON] = [
                "tally": sums.tally.json, "margins": sums.margins.json,
                "next_index": JSON(count: journal.nextIndex),
                "evidence_roots": trees.map(\.root).json, "signatures": claimed.json,
            ]
            if let rule { summary["stop_rule_met"] = .bool(rule.isMet) }
            try journal.closeBlock(number - 1, summary: damage.summary(.object(summary)))
            sums = (TrialTally(), MarginSummary())
            isOpen = false
        }
        var arms = fixture.arms()
        // What the boards signed, by node and first index; an alteration leaves it as it was.
        var signed = PerNode<[UInt64: [UInt8]]>(alice: [:], bob: [:])
        for i in arms.indices {
            for half in arms[i].halves.alice + arms[i].halves.bob {
                signed[half.node][half.firstIndex] = try CampaignFixture.sign(half, arm: UInt64(i))
            }
            damage.evidence(&arms[i])
        }
        for (i, arm) in arms.enumerated() {
            if arm.firstIndex >= number * perBlock {
                try close()
                let calibration: JSON = [
                    "block": JSON(count: number), "audit": frozen, "survey": frozen["survey"] ?? .null,
                    "sequence_hash": .string(fixture.plan.sequenceHash.description),
                ]
                try journal.beginBlock(
                    BlockHeader(
                        number: number, firstIndex: arm.firstIndex, calibration: calibration,
                        calibrationHash: Blake2b.hash(text: calibration.text), audit: parameters.json,
                        programs: PerNode(alice: [1], bob: [2]), bootIDs: PerNode(alice: damage.boot, bob: 7)))
                number += 1
                isOpen = true
            }
            let bits = arm.committedBits
            try journal.commitArm(
                ArmHeader(
                    arm: UInt64(i), block: number - 1, firstIndex: arm.firstIndex, count: arm.count,
                    hostBitsCommitment: bits?.commitment), hostBits: bits)
            if damage.isCutShort, i == arms.count - 1 { return path }
            let result = auditor.audit(arm)
            sums.tally += result.tally
            rule?.add(result.tally)
            sums.margins += result.margins
            var statuses = result.statuses
            if i == 1 { damage.statuses(&statuses) }
            let signatures = try arm.halves.map { halves in
                try halves.map { half -> [UInt8]? in
                    var signature = signed[half.node][half.firstIndex]
                    if let seed = damage.signingSeed {
                        signature = try CampaignFixture.sign(half, arm: UInt64(i), seed: seed)
                    }
                    if i == 1, half.node == .alice { damage.signature(&signature) }
                    return signature
                }
            }
            let chunks = try journal.record(
                arm: UInt64(i),
                ArmResult(
                    halves: arm.halves, clocks: arm.clocks, signatures: signatures, statuses: statuses,
                    margins: i == 1 ? damage.margins(result.margins.json) : result.margins.json))
            checks.begin(chunks, of: UInt64(i), in: journal.campaign)
            let leaves = try #require(try journal.storedArm(UInt64(i))?.leaves)
            for node in Node.allCases { trees[node].append(leaves[node]) }
        }
        try close()
        switch fixture.end {
        case .completed, .stoppedByRule: try journal.setState("completed")
        case .stopped(let reason): try journal.setState("stopped", reason: reason)
        }
        return path
    }

    static func report(_ path: String) throws(BellError) -> VerificationReport {
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        return try Verification.run(journal: try Journal.openReadOnly(at: path), certificate: nil)
    }

    static func verify(_ path: String, _ certificate: Certificate?) throws -> VerificationReport {
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        return try Verification.run(journal: try Journal.openReadOnly(at: path), certificate: certificate)
    }

    /// The certificate of what a journal holds.
    static func certificate(_ path: String, _ fixture: CampaignFixture) throws -> Certificate {
        let journal = try Journal.openReadOnly(at: path)
        var builder = EvidenceBuilder(
            journal.sealed, campaign: journal.campaign,
            keys: try PerNode<ChunkKey?>(devices: journal.devices, path: "devices"))
        for block in try journal.blocks() {
            try builder.beginBlock(
                number: block.header.number, calibrationHash: block.header.calibrationHash,
                audit: try AuditParameters(json: block.header.audit))
            for arm in try journal.committedArms() where arm.block == block.header.number {
                let stored = try #require(try journal.storedArm(arm.arm)?.result)
                try builder.add(
                    try journal.evidence(arm: arm.arm), header: arm,
                    signatures: stored.chunks.map { $0.map(\.signature) })
            }
        }
        return try Certificate.issue(
            try builder.finish(
                planHash: journal.planHash, devices: journal.devices,
                simulated: journal.simulated, software: journal.software, end: fixture.end))
    }

    @Test(
        "A sound campaign matches its certificate, with losses, host bits, an early stop or a training",
        arguments: 0..<4)
    func match(kind: Int) throws {
        var fixture = CampaignFixture(table1Counts.map { $0 / 2 }, losses: 9)
        if kind == 1 {
            fixture.plan.inputBits = .host
            fixture.plan.hostBits = PerNode(alice: "file:a", bob: "file:b")
        }
        if kind == 2 {
            fixture.plan.trials += 500
            fixture.end = .stopped(reason: "it was late")
        }
        if kind == 3 {
            fixture.plan.headline = .probabilityEstimation(bits: 9, power: .trained(trials: 1000), epsilon: 0.1)
        }
        let path = try VerificationTests.write(fixture)
        let certificate = try VerificationTests.certificate(path, fixture)
        let again = try Certificate(parsing: certificate.fileBytes, source: "certificate.json")
        let report = try VerificationTests.verify(path, again)
        #expect(report.matches && report.exitCode == .ok, "\(report.text)")
        #expect(report.trials == UInt64(fixture.statuses.count) && report.certificateHash == certificate.hash)
        #expect(report.isCertified == certificate.isCertified && report.simulated)
        #expect(report.text.contains("MATCH: hashes") && report.text.contains("SIMULATED"))
        #expect(report.json["match"] == true)
    }

    @Test("Without a certificate the journal alone is checked")
    func noCertificate() throws {
        let report = try VerificationTests.verify(try VerificationTests.write(CampaignFixture(table1Counts)), nil)
        #expect(report.matches && report.certificateHash == nil && report.isCertified == true)
    }

    @Test("A status that does not follow from the halves is named by its trial")
    func wrongStatus() throws {
        let fixture = CampaignFixture(table1Counts.map { $0 / 2 })
        let sound = try VerificationTests.write(fixture)
        let certificate = try VerificationTests.certificate(sound, fixture)
        try? FileManager.default.removeItem(atPath: (sound as NSString).deletingLastPathComponent)
        let path = try VerificationTests.write(fixture, Damage(statuses: { $0[5] ^= 1 }))
        let report = try VerificationTests.verify(path, certificate)
        #expect(report.exitCode == .dataIntegrity && report.differenceCount == 1)
        #expect(report.differences.first?.hasPrefix("arm 1, trial 133: stored status x=") == true)
        #expect(report.text.contains("MISMATCH: 1 differences"))
    }

    @Test("Margins and block summaries that were made up are named")
    func wrongSums() throws {
        let fixture = CampaignFixture(table1Counts.map { $0 / 2 })
        let path = try VerificationTests.write(
            fixture,
            Damage(
                margins: { json in
                    var object = json.objectValue ?? [:]
                    object["least_sum_ps"] = 1
                    return .object(object)
                },
                summary: { json in
                    var object = json.objectValue ?? [:]
                    object["tally"] = TrialTally().json
                    return .object(object)
                }))
        let report = try VerificationTests.verify(path, nil)
        #expect(report.differences.contains { $0.hasPrefix("arm 1: margins.least_sum_ps: found 1") })
        #expect(report.differences.contains { $0.hasPrefix("block 0 summary: tally.valid") })
    }

    @Test("The certificate of another campaign, or of other data, does not match")
    func otherData() throws {
        let fixture = CampaignFixture(table1Counts.map { $0 / 2 })
        var other = CampaignFixture(table1Counts.map { $0 / 2 }, seed: 2)
        other.plan = fixture.plan
        let path = try VerificationTests.write(fixture)
        let report = try VerificationTests.verify(path, try other.certificate())
        #expect(
            report.differences.contains { $0.contains("certificate: blocks[0].evidence_roots.alice") }, "\(report.text)"
        )
        #expect(report.exitCode == .dataIntegrity)
    }

    @Test("Simulated records in a journal that does not say so are found")
    func unflagged() throws {
        let path = try VerificationTests.write(CampaignFixture([9, 9, 9, 9]), Damage(simulated: false))
        let report = try VerificationTests.verify(path, nil)
        #expect(report.differences.contains { $0.contains("simulated flag") })
    }

    @Test("An arm that was committed and never recorded is named")
    func cutShort() throws {
        let path = try VerificationTests.write(CampaignFixture([200, 200, 200]), Damage(isCutShort: true))
        try Journal.open(at: path).setState("completed")
        let report = try VerificationTests.verify(path, nil)
        #expect(report.differences.contains("arm 4: was committed and never recorded"), "\(report.text)")
        #expect(report.isCertified == nil)
    }

    @Test("The open arm of a campaign that goes on is no difference, and there is no verdict yet")
    func underWay() throws {
        let path = try VerificationTests.write(CampaignFixture([200, 200, 200]), Damage(isCutShort: true))
        try Journal.open(at: path).setState("running")
        let report = try VerificationTests.verify(path, nil)
        #expect(report.differences.isEmpty, "\(report.text)")
        #expect(report.isCertified == nil)
        #expect(report.exitCode == .ok)
    }

    @Test(
        "A journal with one flipped bit is a mismatch or cannot be read, and never a crash", arguments: [UInt64(1), 2])
    func flippedBits(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let fixture = CampaignFixture([40, 10, 10, 40, 40, 10, 10, 40, 40, 10, 10, 40, 10, 40, 40, 10])
        let path = try VerificationTests.write(fixture)
        let certificate = try VerificationTests.certificate(path, fixture)
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        var found = 0
        for _ in 0..<40 {
            var bytes = good
            let at = Int(random.next() % UInt64(bytes.count))
            bytes[at] ^= 1 << UInt8(random.next() % 8)
            let damaged = path + ".damaged"
            try bytes.write(to: URL(fileURLWithPath: damaged))
            do throws(BellError) {
                let report = try Verification.run(
                    journal: try Journal.openReadOnly(at: damaged), certificate: certificate)
                if !report.matches { found += 1 }
            } catch {
                found += 1
            }
        }
        // Most of so small a file is free space between rows, whose bits mean nothing.
        #expect(found > 0)
    }

    @Test("A flipped bit in an arm's evidence is named with the arm, and the rest is still checked")
    func flippedEvidence() throws {
        let fixture = CampaignFixture(table1Counts.map { $0 / 2 })
        let path = try VerificationTests.write(fixture)
        let certificate = try VerificationTests.certificate(path, fixture)
        let hash = Data(Blake2b.hash(fixture.arms()[3].halves.bob[0].records).bytes)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let range = try #require(bytes.range(of: hash))
        bytes[range.lowerBound + 7] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: path))
        let report = try VerificationTests.verify(path, certificate)
        #expect(report.exitCode == .dataIntegrity && report.isCertified == nil)
        #expect(report.differences.contains { $0.hasPrefix("arm 3, ") && $0.contains("hash") }, "\(report.text)")
    }
}
