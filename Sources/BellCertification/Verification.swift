import BellAudit
import BellCrypto
public import BellJournal
public import BellModel

/// Recomputes a campaign from the halves in its journal, and compares everything that was derived from them.
public enum Verification {
    /// Audits every arm anew, hashes the evidence, checks every chunk's signature, counts, issues a certificate and
    /// compares it with the given one.
    ///
    /// Nothing stored is trusted but the halves, the clock records, the host's bits, the sealed plan and the nodes' keys:
    /// statuses, margins, roots, block summaries and the certificate are compared with what follows from those. A damaged
    /// arm is reported and the rest is still checked. Signatures are checked beside the audit, each node's on a core.
    /// - Parameters:
    ///   - journal: Opened read-only.
    ///   - certificate: Nil to check the journal alone.
    ///   - progress: Called after each arm with the trials done and the campaign's n.
    ///   - outcomes: Given the recomputed statuses of each arm, in the order of the trials; good only if the report says so.
    /// - Returns: The report; a mismatch is a report, not an error.
    /// - Throws: What reading the journal throws when it cannot be read on.
    public static func run(
        journal: Journal, certificate: Certificate?, progress: (UInt64, UInt64) -> Void = { _, _ in },
        outcomes: ([UInt8]) -> Void = { _ in }
    ) throws(BellError) -> VerificationReport {
        var run = VerificationRun(journal)
        try run.checkPlan(certificate)
        try run.checkArms(progress, outcomes)
        return try run.finish(certificate)
    }
}

/// The state of one verification.
struct VerificationRun {
    private let journal: Journal
    private var builder: EvidenceBuilder
    private var differences: [String] = []
    private var differenceCount = 0
    private var arms: UInt64 = 0
    /// False once an arm could not be taken in; totals are then not compared, as they cannot agree.
    private var isComplete = true

    init(_ journal: Journal) {
        self.journal = journal
        // A key that cannot be read is a contradiction of the evidence, which is found at its end.
        let keys = try? PerNode<ChunkKey?>(devices: journal.devices, path: "devices")
        builder = EvidenceBuilder(
            journal.sealed, campaign: journal.campaign, keys: keys ?? PerNode(alice: nil, bob: nil))
    }

    private mutating func differ(_ place: String, _ what: String) {
        differenceCount += 1
        if differences.count < VerificationReport.listLimit { differences.append("\(place): \(what)") }
    }

    /// Takes an error of the evidence as a difference.
    private mutating func differ(_ error: BellError, at place: String) {
        for part in [error] + error.others {
            differ(part.place.map { "\(place), \($0)" } ?? place, part.what)
        }
        isComplete = false
    }

    /// Compares what was there before the first trial.
    mutating func checkPlan(_ certificate: Certificate?) throws(BellError) {
        let planHash = Blake2b.hash(text: journal.sealed.json.text)
        if planHash != journal.planHash {
            differ("journal plan", "hashes to \(planHash), stored is \(journal.planHash)")
        }
        if let certificate, certificate.evidence.campaign != journal.campaign {
            differ("certificate campaign", "is \(certificate.evidence.campaign), the journal's is \(journal.campaign)")
        }
        // The records themselves are hashed when their arm is audited.
        do throws(BellError) { try journal.verifyStructure(records: false) } catch { differ(error, at: "journal") }
    }

    /// Goes through all blocks and arms.
    mutating func checkArms(
        _ progress: (UInt64, UInt64) -> Void, _ outcomes: ([UInt8]) -> Void
    ) throws(BellError) {
        // Of one moment: a campaign that still runs must not seem to have arms without a block.
        let (blocks, headers) = try journal.snapshot { () throws(BellError) in
            (try journal.blocks(), try journal.committedArms())
        }
        var left = blocks[...]
        var current: StoredBlock?
        // One arm is restored while the one before is audited.
        var ahead = headers.first.map { begin($0) }
        for (place, header) in headers.enumerated() {
            while let next = left.first, next.header.number <= header.block {
                endBlock(current)
                beginBlock(left.removeFirst(), current: &current)
            }
            guard let reading = ahead else { break }
            ahead = place + 1 < headers.count ? begin(headers[place + 1]) : nil
            check(header, reading, outcomes)
            progress(header.endIndex, journal.sealed.plan.trials)
        }
        for block in left {
            endBlock(current)
            beginBlock(block, current: &current)
        }
        endBlock(current)
    }

    private mutating func beginBlock(_ block: StoredBlock, current: inout StoredBlock?) {
        let place = "block \(block.header.number)"
        current = block
        let hash = Blake2b.hash(text: block.header.calibration.text)
        if hash != block.header.calibrationHash {
            differ("\(place) calibration", "hashes to \(hash), stored is \(block.header.calibrationHash)")
        }
        if block.header.firstIndex != builder.nextIndex {
            differ("\(place) first_index", "is \(block.header.firstIndex), the arms before end at \(builder.nextIndex)")
        }
        for (key, stated) in [
            ("audit", block.header.audit), ("survey", block.header.audit["survey"] ?? .null),
            ("sequence_hash", .string(journal.sealed.plan.sequenceHash.description)),
        ] where block.header.calibration[key]?.text != stated.text {
            differ("\(place) calibration.\(key)", "is not what the block was audited with")
        }
        do throws(BellError) {
            try builder.beginBlock(
                number: block.header.number, calibrationHash: hash,
                audit: try AuditParameters(json: block.header.audit, path: "\(place).audit"))
        } catch { differ(error, at: place) }
    }

    /// Compares a block's stored summary with the sums of its arms.
    private mutating func endBlock(_ block: StoredBlock?) {
        guard isComplete, let block, let summary = block.summary, let sums = builder.openBlock() else { return }
        var expected: [(String, JSON)] = [
            ("tally", sums.tally.json), ("margins", sums.margins.json),
            ("evidence_roots", builder.evidenceRoots.json), ("signatures", sums.signatures.json),
            ("next_index", JSON(count: builder.nextIndex)),
        ]
        if let isMet = builder.isStopRuleMet { expected.append(("stop_rule_met", .bool(isMet))) }
        for (key, value) in expected {
            guard let stored = summary[key] else {
                differ("block \(block.header.number) summary", "\(key) is missing")
                continue
            }
            for difference in JSONDifference.list(stored, expected: value, path: key) {
                differ("block \(block.header.number) summary", difference)
            }
        }
        // Known ones are an objection in the certificate; here is where the others are.
        guard summary["signatures"] != sums.signatures.json else { return }
        for problem in builder.unsigned { differ("arm \(problem.chunk.arm)", problem.words) }
    }

    private func begin(_ header: ArmHeader) -> Result<ArmReading, BellError> {
        do throws(BellError) { return .success(try journal.begin(header)) } catch { return .failure(error) }
    }

    private mutating func check(
        _ header: ArmHeader, _ reading: Result<ArmReading, BellError>, _ outcomes: ([UInt8]) -> Void
    ) {
        let place = "arm \(header.arm)"
        let audited: ArmAudit
        let result: StoredArm.Result
        do throws(BellError) {
            let (evidence, stored) = try reading.get().take()
            guard let stored else {
                // The arm under way of a campaign that goes on is as it should be.
                let isOver = ["finishing", "stopped", "completed"].contains(try journal.state().state)
                if isOver || header.endIndex != journal.nextIndex { differ(place, "was committed and never recorded") }
                isComplete = false
                return
            }
            result = stored
            audited = try builder.add(
                evidence, header: header, signatures: stored.chunks.map { $0.map(\.signature) },
                hashes: stored.chunks.map { $0.map(\.hash) })
        } catch {
            differ(error, at: place)
            return
        }
        arms += 1
        outcomes(audited.statuses)
        if audited.statuses != result.statuses { compare(audited.statuses, result.statuses, header) }
        for difference in JSONDifference.list(result.margins, expected: audited.margins.json, path: "margins") {
            differ(place, difference)
        }
        if audited.simulated, !journal.simulated {
            differ(place, "a record carries the simulated flag, the journal does not")
        }
    }

    private mutating func compare(_ found: [UInt8], _ stored: [UInt8], _ header: ArmHeader) {
        guard found.count == stored.count else {
            differ("arm \(header.arm)", "\(stored.count) statuses are stored for \(found.count) trials")
            return
        }
        for i in found.indices where found[i] != stored[i] {
            differ(
                "arm \(header.arm), trial \(header.firstIndex &+ UInt64(i))",
                "stored status \(VerificationRun.words(stored[i])), recomputed \(VerificationRun.words(found[i]))")
        }
    }

    private static func words(_ byte: UInt8) -> String {
        guard let status = TrialStatus(rawValue: byte) else { return "\(byte)" }
        guard let cell = status.cell else { return status.loss?.name ?? "\(byte)" }
        return "x=\(cell >> 3) y=\(cell >> 2 & 1) a=\(cell >> 1 & 1) b=\(cell & 1)"
    }

    /// Issues a certificate from what was recomputed, and compares.
    mutating func finish(_ certificate: Certificate?) throws(BellError) -> VerificationReport {
        let roots = builder.evidenceRoots
        let trials = builder.nextIndex
        var issued: Certificate?
        if isComplete {
            do throws(BellError) {
                issued = try Certificate.issue(
                    try builder.finish(
                        planHash: journal.planHash, devices: journal.devices,
                        simulated: journal.simulated, software: journal.software, record: try journal.planRecord(),
                        end: try end(certificate)))
            } catch { differ(error, at: "evidence") }
        }
        if let certificate, let issued {
            // Who signed is no part of the evidence.
            let expected = issued.naming(certificate.signedBy).json
            let list = JSONDifference.list(certificate.json, expected: expected, path: "")
            for difference in list where !difference.hasPrefix("hash:") { differ("certificate", difference) }
        }
        // What is altered is certified by nobody; a campaign under way has no verdict yet.
        let state = try journal.state().state
        let hasEnded = certificate != nil || ["completed", "stopped", "finishing"].contains(state)
        return VerificationReport(
            campaign: journal.campaign, arms: arms, trials: trials, evidenceRoots: roots,
            certificateHash: certificate?.hash,
            verdict: differenceCount > 0 ? .invalid : hasEnded ? issued?.verdict : nil,
            simulated: journal.simulated,
            differences: differences, differenceCount: differenceCount)
    }

    /// How the campaign ended, from the journal's state; the words of a stop are the certificate's.
    private mutating func end(_ certificate: Certificate?) throws(BellError) -> CampaignEvidence.End {
        let (state, reason) = try journal.state()
        let isFull = builder.nextIndex >= journal.sealed.plan.trials
        if let certificate {
            switch certificate.evidence.end {
            case .completed where !["completed", "finishing"].contains(state),
                .stoppedByRule where !["completed", "finishing"].contains(state),
                .stopped where !["stopped", "finishing"].contains(state):
                differ("certificate end", "the journal's campaign is \(state)")
            default: break
            }
            return certificate.evidence.end
        }
        if isFull { return .completed }
        return builder.isStopRuleMet == true ? .stoppedByRule : .stopped(reason: reason)
    }
}
