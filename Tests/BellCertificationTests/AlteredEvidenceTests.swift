import BellAudit
import BellJournal
import BellModel
import BellSQLite
import Foundation
import Testing

@testable import BellCertification

/// What somebody may try who can write to a journal; every hash in it is made anew. Signatures
/// alone can he not make, but with a key of his own.
@Suite struct AlteredEvidenceTests {
    typealias Damage = VerificationTests.Damage

    static let fixture = CampaignFixture(table1Counts.map { $0 / 4 }, losses: 5)

    /// Verifies an altered copy of the fixture's campaign against the certificate of the sound one, or against one that
    /// was issued from the altered copy.
    static func verify(
        _ damage: Damage, _ altered: CampaignFixture = fixture, isCertificateAnew: Bool = false
    ) throws -> VerificationReport {
        let sound = try VerificationTests.write(fixture)
        var certificate = try VerificationTests.certificate(sound, fixture)
        try? FileManager.default.removeItem(atPath: (sound as NSString).deletingLastPathComponent)
        let path = try VerificationTests.write(altered, damage)
        if isCertificateAnew { certificate = try VerificationTests.certificate(path, altered) }
        return try VerificationTests.verify(path, certificate)
    }

    /// Changes one record of the arm at trial 128.
    static func record(_ node: Node, _ change: @escaping (inout TrialRecord) -> Void) -> Damage {
        Damage(evidence: { arm in
            guard arm.firstIndex == 128 else { return }
            var records = TrialRecord.all(in: arm.halves[node][0].records)
            change(&records[9])
            arm.halves[node][0].records = TrialRecord.bytes(of: records)
        })
    }

    static func audit(_ key: String, _ value: JSON, follows: Bool = false) -> Damage {
        Damage(
            audit: { json in
                var object = json.objectValue ?? [:]
                if key.hasPrefix("survey.") {
                    var survey = object["survey"]?.objectValue ?? [:]
                    survey[String(key.dropFirst(7))] = value
                    object["survey"] = .object(survey)
                } else {
                    object[key] = value
                }
                return .object(object)
            }, calibrationFollows: follows)
    }

    static let clock8: JSON = [
        "tick_rate_numerator": 16_000_000_000, "tick_rate_denominator": 1, "trial_period_ticks": 1_280_000,
    ]

    /// By name, with a part of the difference that must be found.
    static var alterations: [(name: String, damage: Damage, found: String)] {
        [
            ("an outcome", record(.alice) { $0.outcome ^= 1 }, "evidence_roots"),
            ("a setting", record(.bob) { $0.setting ^= 1 }, "evidence_roots"),
            ("a duration", record(.bob) { $0.stopDelta -= 1 }, "evidence_roots"),
            ("a start", record(.alice) { $0.startTick -= 1 }, "evidence_roots"),
            ("an IQ point", record(.alice) { $0.i ^= 1 }, "evidence_roots"),
            ("a flag", record(.alice) { $0.flags.insert(.rngFault) }, "evidence_roots"),
            (
                "two records exchanged",
                Damage(evidence: { arm in
                    var records = TrialRecord.all(in: arm.halves.alice[0].records)
                    (records[0].setting, records[1].setting) = (records[1].setting, records[0].setting)
                    (records[0].outcome, records[1].outcome) = (records[1].outcome, records[0].outcome)
                    arm.halves.alice[0].records = TrialRecord.bytes(of: records)
                }), "evidence_roots"
            ),
            (
                "halves exchanged",
                Damage(evidence: { arm in
                    let alice = arm.halves.alice[0].records
                    arm.halves.alice[0].records = arm.halves.bob[0].records
                    arm.halves.bob[0].records = alice
                }), "evidence_roots"
            ),
            (
                "a half removed", Damage(evidence: { if $0.firstIndex == 128 { $0.halves.bob = [] } }),
                "evidence_roots"
            ),
            (
                "a half twice", Damage(evidence: { $0.halves.alice += $0.halves.alice }), "evidence_roots"
            ),
            (
                "clock records",
                Damage(evidence: { arm in
                    arm.clocks.bob = arm.clocks.bob.map { ClockRecord(pulse: $0.pulse, tick: $0.tick - 8) }
                }), "evidence_roots"
            ),
            (
                "a clock record in the middle, which no margin shows",
                Damage(evidence: { arm in
                    guard arm.firstIndex == 128 else { return }
                    let first = arm.clocks.bob[0]
                    arm.clocks.bob.insert(
                        ClockRecord(pulse: first.pulse + 9, tick: first.tick + 9 * 640_000), at: 1)
                }), "evidence_roots"
            ),
            (
                "all pulse indices, which shifts nothing against anything",
                Damage(evidence: { arm in
                    for node in Node.allCases {
                        arm.halves[node][0].firstPulse += 7
                        arm.clocks[node] = arm.clocks[node].map { ClockRecord(pulse: $0.pulse + 7, tick: $0.tick) }
                    }
                }), "evidence_roots"
            ),
            (
                "a boot's number",
                Damage(evidence: { if $0.firstIndex == 128 { $0.halves.bob[0].bootID = 8 } }), "evidence_roots"
            ),
            (
                "a pulse index", Damage(evidence: { if $0.firstIndex == 128 { $0.halves.bob[0].firstPulse += 1 } }),
                "evidence_roots"
            ),
            ("a clock record removed", Damage(evidence: { $0.clocks.bob.removeLast() }), "evidence_roots"),
            ("a longer distance", audit("survey.d_ab_m", 40.0), "calibration.audit"),
            ("a longer distance, frozen with it", audit("survey.d_ab_m", 40.0, follows: true), "calibration_hash"),
            ("a smaller uncertainty", audit("survey.terms", []), "calibration.survey"),
            (
                "no clock offset",
                audit("survey.alice", ["start_offset_ps": 0, "stop_offset_ps": 0, "pulse_delay_ps": nil]), "locality"
            ),
            ("a wider drift limit", audit("drift_limit_ppm", 9999), "calibration.audit"),
            ("other blocks", Damage(trialsPerBlock: 512), "blocks"),
        ]
    }

    @Test("Altered evidence never matches the certificate", arguments: alterations.indices)
    func altered(index: Int) throws {
        let (name, damage, found) = AlteredEvidenceTests.alterations[index]
        let report = try AlteredEvidenceTests.verify(damage)
        #expect(report.exitCode == .dataIntegrity && report.isCertified == nil, "\(name): \(report.text)")
        #expect(report.differences.contains { $0.contains(found) }, "\(name): \(report.text)")
    }

    @Test("What contradicts the sealed plan, the boards or the calibration is found even with a new certificate")
    func contradictions() throws {
        let cases: [(Damage, String)] = [
            (AlteredEvidenceTests.audit("k", 4.0), "Audited with k = 4.0, sealed is 5.0"),
            (AlteredEvidenceTests.audit("k", 4.0, follows: true), "Audited with k = 4.0, sealed is 5.0"),
            (AlteredEvidenceTests.audit("input_bits", "host", follows: true), "another source of input bits"),
            (AlteredEvidenceTests.audit("simulated", false, follows: true), "Audited for real records"),
        ]
        for (damage, what) in cases {
            let report = try AlteredEvidenceTests.verify(damage)
            #expect(report.differences.contains { $0.contains(what) }, "\(report.text)")
            #expect(report.isCertified == nil)
            #expect(throws: BellError.self) { try AlteredEvidenceTests.verify(damage, isCertificateAnew: true) }
        }
        let clocks = Damage(
            audit: { json in
                var object = json.objectValue ?? [:]
                for node in Node.allCases { object[node.name] = AlteredEvidenceTests.clock8 }
                return .object(object)
            }, calibrationFollows: true)
        let report = try AlteredEvidenceTests.verify(clocks)
        #expect(report.differences.contains { $0.contains("the board counts 8000000000.0 Hz") }, "\(report.text)")
        let distance = try AlteredEvidenceTests.verify(
            AlteredEvidenceTests.audit("survey.d_ab_m", 40.0), isCertificateAnew: true)
        #expect(distance.differences.contains { $0.contains("calibration.audit") }, "\(distance.text)")
    }

    @Test("A plan that was edited does not match", arguments: 0..<4)
    func plan(kind: Int) throws {
        var altered = AlteredEvidenceTests.fixture
        switch kind {
        case 0: altered.plan.headline = .localRealism(significance: 1e-300)
        case 1: altered.plan.settingBias = 0.001
        case 2: altered.plan.localityK = 4.5
        default: altered.plan.trials += 1
        }
        let report = try AlteredEvidenceTests.verify(Damage(), altered)
        #expect(report.differences.contains { $0.hasPrefix("certificate: plan_hash") || $0.hasPrefix("evidence") })
        #expect(report.isCertified == nil)
    }

    @Test("A real campaign made of simulated records does not verify, whoever signs for it")
    func simulatedAsReal() throws {
        var real = AlteredEvidenceTests.fixture
        real.simulated = false
        let damage = Damage(
            simulated: false,
            evidence: { arm in
                for node in Node.allCases {
                    arm.halves[node][0].records = TrialRecord.bytes(
                        of: TrialRecord.all(in: arm.halves[node][0].records).map {
                            var record = $0
                            record.flags.insert(.simulated)
                            return record
                        })
                }
            })
        let report = try AlteredEvidenceTests.verify(damage, real, isCertificateAnew: true)
        #expect(report.differences.contains { $0.contains("simulated flag") }, "\(report.text)")
        #expect(report.isCertified == nil)
        let path = try VerificationTests.write(real, damage)
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        let certificate = try VerificationTests.certificate(path, real)
        #expect(certificate.tally.valid == 0 && !certificate.isCertified)
    }

    @Test(
        "Rows changed in the file are found without any certificate",
        arguments: [
            "DELETE FROM arm WHERE arm = 5; DELETE FROM result WHERE arm = 5; DELETE FROM chunk WHERE id > 10",
            "UPDATE result SET statuses = (SELECT statuses FROM result WHERE arm = 0) WHERE arm = 1",
            "UPDATE result SET clock_alice = (SELECT clock_alice FROM result WHERE arm = 0) WHERE arm = 1",
            "UPDATE result SET margins = (SELECT margins FROM result WHERE arm = 0) WHERE arm = 1",
            "UPDATE chunk SET node = 1 - node WHERE id IN (3, 4)",
            "UPDATE chunk SET first_pulse = first_pulse + 1",
            "UPDATE chunk SET boot = 8 WHERE id = 3",
            "UPDATE chunk SET columns = (SELECT columns FROM chunk WHERE id = 1) WHERE id = 3",
            "UPDATE arm SET first_index = first_index + 1 WHERE arm = 5",
            "UPDATE arm SET count = 127 WHERE arm = 1", "UPDATE arm SET block = 1 WHERE arm = 1",
            "UPDATE block SET audit = replace(audit, '32.824', '42.824')",
            "UPDATE block SET audit = replace(audit, '\"k\":5', '\"k\":4')",
            "UPDATE block SET calibration = replace(calibration, '32.824', '42.824')",
            "UPDATE block SET boot_alice = 8", "UPDATE block SET first_index = 128",
            "UPDATE block_end SET summary = replace(summary, '\"valid\":7', '\"valid\":8')",
            "UPDATE campaign SET simulated = 0", "UPDATE campaign SET devices = '{}'",
            "UPDATE campaign SET plan = replace(plan, '\"locality_k\":5', '\"locality_k\":4')",
            "UPDATE campaign SET software = 'other'",
            "INSERT INTO chunk SELECT id + 100, node, first_index, first_pulse, boot, count, hash, head, signature, columns FROM chunk WHERE id = 3",
            "INSERT INTO result SELECT arm + 100, first_chunk, chunks, clock_alice, clock_bob, statuses, margins, digest FROM result WHERE arm = 1",
        ])
    func rows(statement: String) throws {
        let path = try VerificationTests.write(AlteredEvidenceTests.fixture)
        let database = try Database(path: path, mode: .readWrite)
        let before = try database.value("SELECT total_changes()")
        try database.execute(statement)
        #expect(try database.value("SELECT total_changes()") != before, "the statement changed nothing")
        do throws(BellError) {
            let report = try VerificationTests.report(path)
            #expect(!report.matches && report.isCertified == nil, "\(report.text)")
        } catch {
            #expect(error.code.exit == .dataIntegrity, "\(error)")
        }
    }
}
