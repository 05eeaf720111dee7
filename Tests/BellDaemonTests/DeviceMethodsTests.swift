import BellHost
import BellJournal
import BellModel
import DriverKit
import Recording
import Testing
import VirtualUSB
import TestSupport

@testable import BellDaemon

/// What people ask of devices through the control socket of a whole daemon, with simulated boards and instruments.
@Suite(.blocking) struct DeviceMethodsTests {
    private let source = VirtualUSBDevice(USBTMCSource(source: SimulatedSource(serial: "LO-1")))

    /// A laboratory with a source that has settings, and a switch box that has none.
    private func laboratory(_ settings: String = "power_dbm: -12, output: on") throws -> TestLaboratory {
        var laboratory = try TestLaboratory()
        let box = try #require(SimulatedMiniCircuits(.init(model: "RC-2SP6T-A12", serial: "7", usbSerial: "7")))
        laboratory.instruments = [("lo", source), ("box", VirtualUSBDevice(box))]
        try laboratory.add(
            "lo: {driver: microwave-source, node: alice, at: mock://lab/lo, settings: {\(settings)}}",
            "box: {driver: rf-switch, at: mock://lab/box}", "far: {driver: attenuator, at: zmq+ipc:///nowhere/far}")
        return laboratory
    }

    private func running(_ laboratory: TestLaboratory) throws -> RunningDaemon {
        // Boards first, then the instruments that can be reached.
        let daemon = try RunningDaemon(laboratory)
        try daemon.wait("both instruments are connected") { status in
            (status["devices"]?.arrayValue ?? []).filter { $0["state"] == "connected" }.count == 4
        }
        return daemon
    }

    private func states(_ daemon: RunningDaemon) throws -> [String] {
        (try daemon.call("device.list")["devices"]?.arrayValue ?? []).map {
            "\($0["name"]?.stringValue ?? "") \($0["state"]?.stringValue ?? "")"
        }
    }

    @Test("devices are listed in the order of lab.yaml, and each is shown with what it can do")
    func listAndShow() async throws {
        let daemon = try running(try laboratory())
        try daemon.wait("the far one is given up for now") { status in
            status["devices"]?.arrayValue?.contains { $0["name"] == "far" && $0["state"] == "disconnected" } == true
        }
        #expect(
            try states(daemon) == [
                "alice connected", "bob connected", "lo connected", "box connected", "far disconnected",
            ])
        let lo = try daemon.call("device.show", ["device": "lo"])
        #expect(lo["identity"]?["serial"] == "LO-1")
        #expect(lo["node"] == "alice")
        #expect(lo["recording"] == false)
        let rows = try #require(lo["ranges"]?.arrayValue)
        #expect(
            rows.compactMap { $0["key"]?.stringValue }
                == ["frequency_hz", "power_dbm", "output", "reference", "reference_locked"])
        #expect(rows.map { $0["writable"] } == [true, true, true, true, false])
        #expect(rows[1]["allowed"] == "-60.0 … 20.0")
        #expect(rows[1]["value"]?.doubleValue == -60, "settings of lab.yaml are for blocks, not for a start")
        let board = try daemon.call("device.show", ["device": "bob"])
        #expect(board["capabilities"]?["simulated"] == true)
        #expect(board["ranges"] == nil)
        #expect(board["shadow"] == nil)
        #expect(board["recording"] == false)
        let unknown = try daemon.refusal("device.show", ["device": "carol"])
        #expect(unknown.code.name == "device.unknown")
        #expect(unknown.code.exit == .usage)
        await daemon.end()
    }

    @Test("an instrument is set and made safe; a board, an unknown device and a wrong value are refused")
    func set() async throws {
        let daemon = try running(try laboratory())
        let answer = try daemon.call("device.set", ["device": "lo", "key": "power_dbm", "value": "-7.5"])
        #expect(answer["value"]?.doubleValue == -7.5)
        _ = try daemon.call("device.set", ["device": "lo", "key": "output", "value": "on"])
        #expect(source.withModel(as: USBTMCSource.self) { $0.source.power } == -7.5)
        #expect(source.withModel(as: USBTMCSource.self) { $0.source.isOn } == true)
        #expect(try daemon.call("device.safe", ["device": "lo"])["safe"] == true)
        #expect(source.withModel(as: USBTMCSource.self) { $0.source.isOn } == false)
        #expect(try daemon.call("device.safe", ["device": "alice"])["safe"] == true)
        let board = try daemon.refusal("device.set", ["device": "alice", "key": "output", "value": "on"])
        #expect(board.what == "alice is a board: it plays programs and has no settings.")
        let unknown = try daemon.refusal("device.set", ["device": "lp", "key": "output", "value": "on"])
        #expect(unknown.code.name == "device.unknown")
        #expect(unknown.fix == "instruments: lo, box, far")
        let range = try daemon.refusal("device.set", ["device": "box", "key": "switch_a", "value": "7"])
        #expect(range.code == .instrumentRange)
        let far = try daemon.refusal("device.set", ["device": "far", "key": "attenuation_db", "value": "7"])
        #expect(far.code.exit == .hardware)
        let number = try daemon.refusal("device.set", ["device": "lo", "key": "power_dbm", "value": 5])
        #expect(number.code.exit == .usage)
        await daemon.end()
    }

    @Test("a block is measured with the settings of lab.yaml, and its frozen calibration says so")
    func frozen() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 1000))
        try daemon.wait(for: "finishing")
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        let frozen = try #require(try journal.blocks().first?.header.calibration["instruments"])
        #expect(frozen["lo"]?["identity"]?["serial"] == "LO-1")
        #expect(frozen["lo"]?["identity"]?["simulated"] == true)
        #expect(frozen["lo"]?["settings"]?["power_dbm"]?.doubleValue == -12)
        #expect(frozen["lo"]?["settings"]?["output"] == true)
        #expect(frozen["box"] == nil, "nothing depends on an instrument without settings")
        #expect(source.withModel(as: USBTMCSource.self) { $0.source.power } == -12)
        await daemon.end()
    }

    @Test("while a campaign is under way nothing is set, made safe or checked")
    func duringCampaign() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        try daemon.start(try laboratory.plan(trials: 10_000_000))
        for (method, params) in [
            ("device.set", ["device": "lo", "key": "output", "value": "off"]),
            ("device.safe", ["device": "lo"]), ("device.safe", ["device": "bob"]), ("device.check", ["device": "lo"]),
            ("device.check", ["device": "alice"]), ("device.raw_random", ["device": "alice", "bits": 8]),
        ] as [(String, JSON)] {
            let error = try daemon.refusal(method, params)
            #expect(error.code.name == "campaign.busy", "\(method): \(error)")
            #expect(error.what.contains("under way"))
        }
        #expect(source.withModel(as: USBTMCSource.self) { $0.source.isOn } == true)
        #expect(await daemon.end(signals: 2) == .interrupted)
    }

    @Test("a board gives fresh bits of its own generator, other ones each time; an instrument has none")
    func rawRandom() async throws {
        let daemon = try running(try laboratory())
        let first = try daemon.call("device.raw_random", ["device": "bob", "bits": 1003])
        let bytes = try #require(first["packed"]?.stringValue.flatMap { [UInt8](hex: $0) })
        #expect(first["bits"] == 1003 && bytes.count == 126 && bytes[125] & 0b0001_1111 == 0)
        #expect(try daemon.call("device.raw_random", ["device": "bob", "bits": 1003])["packed"] != first["packed"])
        #expect(try daemon.refusal("device.raw_random", ["device": "lo", "bits": 8]).code.name == "device.unknown")
        for bits in [0, 1_048_577] as [JSON] {
            #expect(try daemon.refusal("device.raw_random", ["device": "bob", "bits": bits]).code.name == "json.shape")
        }
        await daemon.end()
    }

    @Test("a campaign whose instrument cannot be set is refused before anything is sealed")
    func cannotStart() async throws {
        let laboratory = try laboratory("power_dbm: 25")
        let daemon = try running(laboratory)
        let error = try daemon.refusal("campaign.start", ["plan_path": .string(try laboratory.plan(trials: 1000))])
        #expect(error.code == .instrumentRange)
        #expect(error.place?.contains("lab.yaml:") == true)
        #expect(error.place?.hasSuffix("devices.lo.settings.power_dbm = 25") == true)
        #expect(try daemon.call("campaign.list")["campaigns"] == [])
        #expect(try folderContents(laboratory.state.campaigns) == [])
        await daemon.end()
    }

    @Test("the end of a driver process is noted where there is one, and harms nothing else")
    func processEnded() async throws {
        let daemon = try running(try laboratory())
        for (device, isNoted) in [("far", true), ("lo", false), ("alice", false), ("nobody", false)] {
            let answer = try daemon.call("device.ended", ["device": .string(device), "how": "with status 4"])
            #expect(answer["noted"] == .bool(isNoted), "\(device)")
        }
        #expect(try states(daemon).prefix(4).allSatisfy { $0.hasSuffix(" connected") })
        await daemon.end()
    }

    // MARK: Checks

    @Test("an instrument's check passes, and the instrument is belld's again afterwards")
    func checkInstrument() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        let report = try daemon.call("device.check", ["device": "lo", "allow_output": true])
        #expect(report["passed"] == true, "\(report["text"]?.stringValue ?? "")")
        #expect(report["simulated"] == true)
        #expect(report["text"]?.stringValue?.contains("LO-1") == true)
        // At once: the settings of the block bring it back.
        try daemon.start(try laboratory.plan(trials: 1000))
        try daemon.wait(for: "finishing")
        #expect(try states(daemon).contains("lo connected"))
        let unknown = try daemon.refusal("device.check", ["device": "carol"])
        #expect(unknown.code.exit == .usage)
        await daemon.end()
    }

    @Test("a board's check keeps campaigns, settings and other checks away, and gives the boards back")
    func checkBoard() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        let plan = try laboratory.plan(trials: 1000)
        // Held as a check holds it, so that nothing depends on how long one takes.
        try await daemon.runner.beginCheck(of: "alice")
        for (method, params) in [
            ("campaign.start", ["plan_path": .string(plan)]), ("device.check", ["device": "bob"]),
            ("device.set", ["device": "lo", "key": "output", "value": "on"]),
        ] as [(String, JSON)] {
            let error = try daemon.refusal(method, params)
            #expect(error.code.name == "campaign.busy", "\(method): \(error)")
            #expect(error.what.contains("alice is being checked"), "\(error)")
        }
        await daemon.runner.endCheck()
        let report = try daemon.call("device.check", ["device": "alice"])
        #expect(report["passed"] == true, "\(report["text"]?.stringValue ?? "")")
        let events = try daemon.call("status")["events"]?.arrayValue ?? []
        #expect(events.contains { $0["message"]?.stringValue?.hasPrefix("check 1 of ") == true })
        try daemon.wait("both boards are back") { status in
            (status["devices"]?.arrayValue ?? []).filter { $0["driver"] == "board" && $0["state"] == "connected" }
                .count == 2
        }
        try daemon.start(plan)
        try daemon.wait(for: "finishing")
        await daemon.end()
    }

    // MARK: Recordings

    @Test("a recording begins and ends while the device works, and has what passed")
    func record() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        let file = laboratory.folder.file("bob.belltrace")
        #expect(
            try daemon.call("device.record", ["device": "bob", "file": .string(file)])
                == ["device": "bob", "file": .string(file)])
        #expect(try daemon.call("device.show", ["device": "bob"])["recording"] == true)
        let double = try daemon.refusal(
            "device.record", ["device": "bob", "file": .string(laboratory.folder.file("two.belltrace"))])
        #expect(double.code == .recordingBusy)
        #expect(!fileExists(laboratory.folder.file("two.belltrace")))
        _ = try daemon.call("device.safe", ["device": "bob"])
        let end = try daemon.call("device.record.stop", ["device": "bob"])
        #expect(end["ended_early"] == .null)
        let trace = try Trace(file: file)
        #expect(end["records"]?.countValue == UInt64(trace.entries.count))
        #expect(mode(of: file) == 0o600)
        #expect(trace.header.kind == .board)
        #expect(trace.header.device == "bob")
        #expect(trace.tail == .stopped(.requested))
        var types: [UInt16] = []
        for entry in trace.entries {
            if case .hostFrame(let bytes) = entry.record.event { types.append(try Frame.decode(bytes).type) }
        }
        #expect(types.contains(MessageType.safe.rawValue))
        // The greeting of before comes first, so that it can be replayed.
        #expect(types.first == MessageType.hello.rawValue)
        #expect(try daemon.call("device.show", ["device": "bob"])["recording"] == false)
        await daemon.end()
    }

    @Test("a recording that is begun while a check has the devices greets nothing")
    func recordDuringCheck() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        try await daemon.runner.beginCheck(of: "lo")
        let file = laboratory.folder.file("lo.belltrace")
        #expect(try daemon.call("device.record", ["device": "lo", "file": .string(file)])["replayable"] == false)
        await daemon.runner.endCheck()
        _ = try daemon.call("device.record.stop", ["device": "lo"])
        let again = laboratory.folder.file("again.belltrace")
        #expect(try daemon.call("device.record", ["device": "lo", "file": .string(again)])["replayable"] == true)
        // The visit is over: a check may begin.
        try await daemon.runner.beginCheck(of: "lo")
        await daemon.runner.endCheck()
        await daemon.end()
    }

    @Test("an instrument's transfers are recorded too, and a daemon's end ends the recording")
    func recordInstrument() async throws {
        let laboratory = try laboratory()
        let daemon = try running(laboratory)
        let file = laboratory.folder.file("lo.belltrace")
        _ = try daemon.call("device.record", ["device": "lo", "file": .string(file)])
        #expect(try daemon.call("device.show", ["device": "lo"])["recording"] == true)
        _ = try daemon.call("device.set", ["device": "lo", "key": "output", "value": "on"])
        await daemon.end()
        let trace = try Trace(file: file)
        #expect(trace.header.kind == .usb)
        #expect(trace.tail == .stopped(.requested))
        #expect(trace.entries.count { if case .operation = $0.record.event { true } else { false } } >= 2)
    }

    @Test(
        "what cannot be recorded is refused",
        arguments: [
            ("device.record", ["device": "far", "file": "/tmp/x.belltrace"], "recording.unsupported"),
            ("device.record", ["device": "carol", "file": "/tmp/x.belltrace"], "device.unknown"),
            ("device.record", ["device": "bob", "file": "x.belltrace"], "control.bad-request"),
            ("device.record", ["device": "bob", "file": "/nonexistent/x.belltrace"], "recording.write"),
            ("device.record", ["device": "bob"], nil),
            ("device.record.stop", ["device": "bob"], "recording.none"),
            ("device.record.stop", ["device": "far"], "recording.unsupported"),
        ] as [(String, JSON, String?)])
    func unrecordable(method: String, params: JSON, code: String?) async throws {
        let daemon = try RunningDaemon(try laboratory())
        let error = try daemon.refusal(method, params)
        if let code { #expect(error.code.name == code, "\(error)") }
        #expect(!fileExists("/tmp/x.belltrace"))
        await daemon.end()
    }

    // MARK: Shadows

    @Test("a shadow's numbers are shown with its board")
    func shadow() async throws {
        let laboratory = try TestLaboratory()
        // A recording of itself is its shadow.
        let first = try RunningDaemon(laboratory)
        let file = laboratory.folder.file("alice.belltrace")
        _ = try first.call("device.record", ["device": "alice", "file": .string(file)])
        _ = try first.call("device.safe", ["device": "alice"])
        _ = try first.call("device.record.stop", ["device": "alice"])
        await first.end()
        let text = try readText(laboratory.lab)
        try writeFileAtomically(
            laboratory.lab,
            text: text.replacing(
                "at: \"mock://lab/alice\"", with: "at: \"mock://lab/alice\"\n    shadow: \"replay://\(file)\""))
        let daemon = try RunningDaemon(laboratory)
        let shown = try daemon.call("device.show", ["device": "alice"])
        #expect(shown["shadow"]?["arms_compared"]?.countValue == 0)
        #expect(shown["shadow"]?["answers_compared"]?.countValue != nil)
        #expect(shown["shadow"]?["differences"]?.objectValue != nil)
        _ = try daemon.call("device.safe", ["device": "alice"])
        var compared: UInt64 = 0
        for _ in 0..<200 where compared == 0 {
            let shadow = try daemon.call("device.show", ["device": "alice"])["shadow"]
            compared = shadow?["answers_compared"]?.countValue ?? 0
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(compared > 0, "CAPABILITIES at least were compared")
        #expect(try daemon.call("device.show", ["device": "bob"])["shadow"] == nil)
        await daemon.end()
    }
}
