import BellHost
import BellModel
import BellSequence
import Board
import DriverKit
import MockLab
import Recording
import Testing
import VirtualUSB

@Suite("The driver of whatever stands at an address")
struct DeviceAccessTests {
    @Test(
        "each way and kind gives its driver",
        arguments: [
            ("rf-switch", "usb://20ce:0022/7", "RFSwitch"), ("attenuator", "usb://20ce:0023/7", "Attenuator"),
            ("microwave-source", "usb://1209:be12/LO", "MicrowaveSource"),
            ("microwave-source", "tcp://127.0.0.1:5025", "MicrowaveSource"),
            ("rf-switch", "mock://lab/box", "RFSwitch"), ("microwave-source", "mock://lab/lo", "MicrowaveSource"),
            ("rf-switch", "zmq+ipc://@run/box", "ExternalInstrument"),
            ("attenuator", "zmq+ipc:///tmp/box", "ExternalInstrument"),
            ("microwave-source", "zmq+tcp://127.0.0.1:5701", "ExternalInstrument"),
            ("gauge", "mock://lab/fridge", "MockGauge"), ("gauge", "zmq+ipc://@run/fridge", "ExternalInstrument"),
        ])
    func kinds(driver: String, address: String, type: String) throws {
        let bench = try Bench()
        let instrument = try bench.instrument(try #require(Laboratory.Driver(rawValue: driver)), address)
        #expect(String(describing: Swift.type(of: instrument)) == type)
        #expect(instrument.name == "x")
    }

    @Test(
        "a way that leads to no such device is refused before anything is opened",
        arguments: [
            ("rf-switch", "tcp://127.0.0.1:5025"), ("attenuator", "tcp://127.0.0.1:5025"),
            ("board", "usb://1209:be11/A"), ("board", "mock://lab/box"), ("board", "zmq+ipc://@run/alice"),
            ("board", "tcp://127.0.0.1:5025"), ("gauge", "usb://20ce:0022/7"), ("gauge", "tcp://127.0.0.1:5025"),
        ])
    func wrongInstruments(driver: String, address: String) async throws {
        let bench = try Bench()
        let kind = try #require(Laboratory.Driver(rawValue: driver))
        let error = try await failure { try bench.instrument(kind, address) }
        #expect(error.code == .deviceAddress)
        #expect(error.place == address)
        #expect(error.fix?.contains("docs/laboratory.md") == true)
    }

    @Test("no board stands at an instrument's address", arguments: ["mock://lab/lo", "tcp://127.0.0.1:5025"])
    func wrongBoards(address: String) async throws {
        let bench = try Bench()
        let error = try await failure { try bench.opener(address) }
        #expect(error.code == .deviceAddress)
        #expect(error.what == "No board can stand at \(address).")
    }

    @Test("boards and instruments behind mock:// answer, and say that they are simulated")
    func mock() async throws {
        let bench = try Bench()
        let board = BoardDriver(name: "bob", node: .bob, timeouts: .patient, open: try bench.opener("mock://lab/bob"))
        #expect(try await board.connect().simulated)
        await board.close()
        let lo = try bench.instrument(.microwaveSource, "mock://lab/lo")
        let identity = try await lo.connect()
        #expect(identity.serial == "LO-1")
        #expect(identity.isSimulated)
        #expect(try await lo.set("output", to: .toggle(true)) == .toggle(true))
        #expect(bench.source.withModel(as: USBTMCSource.self) { $0.source.isOn } == true)
        await lo.close()
        let box = try bench.instrument(.rfSwitch, "mock://lab/box")
        #expect(try await box.connect().serial == "7")
        #expect(try await box.set("switch_b", to: .integer(6)) == .integer(6))
        await box.close()
    }

    @Test("an instrument that the virtual laboratory does not have is refused with the nearest name")
    func unknownMock() async throws {
        let bench = try Bench()
        let error = try await failure { try bench.instrument(.rfSwitch, "mock://lab/bax") }
        #expect(error.code == .deviceAddress)
        #expect(error.what == "The virtual laboratory has no instrument \"bax\".")
        #expect(error.fix == "did you mean \"box\"?")
    }

    @Test("a gauge of the virtual laboratory answers; what is no gauge is refused with the gauges there are")
    func gauge() async throws {
        let bench = try Bench()
        let fridge = try bench.instrument(.gauge, "mock://lab/fridge")
        #expect(try await fridge.connect().isSimulated)
        #expect(try await fridge.readings().map(\.unit) == ["K", "K", "K", "bar", nil])
        #expect(try await fridge.problems() == [])
        await fridge.close()
        let error = try await failure { try bench.instrument(.gauge, "mock://lab/fridg") }
        #expect(error.what == "The virtual laboratory has no gauge \"fridg\".")
        #expect(error.fix == "did you mean \"fridge\"?")
        #expect(try await failure { try bench.instrument(.rfSwitch, "mock://lab/fridge") }.code == .deviceAddress)
    }

    @Test("mocklab shows its gauges beside the boards, by the instrument protocol")
    func servedGauge() async throws {
        let bench = try Bench()
        let path = "\(Bench.root)/Calibration/mocklab/profile.yaml"
        let text = try readText(path) + "\ngauges: {amp: {model: amplifier, serial: A-1}}\n"
        let host = try MockLabHost(
            profile: text, source: path, seed: 1, pace: .max,
            endpoints: PerNode { "ipc://\(bench.file($0.name))" }, gauges: { "ipc://\(bench.file($0))" })
        defer { host.stop() }
        let amp = try bench.instrument(.gauge, "zmq+ipc://\(bench.file("amp"))")
        #expect(try await amp.connect().serial == "A-1")
        #expect(
            try await amp.readings() == [
                InstrumentReading(key: "gain_db", value: .number(39), unit: "dB"),
                InstrumentReading(key: "bias_ma", value: .number(18), unit: "mA"),
            ])
        let error = try await failure { try await amp.set("gain_db", to: .number(1)) }
        #expect(error.code == .instrumentReadOnly)
        await amp.close()
    }

    @Test("the wrong driver at a mock address says what answers there")
    func wrongKind() async throws {
        let bench = try Bench()
        let error = try await failure {
            try await bench.instrument(.attenuator, "mock://lab/box").connect()
        }
        #expect(error.code == .instrumentWrongDevice, "\(error)")
    }

    // MARK: Recordings

    @Test("a recorded board is served again, and says that it is simulated whatever was recorded")
    func board() async throws {
        let bench = try Bench()
        let real = try Capabilities.real()
        let address = try await bench.recorded(.board, at: "usb://1209:be11/R1") { tap in
            let transport = ScriptedTransport { message in
                switch message {
                case .hello: [.capabilities(real)]
                case .safe: [.ok]
                default: []
                }
            }
            let open = tap.recording { () async throws(BellError) -> any Transport in transport }
            let driver = BoardDriver(name: "alice", node: .alice, timeouts: .patient, open: open)
            #expect(try await !driver.connect().simulated)
            try await driver.safe()
            await driver.close()
        }
        let replayed = BoardDriver(name: "alice", node: .alice, timeouts: .patient, open: try bench.opener(address))
        var expected = real
        expected.simulated = true
        #expect(try await replayed.connect() == expected)
        try await replayed.safe()
        await replayed.close()
        let error = try await failure { try await replayed.connect() }
        #expect(error.code.name == "replay.exhausted")
    }

    @Test(
        "a recorded instrument is served again",
        arguments: [
            ("rf-switch", "mock://lab/box", "switch_a", InstrumentValue.integer(3)),
            ("microwave-source", "mock://lab/lo", "frequency_hz", .number(5.25e9)),
        ])
    func instrument(driver: String, address: String, key: String, value: InstrumentValue) async throws {
        let bench = try Bench()
        let kind = try #require(Laboratory.Driver(rawValue: driver))
        func use(_ instrument: any Instrument) async throws -> InstrumentIdentity {
            let identity = try await instrument.connect()
            #expect(await instrument.settings().contains { $0.key == key })
            #expect(try await instrument.set(key, to: value) == value)
            #expect(try await instrument.problems() == [])
            await instrument.close()
            return identity
        }
        var identity: InstrumentIdentity?
        let replay = try await bench.recorded(.usb, at: address) { tap in
            identity = try await use(try bench.instrument(kind, address, tap: tap))
        }
        let replayed = try bench.instrument(kind, replay)
        #expect(try await use(replayed) == identity)
        let error = try await failure { try await replayed.connect() }
        #expect(error.code.name == "replay.exhausted", "\(error)")
    }

    @Test("a recorded stream is a microwave source's, and no other's")
    func stream() async throws {
        let bench = try Bench()
        let server = try SCPISocketServer(source: SimulatedSource(serial: "TCP-1"))
        defer { server.stop() }
        let address = "tcp://127.0.0.1:\(server.port)"
        func use(_ instrument: any Instrument) async throws -> InstrumentIdentity {
            let identity = try await instrument.connect()
            #expect(try await instrument.set("power_dbm", to: .number(-7)) == .number(-7))
            await instrument.close()
            return identity
        }
        var identity: InstrumentIdentity?
        let replay = try await bench.recorded(.stream, at: address) { tap in
            identity = try await use(try bench.instrument(.microwaveSource, address, tap: tap))
        }
        #expect(identity?.serial == "TCP-1")
        #expect(try await use(try bench.instrument(.microwaveSource, replay)) == identity)
        let error = try await failure { try bench.instrument(.rfSwitch, replay) }
        #expect(error.code.name == "replay.kind")
        let board = try await failure { try bench.opener(replay) }
        #expect(board.code.name == "replay.kind")
    }

    @Test("a recording that is not there, or is none, is refused with its path")
    func noRecording() async throws {
        let bench = try Bench()
        let path = bench.file("none.belltrace")
        #expect(try await failure { try bench.opener("replay://\(path)") }.place?.contains(path) == true)
        #expect(try await failure { try bench.instrument(.rfSwitch, "replay://\(path)") }.place?.contains(path) == true)
        try Array("not a trace, but long enough to be looked at".utf8).withUnsafeBytes { bytes in
            try Array(bytes).write(to: path)
        }
        let error = try await failure { try bench.instrument(.rfSwitch, "replay://\(path)") }
        #expect(error.code.name == "recording.format")
        #expect(error.place?.contains(path) == true)
    }
}

extension [UInt8] {
    fileprivate func write(to path: String) throws {
        let sink = try RecordingFile(path)
        try sink.write(self)
        try sink.finish()
    }
}

extension BoardTimeouts {
    /// A busy machine is no silent board.
    fileprivate static let patient = BoardTimeouts(
        request: .seconds(60), transfer: .seconds(60), replay: .seconds(60), silence: .seconds(60))
}
