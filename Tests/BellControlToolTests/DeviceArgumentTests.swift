import BellHost
import BellModel
import DriverKit
import Foundation
import Recording
import Testing

@testable import BellControlTool
import TestSupport

@Suite("Setting and recording devices from the command line", .blocking)
struct DeviceArgumentTests {
    @Test("settings go to the daemon one after the other, as they were typed")
    func set() throws {
        let daemon = try ScriptedDaemon(status: [:], answers: ["device.set": ["device": "lo", "value": true]])
        let terminal = Terminal()
        #expect(terminal.run("device", "set", "lo", "label=a=b", "output=on", state: daemon.state) == .ok)
        #expect(daemon.params("device.set") == ["device": "lo", "key": "output", "value": "on"])
        #expect(terminal.out == "lo label = yes, read back\nlo output = yes, read back\n")
        let empty = Terminal()
        #expect(empty.run("device", "set", "lo", "label=", state: daemon.state) == .ok)
        #expect(daemon.params("device.set") == ["device": "lo", "key": "label", "value": ""])
    }

    @Test("what is no setting is refused before anything is set", arguments: ["output", "=5", ""])
    func badSetting(text: String) throws {
        let daemon = try ScriptedDaemon(status: [:], answers: ["device.set": [:]])
        let terminal = Terminal()
        #expect(terminal.run("device", "set", "lo", "power_dbm=1", text, state: daemon.state) == .usage)
        #expect(terminal.err.contains("\"\(text)\" is no setting"))
        #expect(terminal.err.contains("nothing was set"))
        #expect(daemon.params("device.set") == nil)
    }

    @Test("a recording's path is made absolute; without one it is refused; --stop tells what came")
    func record() throws {
        let daemon = try ScriptedDaemon(
            status: [:],
            answers: [
                "device.record": ["device": "bob"],
                "device.record.stop": [
                    "device": "bob", "records": 1234, "bytes": 9, "ended_early": ["what": "The disk is full."],
                ],
            ])
        let terminal = Terminal()
        #expect(terminal.run("device", "record", "bob", "x.belltrace", state: daemon.state) == .ok)
        #expect(
            daemon.params("device.record") == ["device": "bob", "file": .string(absolutePath("x.belltrace"))])
        #expect(terminal.out.contains("`bellctl device record bob --stop` ends it"))
        let none = Terminal()
        #expect(none.run("device", "record", "bob", state: daemon.state) == .usage)
        #expect(none.err.contains("Where the recording goes is not said."))
        let stop = Terminal()
        #expect(stop.run("device", "record", "bob", "--stop", state: daemon.state) == .ok)
        #expect(stop.out == "recorded 1 234 records of bob; it had ended before: The disk is full.\n")
        #expect(daemon.params("device.record.stop") == ["device": "bob"])
        #expect(Terminal().run("device", "record", state: daemon.state) == .usage)
    }

    @Test("a recording is summed up, with as many records in full as are wanted")
    func recording() async throws {
        let folder = "\(NSTemporaryDirectory())belld-recording-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/bob.belltrace"
        let tap = RecorderTap(device: "bob", address: "usb://1209:be11/BOB01", kind: .board)
        try tap.start(file: path, simulated: true)
        let open = tap.recording { () async throws(BellError) -> any Transport in
            ScriptedTransport { message in if case .ping(let token) = message { [.pong(token: token)] } else { [] } }
        }
        let transport = try await open()
        for number in 1...3 {
            try transport.send(BoardMessage.ping(token: UInt64(number)).encoded(sequence: UInt32(number), replyTo: 0))
        }
        transport.close()
        await tap.stop()

        let terminal = Terminal()
        #expect(terminal.run("device", "recording", path) == .ok)
        #expect(terminal.out.hasPrefix("board recording of bob at usb://1209:be11/BOB01\n"))
        #expect(terminal.out.contains("device: simulated"))
        #expect(terminal.out.contains("end: it was stopped"))
        #expect(terminal.out.hasSuffix("\n"))
        let program = Terminal()
        #expect(program.run("device", "recording", path, "--json", "--frames", "2") == .ok)
        #expect(try program.json["frames"]?.arrayValue?.count == 2)
        #expect(try program.json["messages"]?.arrayValue?.first { $0["from_host"] == true }?["count"] == 3)
        #expect(try program.json["errors"] == 0)
        #expect(Terminal().run("device", "recording", path, "--frames", "-1") == .usage)
        #expect(Terminal().run("device", "recording", path, "--frames", "many") == .usage)
        let missing = Terminal()
        #expect(missing.run("device", "recording", "\(folder)/none") == .usage)
        #expect(missing.err.contains("\(folder)/none"))
        try writeFileAtomically("\(folder)/text", text: "no recording")
        let none = Terminal()
        #expect(none.run("device", "recording", "\(folder)/text") != .ok)
        #expect(none.err.contains("BELLTRCE"))
    }
}
