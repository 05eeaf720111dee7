import BellAudit
import BellCampaign
import BellCrypto
import BellHost
import BellModel
import BellSequence
import BellTiming
import BellYAML
import DriverKit

extension BellError.Code {
    /// A sequence file is not the one that the plan sealed.
    static let sequenceChanged = BellError.Code("campaign.sequence-changed", exit: .dataIntegrity)
    /// A laboratory whose time is not the wall clock's has real boards.
    static let laboratoryTime = BellError.Code("lab.time-factor", exit: .usage)
}

/// The files a campaign is compiled from, read anew for each block, so that a mended calibration takes effect.
struct LaboratoryFiles: Sendable {
    /// Path of `lab.yaml`.
    let path: String

    /// Reads and checks the laboratory file.
    func laboratory() throws(BellError) -> Laboratory {
        try Laboratory(yaml: try YAMLNode.parse(try readText(path), source: path))
    }

    /// Freezes the calibration and compiles the sealed sequence for these boards.
    ///
    /// - Parameters:
    ///   - sequencePath: The campaign's own copy of the sequence file.
    ///   - instruments: What the instruments were set to for this block; nil when nothing depends on any.
    func compile(
        _ sealed: SealedPlan, sequencePath: String, boards: PerNode<Capabilities>,
        instruments: (frozen: JSON, isSimulated: Bool)? = nil
    ) throws(BellError) -> CompiledBlock {
        let text = try readText(sequencePath)
        guard Blake2b.hash(text: text) == sealed.plan.sequenceHash else {
            throw BellError(
                .sequenceChanged, "The sequence file is not the one that was sealed with the plan.", at: sequencePath,
                state: "no block was begun with it", fix: "restore the file, or start a new campaign")
        }
        let laboratory = try laboratory()
        if let instruments, instruments.isSimulated, !boards.alice.simulated, !boards.bob.simulated {
            throw BellError(
                .campaignBoards, "The boards are real, and an instrument with settings is simulated.",
                at: "\(path) devices", state: "no block was begun",
                fix: "give the instrument its real address, or take its settings out of lab.yaml")
        }
        guard laboratory.timeFactor == nil || boards.alice.simulated && boards.bob.simulated else {
            throw BellError(
                .laboratoryTime, "The boards are real, and real time has no factor.", at: "\(path) time_factor",
                state: "no block was begun with it", fix: "take time_factor out of lab.yaml")
        }
        let calibration = try CalibrationSet(
            laboratory: laboratory, load: { (path) throws(BellError) in try readText(path) })
        let sequence = try PulseSequence(yaml: try YAMLNode.parse(text, source: sequencePath))
        let compiled = try Compiler.compile(
            sequence, calibration: calibration, laboratory: laboratory,
            limits: boards.map { BoardLimits($0) }, k: sealed.plan.localityK, inputBits: sealed.plan.inputBits)
        let audit = try AuditParameters(
            survey: compiled.survey, k: sealed.plan.localityK, tickRates: compiled.programs.map(\.tickRate),
            trialPeriod: compiled.programs.map(\.trialPeriod), inputBits: sealed.plan.inputBits,
            simulated: boards.alice.simulated || boards.bob.simulated)
        // The audit's parameters stand in it, too: whatever decides about trials is under the calibration's hash.
        var frozen: [String: JSON] = [
            "calibration": calibration.frozen, "survey": compiled.survey.json, "audit": audit.json,
            "sequence_hash": .string(sealed.plan.sequenceHash.description), "laboratory": .string(laboratory.name),
        ]
        if let instruments { frozen["instruments"] = instruments.frozen }
        return CompiledBlock(
            programs: compiled.programs, calibration: .object(frozen),
            calibrationHash: Blake2b.hash(text: JSON.object(frozen).text), audit: audit)
    }
}

extension BoardLimits {
    /// What a connected board says of itself.
    init(_ board: Capabilities) {
        self.init(
            tickRate: board.tickRate, ticksPerSample: board.ticksPerSample, waveformMemory: board.waveformMemory,
            maxEvents: board.maxEvents)
    }
}
