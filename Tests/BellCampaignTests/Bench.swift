import BellAudit
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellSequence
import BellYAML
import Board
import DriverKit
import Foundation
import MockLab
import Testing
import TestSupport

@testable import BellCampaign

/// A virtual laboratory, a sealed plan and a place for its journal.
struct Bench: Sendable {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let labPath = "\(root)/Calibration/mocklab/lab.yaml"
    static let sequencePath = "\(root)/Sequences/bell-chsh.yaml"

    let folder: TemporaryFolder
    var lab: VirtualLab
    let campaign: CampaignID
    let sealed: SealedPlan

    init(
        trials: UInt64, perArm: UInt32 = 256, perBlock: UInt64 = 4096, inputBits: InputBitSource = .board,
        spool: UInt32 = 65_536, faults: [String] = [], seed: UInt64 = 11, pace: Pace = .max, signs: Bool = true,
        edit: (inout Plan) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        lab = try Bench.laboratory(faults: faults, spool: spool, seed: seed, pace: pace, signs: signs)
        campaign = try #require(CampaignID(bytes: randomBytes(16)))
        var plan = Plan(
            name: "bench", trials: trials, trialsPerArm: perArm, trialsPerBlock: perBlock, pattern: .minusOn11,
            inputBits: inputBits, hostBits: inputBits == .host ? PerNode(alice: "file:a", bob: "file:b") : nil,
            settingBias: 0.0005, localityK: 5, headline: .localRealism(significance: 0.01), claims: [],
            pool: .private, onRestart: .resume, sequence: "bell-chsh.yaml", sequenceHash: .zero)
        edit(&plan)
        sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")
    }

    static func laboratory(
        faults: [String] = [], spool: UInt32 = 65_536, seed: UInt64 = 11, pace: Pace = .max, signs: Bool = true,
        _ edit: (inout MockProfile) -> Void = { _ in }
    ) throws -> VirtualLab {
        let path = "\(root)/Calibration/mocklab/profile.yaml"
        var profile = try MockProfile(yaml: try YAMLNode.parse(try readText(path), source: path))
        for node in Node.allCases {
            profile.boards[node].spoolTrials = spool
            profile.boards[node].signs = signs
        }
        edit(&profile)
        return VirtualLab(
            profile: profile, seed: seed, pace: pace, faults: try faults.map { try MockFault(parsing: $0) })
    }

    var journal: String { folder.file("journal.sqlite") }

    /// - Parameter devices: What the journal says of the boards at the campaign's beginning.
    func createKeeper(
        devices: JSON = [:], signers: PerNode<SigningKey?> = PerNode(alice: nil, bob: nil)
    ) throws -> JournalKeeper {
        try JournalKeeper.create(
            at: journal, campaign: campaign, sealed: sealed, devices: devices, simulated: true, signers: signers)
    }

    func openKeeper(
        unpause: Bool = false, signers: PerNode<SigningKey?> = PerNode(alice: nil, bob: nil)
    ) throws -> JournalKeeper {
        try JournalKeeper.open(at: journal, unpause: unpause, signers: signers)
    }

    /// Compiles the shipped sequence with the shipped calibration for these boards.
    static func compile(_ sealed: SealedPlan, _ boards: PerNode<Capabilities>) throws(BellError) -> CompiledBlock {
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try readText(labPath), source: labPath))
        let calibration = try CalibrationSet(
            laboratory: laboratory, load: { (path) throws(BellError) in try readText(path) })
        let sequence = try PulseSequence(yaml: try YAMLNode.parse(try readText(sequencePath), source: sequencePath))
        let compiled = try Compiler.compile(
            sequence, calibration: calibration, laboratory: laboratory,
            limits: boards.map {
                BoardLimits(
                    tickRate: $0.tickRate, ticksPerSample: $0.ticksPerSample, waveformMemory: $0.waveformMemory,
                    maxEvents: $0.maxEvents)
            }, k: sealed.plan.localityK, inputBits: sealed.plan.inputBits)
        return CompiledBlock(
            programs: compiled.programs, calibration: calibration.frozen,
            calibrationHash: Blake2b.hash(text: calibration.frozen.text),
            audit: try AuditParameters(
                survey: compiled.survey, k: sealed.plan.localityK, tickRates: compiled.programs.map(\.tickRate),
                trialPeriod: compiled.programs.map(\.trialPeriod), inputBits: sealed.plan.inputBits))
    }

    /// What the journal says of every index, after all its hashes were compared.
    func account() throws -> Account { try Account(journal) }
}

/// A journal's books.
struct Account {
    var tally = TrialTally()
    /// Losses by cause, without the causes that did not occur.
    var losses: [LossCause: UInt64] = [:]
    var nextIndex: UInt64 = 0
    var arms: [ArmHeader] = []
    var blocks: [StoredBlock] = []
    var state = ""
    /// Every trial's status, by index.
    var statuses: [UInt8] = []

    /// Reads a journal; records an issue for an index that is missing or there twice.
    init(_ path: String) throws {
        let journal = try Journal.openReadOnly(at: path)
        try journal.verifyStructure()
        for arm in try journal.arms() {
            #expect(arm.header.firstIndex == nextIndex, "every index exactly once")
            nextIndex = arm.header.endIndex
            arms.append(arm.header)
            let result = try #require(arm.result, "arm \(arm.header.arm) is not recorded")
            #expect(result.statuses.count == Int(arm.header.count))
            statuses += result.statuses
            for status in result.statuses { tally.add(try #require(TrialStatus(rawValue: status))) }
        }
        for cause in LossCause.allCases where tally.losses(cause) > 0 { losses[cause] = tally.losses(cause) }
        blocks = try journal.blocks()
        state = try journal.state().state
        for block in blocks { #expect(block.summary != nil, "block \(block.header.number) is open") }
    }
}
