import BellCommandLine
import BellHost
import BellModel
import Foundation
import Testing

@testable import BellControlTool

/// A copy of the shipped laboratory whose boards are inside the process, and bellctl on it.
final class DeviceBench: Sendable {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path
    static let sequence = "\(root)/Sequences/bell-chsh.yaml"

    let folder = "\(NSTemporaryDirectory())belld-device-\(UInt64.random(in: .min ... .max))"
    var lab: String { "\(folder)/lab.yaml" }
    var state: String { "\(folder)/state" }

    /// - Parameter devices: Further lines among the devices.
    init(_ devices: String..., alice: String = "mock://mocklab/alice") throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let shipped = "\(Self.root)/Calibration/mocklab"
        for name in try folderContents(shipped) {
            var text = try readText("\(shipped)/\(name)")
            if name == "lab.yaml" {
                text = text.replacing("zmq+ipc://@run/alice", with: alice)
                    .replacing("zmq+ipc://@run/bob", with: "mock://mocklab/bob")
                    .replacing("\ntrigger_master:", with: devices.map { "  \($0)\n" }.joined() + "\ntrigger_master:")
            }
            try writeFileAtomically("\(folder)/\(name)", text: text, mode: 0o640)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What a command printed, and how it ended.
    struct Answer: Sendable {
        var exit: ExitCode
        var out: String
        var err: String
        var json: JSON { get throws { try JSON(parsing: out, source: "stdout") } }
        /// The findings of a swap: `subject verdict`.
        var verdicts: [String] {
            get throws {
                (try json["findings"]?.arrayValue ?? []).map {
                    "\($0["subject"]?.stringValue ?? "") \($0["verdict"]?.stringValue ?? "")"
                }
            }
        }
    }

    /// Runs a command on this laboratory on a thread of its own: it waits for what the shared threads do.
    func run(_ arguments: String...) async throws -> Answer {
        try await blocking { [arguments = arguments + ["--lab", lab, "--state", state]] in
            let terminal = Terminal()
            let exit = terminal.run(arguments)
            return Answer(exit: exit, out: terminal.out, err: terminal.err)
        }
    }

    /// Checks a device without a daemon and without watching signals, which belong to the whole process.
    func check(_ arguments: String..., isInterrupted: @escaping @Sendable () -> Bool = { false }) async throws -> Reply {
        let all = ["device", "check"] + arguments + ["--lab", lab, "--state", state]
        return try await blocking {
            let command = try CommandTree.root.parse(all)
            let invocation = Invocation(command: command, console: Console(write: { _ in }, complain: { _ in }))
            return try DeviceCheckCommand.directly(
                invocation.positional(0) ?? "", invocation, isInterrupted: isInterrupted)
        }
    }

    private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do throws(BellError) {
                try startThread(named: "bellctl test") { continuation.resume(with: Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
