import BellModel
import Foundation
import Testing

@testable import BellControlTool

@Suite("Commands that need no daemon")
struct OfflineCommandTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path
    private static let sequence = "\(root)/Sequences/bell-chsh.yaml"
    private static let lab = "\(root)/Calibration/mocklab/lab.yaml"

    private func folder() throws -> String {
        let path = "\(NSTemporaryDirectory())belld-tool-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test("the shipped sequence passes the check")
    func check() throws {
        let terminal = Terminal()
        #expect(terminal.run("sequence", "check", Self.sequence, "--lab", Self.lab) == .ok, "\(terminal.err)")
        #expect(terminal.out.hasPrefix("\(Self.sequence): ok\n  margins       A→B "))
        let program = Terminal()
        #expect(program.run("sequence", "check", Self.sequence, "--lab", Self.lab, "--json") == .ok)
        let margins = try program.json["table"]?["margins"]
        let least = min(margins?["ab_ps"]?.intValue ?? 0, margins?["ba_ps"]?.intValue ?? 0)
        #expect(Double(least) > margins?["required_ps"]?.doubleValue ?? .infinity)
    }

    @Test("an experiment passes the check and is shown, without a word of margins")
    func experiment() throws {
        let file = "\(Self.root)/Sequences/calibration/ramsey.yaml"
        let terminal = Terminal()
        #expect(terminal.run("sequence", "check", file, "--lab", Self.lab) == .ok, "\(terminal.err)")
        #expect(terminal.out.hasPrefix("\(file): ok\n  alice   5 events"))
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let shown = Terminal()
        #expect(
            shown.run("sequence", "show", file, "--lab", Self.lab, "--svg", "\(folder)/a.svg") == .ok, "\(shown.err)")
        #expect(shown.out.contains("wait_ns      1000 ns"))
        #expect(shown.out.contains("  2000.0      12.0        pulse         0.75758    0.00       0\n"))
        #expect(!shown.out.contains("margin"))
        let picture = try String(contentsOfFile: "\(folder)/a.svg", encoding: .utf8)
        #expect(picture.contains("ramsey: one shot"))
        let program = Terminal()
        #expect(program.run("sequence", "check", file, "--lab", Self.lab, "--json") == .ok)
        #expect(try program.json["experiment"]?["parameters"]?["wait_ns"]?.doubleValue == 1000)
    }

    @Test(
        "an experiment's parameters are set by name, with their own unit or none",
        arguments: ["wait_ns=2000", "wait_ns=2000ns", "wait_ns = 2e3 ns", "wait_ns=2000.0"])
    func settings(_ setting: String) throws {
        let file = "\(Self.root)/Sequences/calibration/ramsey.yaml"
        let terminal = Terminal()
        let words = ["--set", setting, "--set", "phase_deg=-90 deg", "--lab", Self.lab]
        #expect(terminal.run(["sequence", "check", file] + words + ["--json"]) == .ok, "\(terminal.err)")
        let parameters = try terminal.json["experiment"]?["parameters"]
        #expect(parameters?["wait_ns"]?.doubleValue == 2000 && parameters?["phase_deg"]?.doubleValue == -90)
        #expect(parameters?["detuning_hz"]?.doubleValue == 0)
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let shown = Terminal()
        #expect(shown.run(["sequence", "show", file, "--svg", "\(folder)/a.svg"] + words) == .ok, "\(shown.err)")
        #expect(shown.out.contains("wait_ns      2000 ns"))
        #expect(shown.out.contains("  4012.0      12.0        pulse         0.75758    270.00"), "\(shown.out)")
    }

    @Test(
        "a setting that is none, of an unknown parameter, or in another unit is refused with what to write",
        arguments: [
            ("wait_ns", "for example --set wait_ns=2000"), ("=5", "for example --set wait_ns=2000"),
            ("wait_ns=", "for example --set wait_ns=2000"), ("wait_ns=nan", "for example --set wait_ns=2000"),
            ("wait_ns=2 us", "write --set wait_ns=2000"), ("wait_ns=2 Hz", "give it in ns: --set wait_ns=VALUEns"),
            ("detuning_hz=2.2MHz", "write --set detuning_hz=2200000"), ("phase_deg=1 turns", "give it in deg"),
            ("wait=5", "parameters: wait_ns, phase_deg, detuning_hz"), ("phase_dg=5", "did you mean \"phase_deg\"?"),
            ("wait_ns=1e9", "allowed: 0 ≤ duration_ns ≤ 400000000 (ns)"),
        ])
    func badSettings(_ setting: String, _ fix: String) {
        let file = "\(Self.root)/Sequences/calibration/ramsey.yaml"
        let terminal = Terminal()
        #expect(terminal.run("sequence", "check", file, "--lab", Self.lab, "--set", setting) == .usage)
        #expect(terminal.err.contains(fix), "\(setting): \(terminal.err)")
    }

    @Test("a parameter that is set twice, and one of a sequence of trials, are refused")
    func misplacedSettings() {
        let file = "\(Self.root)/Sequences/calibration/ramsey.yaml"
        let twice = Terminal()
        #expect(
            twice.run("sequence", "check", file, "--lab", Self.lab, "--set", "wait_ns=1", "--set", "wait_ns=2")
                == .usage)
        #expect(twice.err.contains("wait_ns is set twice"))
        let trials = Terminal()
        #expect(trials.run("sequence", "show", Self.sequence, "--lab", Self.lab, "--set", "wait_ns=1") == .usage)
        #expect(trials.err.contains("it has no parameters"))
    }

    @Test("an impossible margin is refused with its place, for people and for programs")
    func tooStrict() throws {
        let terminal = Terminal()
        #expect(terminal.run("sequence", "check", Self.sequence, "--lab", Self.lab, "--k", "900") == .usage)
        #expect(terminal.err.contains("\(Self.sequence):"))
        #expect(terminal.err.contains("fix:"))
        let program = Terminal()
        #expect(program.run("sequence", "check", Self.sequence, "--lab", Self.lab, "--k", "900", "--json") == .usage)
        #expect(try program.json["error"]?["code"]?.stringValue == "sequence.locality")
        #expect(program.err.isEmpty)
    }

    @Test(
        "a file that is not there is named",
        arguments: [
            ["sequence", "check", "/nonexistent.yaml", "--lab", lab],
            ["sequence", "show", sequence, "--lab", "/nonexistent"],
            ["campaign", "plan", "/nonexistent.yaml"],
        ])
    func missing(_ arguments: [String]) {
        let terminal = Terminal()
        #expect(terminal.run(arguments) == .usage)
        #expect(terminal.err.contains("/nonexistent"))
        #expect(terminal.err.contains("fix:"))
    }

    @Test("show prints the table and writes the picture")
    func show() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let terminal = Terminal()
        let picture = "\(folder)/p.svg"
        #expect(terminal.run("sequence", "show", Self.sequence, "--lab", Self.lab, "--svg", picture) == .ok)
        #expect(terminal.out.contains("alice"))
        #expect(terminal.out.hasSuffix("picture: \(picture)\n"))
        #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("<svg"))
    }

    @Test(
        "the picture has the sequence's name",
        arguments: [
            ("Sequences/bell-chsh.yaml", "bell-chsh.svg"), ("a.yml", "a.svg"), ("x", "x.svg"), ("/", "/.svg"),
        ])
    func pictureName(_ path: String, _ name: String) {
        #expect(SequenceCommand.pictureName(path) == name)
    }

    @Test("a plan is checked whole, and its body's hash does not depend on when it is asked for")
    func plan() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/plan.yaml"
        let text = """
            plan: short
            sequence: \(Self.sequence)
            trials: 65536
            setting_bias: 0
            chsh: {minus_on: "11"}
            headline: {claim: local-realism-rejected, significance: 1e-6}
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let first = Terminal()
        #expect(first.run("campaign", "plan", path, "--lab", Self.lab, "--json") == .ok, "\(first.out)")
        let answer = try first.json
        #expect(answer["plan"]?["trials"] == 65536)
        #expect(answer["plan"]?["sealed_at"] == nil)
        let second = Terminal()
        #expect(second.run("campaign", "plan", path, "--lab", Self.lab) == .ok)
        #expect(second.out.contains(answer["body_hash"]?.stringValue ?? "no hash"))
        #expect(second.out.contains("  headline      local realism is rejected at p ≤ 0.000001\n"))

        try (text + "\ntrails: 5\n").write(toFile: path, atomically: true, encoding: .utf8)
        let wrong = Terminal()
        #expect(wrong.run("campaign", "plan", path, "--lab", Self.lab) == .usage)
        #expect(wrong.err.contains("\(path):7"))
        #expect(wrong.err.contains("trials"))
    }

    @Test(
        "what a plan names is looked for beside it",
        arguments: [
            ("plans/a.yaml", "../s.yaml", "plans/../s.yaml"), ("a.yaml", "s.yaml", "s.yaml"),
            ("/p/a.yaml", "/s.yaml", "/s.yaml"),
        ])
    func beside(_ path: String, _ name: String, _ result: String) {
        #expect(PlanCommand.beside(path, name) == result)
    }

    @Test("logs are read from the state directory, also while the programs are down")
    func log() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/logs", withIntermediateDirectories: true)
        try "one\ntwo\nthree\n".write(toFile: "\(folder)/logs/bellcert.log", atomically: true, encoding: .utf8)
        let terminal = Terminal()
        #expect(terminal.run("log", "--of", "bellcert", "-n", "2", state: folder) == .ok)
        #expect(terminal.out == "two\nthree\n")
        let program = Terminal()
        #expect(program.run("log", "--of", "bellcert", "--json", state: folder) == .ok)
        #expect(try program.json["lines"] == ["one", "two", "three"])
        #expect(Terminal().run("log", state: folder) == .usage)
    }

    @Test("a log that grows, shrinks or is replaced is followed")
    func tail() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/x.log"
        try "abc\n".write(toFile: path, atomically: true, encoding: .utf8)
        var tail = try FileTail(path: path)
        #expect(try tail.last(bytes: 2) == Array("c\n".utf8))
        #expect(try tail.new().isEmpty)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Array("d\n".utf8))
        #expect(try tail.new() == Array("d\n".utf8))
        try handle.truncate(atOffset: 1)
        #expect(try tail.new() == Array("a".utf8))
        try "new\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try tail.new() == Array("new\n".utf8))
    }

    @Test("doctor answers for this machine")
    func doctor() throws {
        let program = Terminal()
        let exit = program.run("doctor", "--json", "--trials", "1000")
        let answer = try program.json
        #expect(answer["forecast_bytes"] == 12000)
        #expect(answer["complete"] == .bool(exit == .ok))
        #expect(answer["checks"]?.arrayValue?.isEmpty == false)
        #expect(Terminal().run("doctor", "--trials", "-5") == .usage)
    }

    @Test("lab down where nothing is up is no error")
    func nothingUp() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let terminal = Terminal()
        #expect(terminal.run("lab", "down", state: folder) == .ok)
        #expect(terminal.out == "no laboratory is up on \(folder)\n")
        // A record that a killed supervisor left behind sends no signal to a stranger.
        let record = LabRecord(pid: ProcessInfo.processInfo.processIdentifier, phase: .up)
        try record.json.text.write(toFile: "\(folder)/\(LabRecord.fileName)", atomically: true, encoding: .utf8)
        #expect(Terminal().run("lab", "down", state: folder) == .ok)
    }

    @Test("mocklab is needed only where a board is expected in the run directory")
    func needsMockLab() throws {
        let text = try String(contentsOfFile: Self.lab, encoding: .utf8)
        #expect(try LabFile.laboratory(text: text, source: Self.lab).needsMockLab)
        let real = text.replacing("zmq+ipc://@run/", with: "usb://1209:be11/")
        #expect(try !LabFile.laboratory(text: real, source: Self.lab).needsMockLab)
    }
}
