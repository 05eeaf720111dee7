import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellYAML
import Board
import Devices
import Foundation
import MockLab
import Testing
import VirtualUSB
import TestSupport

@testable import BellCampaign
@testable import BellDaemon

/// A folder with a laboratory, a plan, a state directory, and the virtual laboratory behind `mock://`.
struct TestLaboratory: Sendable {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let timeouts = BoardTimeouts(
        request: .milliseconds(1500), transfer: .seconds(5), replay: .seconds(5), heartbeat: .milliseconds(100),
        silence: .milliseconds(800), gap: .milliseconds(50), resolution: .milliseconds(10))

    /// For tests that keep the boards busy: the machine may be, too.
    static var patient: BoardTimeouts {
        var patient = timeouts
        (patient.request, patient.transfer, patient.silence) = (.seconds(20), .seconds(20), .seconds(20))
        return patient
    }

    let folder: TemporaryFolder
    let state: StateDirectory
    var virtual: VirtualLab
    /// Simulated instruments, behind `mock://lab/<name>`.
    var instruments: [(name: String, device: VirtualUSBDevice)] = []

    /// - Parameters:
    ///   - name: The folder of `Calibration` that it is a copy of.
    ///   - seed: Of the virtual laboratory.
    init(
        of name: String = "mocklab", seed: UInt64 = 5, faults: [String] = [],
        at: PerNode<String> = PerNode(alice: "mock://lab/alice", bob: "mock://lab/bob")
    ) throws {
        folder = try TemporaryFolder()
        state = try StateDirectory(path: folder.file("state"))
        let shipped = "\(Self.root)/Calibration/\(name)"
        for name in try folderContents(shipped) {
            var text = try readText("\(shipped)/\(name)")
            if name == "lab.yaml" {
                // The boards alone: a test adds the instruments that it is about.
                let others = try #require(text.range(of: "\n  # Instruments beside the boards"))
                let end = try #require(text.range(of: "\ntrigger_master:"))
                text.removeSubrange(others.lowerBound..<end.lowerBound)
                for node in Node.allCases {
                    text = text.replacing("at: zmq+ipc://@run/\(node.name)", with: "at: \"\(at[node])\"")
                }
            }
            try writeFileAtomically(folder.file(name), text: text)
        }
        try writeFileAtomically(
            folder.file("sequence.yaml"), text: try readText("\(Self.root)/Sequences/bell-chsh.yaml"))
        virtual = try Self.virtual(folder, faults: faults, seed: seed)
    }

    static func virtual(_ folder: TemporaryFolder, faults: [String] = [], seed: UInt64 = 5, pace: Pace = .max) throws
        -> VirtualLab
    {
        let path = folder.file("profile.yaml")
        return VirtualLab(
            profile: try MockProfile(yaml: try YAMLNode.parse(try readText(path), source: path)), seed: seed,
            pace: pace,
            faults: try faults.map { try MockFault(parsing: $0) })
    }

    var lab: String { folder.file("lab.yaml") }

    /// Adds devices to lab.yaml, one a line as `lo: {driver: …}`.
    func add(_ devices: String...) throws {
        let text = try readText(lab)
        let lines = devices.map { "  \($0)\n" }.joined()
        try writeFileAtomically(lab, text: text.replacing("\ntrigger_master:", with: lines + "\ntrigger_master:"))
    }

    var store: CampaignStore { CampaignStore(folder: state.campaigns) }

    /// Writes a plan and returns its path.
    func plan(
        trials: UInt64, perArm: Int = 256, perBlock: Int = 2048,
        headline: String = "claim: local-realism-rejected, significance: 1.0e-3", more: String = ""
    ) throws -> String {
        let path = folder.file("plan.yaml")
        try writeFileAtomically(
            path,
            text: """
                plan: test
                sequence: sequence.yaml
                trials: \(trials)
                trials_per_arm: \(perArm)
                trials_per_block: \(perBlock)
                chsh: {minus_on: "11"}
                setting_bias: 0.0005
                headline: {\(headline)}
                \(more)

                """)
        return path
    }

    /// A campaign's folder with a journal as the daemon makes it, without a daemon.
    func seal(_ number: UInt64, previous: Digest = .zero, trials: UInt64 = 1000) throws -> (CampaignID, SealedPlan) {
        let id = try #require(CampaignID(bytes: randomBytes(16)))
        let file = try PlanFile(text: try readText(try plan(trials: trials)), source: "plan")
        let sequence = try readText(folder.file("sequence.yaml"))
        let sealed = SealedPlan(
            plan: file.plan(sequenceHash: Blake2b.hash(text: sequence)), number: number, previous: previous,
            sealedAt: "2026-11-21T00:00:00.000Z")
        try makeFolder(store.folder(of: id))
        try writeFileAtomically(store.sequence(of: id), text: sequence)
        try writeFileAtomically(store.plan(of: id), text: sealed.json.text)
        _ = try Journal.create(
            at: store.journal(of: id), campaign: id, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
            devices: [:], simulated: true)
        return (id, sealed)
    }

    /// - Parameter calibration: What can be calibrated; nil for what belld can by itself.
    func makeDaemon(calibration: CalibrationKit? = nil) throws -> Daemon {
        try Daemon(
            options: Daemon.Options(
                state: state, laboratory: lab,
                timeouts: calibration == nil ? Self.timeouts : Self.patient, stall: 2_000_000_000),
            log: Logger(to: try LogFile(state.file("logs/belld.log"))),
            mock: InProcessLaboratory(laboratory: virtual, instruments: instruments), calibration: calibration)
    }
}
