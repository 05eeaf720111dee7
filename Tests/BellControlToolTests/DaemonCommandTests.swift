import BellControl
import BellHost
import BellModel
import Foundation
import Testing

@testable import BellControlTool
import TestSupport

@Suite("Commands that ask the daemon", .blocking)
struct DaemonCommandTests {
    private static let id = "5f2c00000000000000000000000000aa"

    @Test("status, for people and for programs")
    func status() throws {
        let daemon = try ScriptedDaemon(status: Samples.status)
        let terminal = Terminal()
        #expect(terminal.run("status", state: daemon.state) == .ok)
        #expect(terminal.out.hasPrefix("belld 0.1.0  pid 4711"))
        let program = Terminal()
        #expect(program.run("status", "--json", state: daemon.state) == .ok)
        #expect(try program.json["campaign"]?["log10_p"] == -3571.28)
        #expect(program.out.hasSuffix("}\n") && program.err.isEmpty)
    }

    @Test("a daemon of another version answers without most fields")
    func older() throws {
        let daemon = try ScriptedDaemon(
            status: [:], answers: ["device.list": [["name": "x"]], "campaign.list": [:], "campaign.show": [:]])
        for command in [["status"], ["device", "list"], ["campaign", "list"], ["campaign", "show"]] {
            let terminal = Terminal()
            #expect(terminal.run(command + ["--state", daemon.state]) == .ok, "\(command)")
            #expect(!terminal.out.isEmpty)
        }
        let terminal = Terminal()
        #expect(terminal.run("device", "check", "alice", state: daemon.state) == .usage)
        #expect(terminal.err.contains("device.check"))
    }

    @Test("a device that the running belld has is not checked behind its back, nor as a partner")
    func servedDevice() throws {
        let bench = try DeviceBench()
        let address = "zmq+ipc://\(bench.folder)/nobody"
        let daemon = try ScriptedDaemon(
            status: [:], answers: ["device.list": ["devices": [["name": "alice", "at": .string(address)]]]])
        let lock = try InstanceLock("\(daemon.state)/belld.lock")
        let words = [
            ["device", "check", address], ["device", "check", "mock://mocklab/bob", "--partner", address],
        ]
        for words in words {
            let terminal = Terminal()
            #expect(
                terminal.run(words + ["--json", "--lab", bench.lab, "--state", daemon.state]) == .hardware, "\(words)")
            let error = try terminal.json["error"]
            #expect(error?["code"] == "conformance.busy")
            #expect(error?["where"] == .string(address))
            #expect(error?["fix"]?.stringValue?.contains("bellctl device check alice") == true)
        }
        withExtendedLifetime(lock) {}
    }

    @Test("while belld holds its lock and does not answer, nothing is checked directly")
    func silentDaemon() throws {
        let bench = try DeviceBench()
        let state = try StateDirectory(path: bench.state)
        let lock = try InstanceLock(state.file("belld.lock"))
        let terminal = Terminal()
        let words = ["device", "check", "mock://mocklab/alice", "--json", "--lab", bench.lab, "--state", bench.state]
        #expect(terminal.run(words) == .hardware)
        #expect(try terminal.json["error"]?["what"]?.stringValue?.contains("belld runs and does not answer") == true)
        withExtendedLifetime(lock) {}
    }

    @Test("a campaign is named to the daemon as it was typed", arguments: ["pause", "resume", "stop", "show"])
    func names(_ verb: String) throws {
        let daemon = try ScriptedDaemon(status: [:], answers: ["campaign.\(verb)": ["campaign": .string(Self.id)]])
        #expect(Terminal().run("campaign", verb, state: daemon.state) == .ok)
        #expect(daemon.params("campaign.\(verb)") == [:])
        #expect(Terminal().run("campaign", verb, "7", state: daemon.state) == .ok)
        #expect(daemon.params("campaign.\(verb)") == ["campaign": "7"])
    }

    @Test("a plan is handed over by its absolute path, and a mistyped one before the daemon is asked")
    func start() throws {
        let daemon = try ScriptedDaemon(
            status: [:], answers: ["campaign.start": ["campaign": .string(Self.id), "number": 3]])
        let plan = "\(daemon.state)/plan.yaml"
        try "plan: x\n".write(toFile: plan, atomically: true, encoding: .utf8)
        let terminal = Terminal()
        #expect(
            terminal.run(
                "campaign", "start", "\(daemon.state)/../\(daemon.state.split(separator: "/").last ?? "")/plan.yaml",
                state: daemon.state) == .ok)
        #expect(terminal.out == "campaign 3 started: \(Self.id)\n")
        #expect(daemon.params("campaign.start") == ["plan_path": .string(absolutePath(plan))])
        #expect(Terminal().run("campaign", "start", "\(plan)x", state: daemon.state) == .usage)
    }

    @Test("a device that fails its check is exit 3")
    func deviceCheck() throws {
        let daemon = try ScriptedDaemon(
            status: [:], answers: ["device.check": ["passed": false, "text": "handshake  FAILED\n"]])
        let terminal = Terminal()
        #expect(terminal.run("device", "check", "bob", state: daemon.state) == .hardware)
        #expect(terminal.out == "handshake  FAILED\n")
        #expect(daemon.params("device.check") == ["device": "bob", "allow_output": false])
    }

    private func watch(_ daemon: ScriptedDaemon, _ campaign: String?, detached: @escaping () -> Bool) throws -> (
        Reply, String
    ) {
        var out = ""
        let console = Console(write: { out += $0 }, complain: { _ in })
        let reply = try WatchCommand.watch(campaign, in: daemon.run, console: console, isDetached: detached)
        return (reply, out)
    }

    @Test("watching shows a line for each change of state; leaving says that the campaign goes on")
    func detach() throws {
        let daemon = try ScriptedDaemon(status: Samples.status)
        var looks = 0
        let (reply, out) = try watch(daemon, nil) {
            looks += 1
            if looks == 5, var campaign = Samples.campaign.objectValue {
                campaign["state"] = "suspended"
                campaign["reason"] = "bob is silent"
                daemon.telemetry.publish(kind: "campaign", data: .object(campaign))
            }
            // A change that the subscription missed is fetched after a second.
            return looks > 40
        }
        #expect(reply.exit == .interrupted)
        #expect(reply.json["detached"] == true)
        let lines = out.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("campaign 1 bell-chsh  running  524 288/1 048 576  50.0 %  S 2.2391") == true)
        #expect(lines.last?.contains("suspended (bob is silent)") == true)
    }

    @Test("a campaign that is over is asked for, and its certificate read")
    func certificate() throws {
        let daemon = try ScriptedDaemon(
            status: ["campaign": nil],
            answers: [
                "campaign.show": ["campaign": .string(Self.id), "state": "completed", "certificate": "/nonexistent/c"]
            ])
        #expect(throws: BellError.self) { try watch(daemon, nil) { false } }
        #expect(daemon.params("campaign.show") == [:])
        #expect(throws: BellError.self) { try watch(daemon, Self.id) { false } }
        #expect(daemon.params("campaign.show") == ["campaign": .string(Self.id)])
    }

    @Test("where there is no campaign the remedy is to start one")
    func none() throws {
        let daemon = try ScriptedDaemon(status: ["campaign": nil])
        let error = #expect(throws: BellError.self) { try watch(daemon, nil) { false } }
        #expect(error?.code == .toolNoCampaign)
        #expect(error?.fix?.contains("campaign start") == true)
    }

    @Test("watching where no daemon is ends at once, with the remedy")
    func watchNobody() throws {
        let state = try StateDirectory(
            path: "\(NSTemporaryDirectory())belld-nobody-\(UInt64.random(in: .min ... .max))", create: false)
        let run = try RunDirectory(for: state, create: false)
        let console = Console(write: { _ in }, complain: { _ in })
        // Not through the command line: its signal watcher belongs to the whole process, tests included.
        let error = #expect(throws: BellError.self) {
            try WatchCommand.watch(nil, in: run, console: console, isDetached: { false })
        }
        #expect(error?.code.exit == .unreachable)
        #expect(error?.fix?.contains("lab up") == true)
    }
}
