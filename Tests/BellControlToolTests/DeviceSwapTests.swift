import BellHost
import BellModel
import DriverKit
import Foundation
import Testing

@testable import BellControlTool
@testable import BellSequence

@Suite("Another address for a device")
struct DeviceSwapTests {
    private static let remote = "zmq+tcp://10.0.0.5:5701"

    @Test("a board that fits is swapped: its address changes, and no other byte of the file")
    func swaps() async throws {
        let bench = try DeviceBench(alice: Self.remote)
        let before = try readText(bench.lab)
        let answer = try await bench.run(
            "device", "swap", "alice", "mock://mocklab/alice", "--sequence", DeviceBench.sequence, "--json")
        #expect(answer.exit == .ok, "\(answer)")
        #expect(
            try answer.verdicts == [
                "found there ok", "node ok", "tick rate ok", "ticks a sample ok", "waveform memory ok", "events ok",
                "spool ok", "\(DeviceBench.sequence) ok",
            ])
        #expect(try answer.json["written"] == true)
        #expect(try answer.json["from"]?.stringValue == Self.remote)
        #expect(try answer.json["to"] == "mock://mocklab/alice")
        #expect(try readText(bench.lab) == before.replacing(Self.remote, with: "mock://mocklab/alice"))
        #expect(try filePermissions(bench.lab) == 0o640)
        #expect(try folderContents(bench.folder).filter { $0.hasSuffix(".tmp") }.isEmpty)
    }

    @Test("a dry run looks and writes nothing")
    func dryRun() async throws {
        let bench = try DeviceBench(alice: Self.remote)
        let before = try readText(bench.lab)
        let answer = try await bench.run(
            "device", "swap", "alice", "mock://mocklab/alice", "--dry-run", "--sequence", DeviceBench.sequence)
        #expect(answer.exit == .ok, "\(answer.err)")
        #expect(answer.out.contains("\(Self.remote) → mock://mocklab/alice"))
        #expect(answer.out.contains("alice, as wanted"))
        #expect(answer.out.hasSuffix("nothing was changed (--dry-run)\n"))
        #expect(try readText(bench.lab) == before)
    }

    @Test("offline nobody is asked, and the file is still checked as a whole")
    func offline() async throws {
        let bench = try DeviceBench()
        let before = try readText(bench.lab)
        let answer = try await bench.run("device", "swap", "alice", "usb://1209:be11/ALICE01", "--offline", "--json")
        #expect(answer.exit == .ok, "\(answer)")
        #expect(try answer.json["findings"] == [])
        let changed = before.replacing("mock://mocklab/alice", with: "usb://1209:be11/ALICE01")
        #expect(try readText(bench.lab) == changed)
        for (address, says) in [
            ("tcp://10.0.0.5:5025", "does not take SCPI lines"), ("mock://mocklab/bob", "called alice, not bob"),
            ("zmq+tcp://0.0.0.0:5701", "every address"), ("nonsense", "cannot be read"),
        ] {
            let refused = try await bench.run("device", "swap", "alice", address, "--offline", "--force")
            #expect(refused.exit == .usage)
            #expect(refused.err.contains(says), "\(refused.err)")
        }
        let unknown = try await bench.run("device", "swap", "alcie", "mock://mocklab/alice", "--offline")
        #expect(unknown.exit == .usage)
        #expect(unknown.err.contains("did you mean \"alice\"?"))
        #expect(try readText(bench.lab) == changed)
    }

    @Test("a board that cannot hold a sequence is refused with exit 1, and taken with --force")
    func refused() async throws {
        let bench = try DeviceBench(alice: Self.remote)
        let profile = try readText("\(bench.folder)/profile.yaml")
        try writeFileAtomically(
            "\(bench.folder)/profile.yaml",
            text: profile.replacing("waveform_memory: 65536", with: "waveform_memory: 400"))
        let before = try readText(bench.lab)
        let arguments = ["device", "swap", "alice", "mock://mocklab/alice", "--sequence", DeviceBench.sequence]
        let answer = try await bench.run(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
        #expect(answer.exit == .experiment)
        #expect(answer.out.contains("✗ alice's waveforms have 444 samples; its board holds 400."))
        #expect(answer.out.contains("400 samples; 65536 samples in lab.yaml"))
        #expect(answer.out.contains("--force changes it all the same"))
        #expect(try readText(bench.lab) == before)
        let forced = try await bench.run(
            arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], "--force")
        #expect(forced.exit == .ok)
        #expect(forced.out.contains("✗ "))
        #expect(forced.out.contains("changed \(bench.lab)"))
        #expect(try readText(bench.lab) != before)
    }

    @Test("where nobody answers nothing is changed, and it is exit 3")
    func absent() async throws {
        let bench = try DeviceBench()
        let before = try readText(bench.lab)
        let answer = try await bench.run("device", "swap", "alice", "zmq+ipc://\(bench.folder)/nobody", "--force")
        #expect(answer.exit == .hardware, "\(answer)")
        #expect(try readText(bench.lab) == before)
    }

    @Test("an instrument is compared with the settings that its blocks want")
    func instrument() async throws {
        let bench = try DeviceBench(
            "lo: {driver: microwave-source, at: zmq+ipc://@run/lo, settings: {power_dbm: -10, output: on}}",
            "hot: {driver: microwave-source, at: zmq+ipc://@run/hot, settings: {power_dbm: 25, phase_deg: 0}}")
        let fits = try await bench.run("device", "swap", "lo", "mock://mocklab/alice-lo", "--json")
        #expect(fits.exit == .ok, "\(fits)")
        #expect(try fits.verdicts == ["found there ok", "power_dbm ok", "output ok"])
        #expect(try fits.json["findings"]?.arrayValue?.first?["text"]?.stringValue?.contains("serial LO-ALICE") == true)
        let hot = try await bench.run("device", "swap", "hot", "mock://mocklab/bob-lo", "--json")
        #expect(hot.exit == .experiment)
        #expect(try hot.verdicts == ["found there ok", "power_dbm refused", "phase_deg refused"])
        let wrong = try await bench.run("device", "swap", "hot", "mock://mocklab/alice-switch", "--json")
        #expect(wrong.exit == .hardware)
        #expect(try readText(bench.lab).contains("hot: {driver: microwave-source, at: zmq+ipc://@run/hot,"))
    }
}

@Suite("What a swap compares")
struct DeviceSwapComparisonTests {
    private static func board(_ change: (inout Capabilities) -> Void = { _ in }) throws -> Capabilities {
        var board = Capabilities(
            node: .alice, model: "M", serial: "S", firmware: "F", simulated: false,
            tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4, channels: 4,
            waveformMemory: 65_536, maxEvents: 256, spoolTrials: 65_536, hasRNG: true, hasSigningKey: true, bootID: 1)
        change(&board)
        return board
    }

    private static func device(limits: BoardLimits? = nil) throws -> Laboratory.Device {
        Laboratory.Device(
            name: "alice", driver: .board, node: .alice, address: try DeviceAddress("mock://lab/alice"),
            limits: limits, place: SourcePlace(file: "lab.yaml", line: 3))
    }

    private static func rows(_ board: Capabilities, limits: BoardLimits? = nil) throws -> [String: SwapFinding] {
        let findings = SwapComparison.board(board, for: try device(limits: limits), node: .alice)
        return Dictionary(findings.map { ($0.subject, $0) }) { first, _ in first }
    }

    @Test("a board as assumed has nothing to note")
    func same() throws {
        let rows = try Self.rows(try Self.board())
        #expect(rows.values.allSatisfy { $0.verdict == .ok })
        #expect(rows["found there"]?.text == "M, serial S, firmware F, real")
        #expect(rows["tick rate"]?.text == "8000.000000 MHz, as assumed without it")
        #expect(try Self.rows(try Self.board { $0.simulated = true })["found there"]?.text.hasSuffix(", simulated") == true)
    }

    @Test("every difference is told with both values")
    func differences() throws {
        let other = try Self.board {
            $0.tickRate = TickRate(numerator: 4_915_200_000) ?? $0.tickRate
            $0.ticksPerSample = 2
            $0.waveformMemory = 1024
            $0.maxEvents = 16
            $0.spoolTrials = 1023
            $0.hasRNG = false
            $0.hasSigningKey = false
        }
        let rows = try Self.rows(other, limits: .typical)
        #expect(rows["tick rate"]?.text == "4915.200000 MHz; 8000.000000 MHz in lab.yaml")
        #expect(rows["ticks a sample"]?.text == "2; 4 in lab.yaml")
        #expect(rows["waveform memory"]?.text == "1024 samples; 65536 samples in lab.yaml")
        #expect(rows["events"]?.text == "16; 256 in lab.yaml")
        #expect(rows["spool"]?.text.hasPrefix("1023 trial records") == true)
        #expect(rows["input bits"]?.text.contains("from the host") == true)
        #expect(rows["signing key"]?.text.hasPrefix("none") == true)
        #expect(rows.values.filter { $0.verdict == .note }.count == 7)
        #expect(rows.values.allSatisfy { $0.verdict != .refused })
    }

    @Test("the other node's board is refused")
    func node() throws {
        let row = try Self.rows(try Self.board { $0.node = .bob })["node"]
        #expect(row?.verdict == .refused)
        #expect(row?.text == "the board says that it is bob's, not alice's")
    }

    @Test("a sequence that does not compile is refused with its first error and the number of the others")
    func sequence() {
        var error = BellError(.sequenceGrid, "Off the grid.")
        #expect(SwapComparison.sequence("s.yaml", .failure(error)).text == "Off the grid.")
        error.others = [error, error]
        let finding = SwapComparison.sequence("s.yaml", .failure(error))
        #expect(finding == SwapFinding(subject: "s.yaml", text: "Off the grid. (and 2 more)", verdict: .refused))
        #expect(finding.json == ["subject": "s.yaml", "text": "Off the grid. (and 2 more)", "verdict": "refused"])
    }

    @Test("an instrument's wanted settings are each looked for and parsed")
    func instrument() throws {
        var device = try Self.device()
        device.driver = .attenuator
        let place = SourcePlace(file: "lab.yaml", line: 9)
        device.settings = [
            .init(key: "attenuation_db", value: "10.25", place: place), .init(key: "attenuation_db", value: "much", place: place),
            .init(key: "gain_db", value: "1", place: place), .init(key: "locked", value: "on", place: place),
        ]
        let identity = InstrumentIdentity(vendor: "V", model: "M", serial: "S", firmware: "F", isSimulated: true)
        let settings = [
            InstrumentSetting(key: "attenuation_db", summary: "", kind: .number(0...60)),
            InstrumentSetting(key: "locked", summary: "", kind: .toggle, isWritable: false),
        ]
        let findings = SwapComparison.instrument(identity, settings, for: device)
        #expect(findings.map(\.verdict) == [.ok, .ok, .refused, .refused, .refused])
        #expect(findings[0].text == "V M, serial S, firmware F, simulated")
        #expect(findings[1].text == "10.25 is allowed (0.0 … 60.0)")
        #expect(findings[2].text == "much is not allowed (0.0 … 60.0)")
        #expect(findings[3].text == "it has no such setting; it has attenuation_db, locked")
        #expect(findings[4].text == "it can only be read")
    }
}
