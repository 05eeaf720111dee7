import BellModel
import DriverKit
import Synchronization
import Testing
import VirtualUSB

@testable import SCPIInstrument

@Suite struct MicrowaveSourceTests {
    private func source(_ model: USBTMCSource = USBTMCSource()) async throws -> (MicrowaveSource, DirectUSB) {
        let usb = DirectUSB(model)
        let source = MicrowaveSource(name: "alice/lo", link: USBTMCLink.direct(usb))
        let identity = try await source.connect()
        #expect(identity.isSimulated)
        return (source, usb)
    }

    @Test("it says what it is and what can be set, with the instrument's own limits")
    func settings() async throws {
        let (source, _) = try await source()
        let settings = await source.settings()
        #expect(settings.map(\.key) == ["frequency_hz", "power_dbm", "output", "reference", "reference_locked"])
        #expect(
            settings.map(\.kind) == [
                .number(100e3...20e9), .number(-60...20), .toggle, .choice(["internal", "external"]), .toggle,
            ])
        #expect(settings.map(\.isWritable) == [true, true, true, true, false])
    }

    @Test(
        "what is set is what the instrument has",
        arguments: [
            ("frequency_hz", .number(5.81e9)), ("frequency_hz", .number(100e3)), ("frequency_hz", .number(20e9)),
            ("power_dbm", .number(-12.34)), ("output", .toggle(true)), ("output", .toggle(false)),
            ("reference", .choice("external")), ("reference", .choice("internal")),
        ] as [(String, InstrumentValue)])
    func set(key: String, value: InstrumentValue) async throws {
        let (source, usb) = try await source()
        #expect(try await source.set(key, to: value) == value)
        #expect(try await source.read(key) == value)
        let model = usb.model.source
        let seen: InstrumentValue =
            switch key {
            case "frequency_hz": .number(model.frequency)
            case "power_dbm": .number(model.power)
            case "output": .toggle(model.isOn)
            default: .choice(model.usesExternalReference ? "external" : "internal")
            }
        #expect(seen == value)
    }

    @Test(
        "what cannot be set is refused before anything is sent",
        arguments: [
            ("frequency_hz", .number(21e9), .instrumentRange), ("frequency_hz", .number(.nan), .instrumentRange),
            ("power_dbm", .number(20.5), .instrumentRange), ("power_dbm", .toggle(true), .instrumentRange),
            ("reference", .choice("gps"), .instrumentRange), ("reference_locked", .toggle(true), .instrumentReadOnly),
            ("phase", .number(0), .instrumentUnknownSetting), ("frequncy_hz", .number(5e9), .instrumentUnknownSetting),
        ] as [(String, InstrumentValue, BellError.Code)])
    func refused(key: String, value: InstrumentValue, code: BellError.Code) async throws {
        let (source, usb) = try await source()
        let before = usb.calls.count
        let error = await failure { () async throws(BellError) in _ = try await source.set(key, to: value) }
        #expect(error?.code == code)
        #expect(usb.calls.count == before)
    }

    @Test("problems are named: lost reference, errors, a switch-off in between")
    func problems() async throws {
        let (source, usb) = try await source()
        #expect(try await source.problems() == [])
        _ = try await source.set("reference", to: .choice("external"))
        usb.change { state in
            state.model.source.hasReference = false
            state.model.source.note(-310, "System error")
        }
        #expect(try await source.read("reference_locked") == .toggle(false))
        #expect(
            try await source.problems() == [
                "reference not locked", "questionable status 32 (frequency)", "error -310 System error",
            ])
        usb.change { $0.model.source.hasReference = true }
        #expect(try await source.problems() == [])
        usb.change { $0.model.source = SimulatedSource() }
        #expect(
            try await source.problems() == [
                "it was switched on since it was connected: its settings are those of a fresh start"
            ])
    }

    @Test("safe means that the output is off")
    func safe() async throws {
        let (source, usb) = try await source()
        _ = try await source.set("output", to: .toggle(true))
        #expect(usb.model.source.isOn)
        try await source.makeSafe()
        #expect(!usb.model.source.isOn)
    }

    @Test("an old entry of the error queue does not keep the output on, and is still reported")
    func safeWithErrors() async throws {
        let (source, usb) = try await source()
        _ = try await source.set("output", to: .toggle(true))
        usb.change { $0.model.source.note(-310, "System error") }
        try await source.makeSafe()
        #expect(!usb.model.source.isOn)
        #expect(try await source.problems() == ["error -310 System error"])
        #expect(try await source.problems() == [])
    }

    @Test("many who set at once each read their own value back")
    func concurrent() async throws {
        let (source, _) = try await source()
        let wrong = await withTaskGroup(of: Int.self) { group in
            for number in 1...50 {
                group.addTask {
                    let value = InstrumentValue.number(Double(number) * 1e8)
                    return (try? await source.set("frequency_hz", to: value)) == value ? 0 : 1
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test("a value that is no number is refused")
    func noNumber() async throws {
        let (source, _) = scripted([
            "*IDN?": "Rohde&Schwarz,SGS100A,1,2", "SOUR:FREQ?": "9.91E37", "SOUR:POW?": "9.9E37",
            "STAT:QUES:COND?": "0",
        ])
        _ = try await source.connect()
        for key in ["frequency_hz", "power_dbm"] {
            let error = await failure { () async throws(BellError) in _ = try await source.read(key) }
            #expect(error?.code == .instrumentProtocol)
        }
    }

    @Test("before it is connected and after it is closed nothing is done")
    func notConnected() async throws {
        let source = MicrowaveSource(name: "alice/lo", link: USBTMCLink.direct(DirectUSB(USBTMCSource())))
        #expect(await source.settings() == [])
        for _ in 0..<2 {
            let error = await failure { () async throws(BellError) in _ = try await source.read("output") }
            #expect(error?.code == .instrumentNotConnected)
            let safe = await failure { () async throws(BellError) in try await source.makeSafe() }
            #expect(safe?.code == .instrumentNotConnected)
            _ = try await source.connect()
            #expect(try await source.read("output") == .toggle(false))
            await source.close()
        }
    }

    @Test("the same driver speaks TCP")
    func overTCP() async throws {
        let server = try SCPISocketServer(source: SimulatedSource(serial: "TCP01"))
        defer { server.stop() }
        let port = server.port
        let source = MicrowaveSource(
            name: "bob/lo",
            link: SocketLink(place: "bob/lo") { () throws(BellError) in
                try await TCPStream.connect(host: "127.0.0.1", port: port, timeout: .seconds(10))
            }, timeout: .seconds(10))
        let identity = try await source.connect()
        #expect(
            identity
                == InstrumentIdentity(
                    vendor: "belld simulated", model: "MW-20", serial: "TCP01", firmware: "1.0", isSimulated: true))
        #expect(try await source.set("frequency_hz", to: .number(6.1e9)) == .number(6.1e9))
        #expect(server.withSource { $0.frequency } == 6.1e9)
        #expect(try await source.problems() == [])
        await source.close()
    }

    // MARK: Other makers, by scripts

    /// Answers questions from a table; what is not in it is not answered, and an error goes into the queue.
    private func scripted(_ answers: [String: String]) -> (MicrowaveSource, TableStream) {
        let stream = TableStream(answers)
        let link = SocketLink(place: "alice/lo") { () throws(BellError) in stream }
        return (MicrowaveSource(name: "alice/lo", link: link), stream)
    }

    @Test("a source that is not in the table is spoken to as SCPI-1999 has it, and has what it answers")
    func plain() async throws {
        let (source, stream) = scripted([
            "*IDN?": "ACME,RF1,7,2.0", "SOUR:FREQ?": "+1.0E9", "SOUR:POW?": "-30.00", "OUTP?": "0",
            "SOUR:FREQ? MIN": "9E3", "SOUR:FREQ? MAX": "6E9",
        ])
        let identity = try await source.connect()
        #expect(!identity.isSimulated)
        let settings = await source.settings()
        #expect(settings.map(\.key) == ["frequency_hz", "power_dbm", "output"])
        #expect(settings[0].kind == .number(9e3...6e9))
        #expect(settings[1].kind == .number(-150...30))
        #expect(try await source.read("frequency_hz") == .number(1e9))
        #expect(try await source.problems() == [])
        #expect(!stream.written.contains("OUTP ON\n"))
    }

    @Test("an instrument that answers to no source's questions is the wrong device")
    func wrongDevice() async throws {
        let (source, _) = scripted(["*IDN?": "KEITHLEY,2400,1,C30"])
        let error = await failure { () async throws(BellError) in _ = try await source.connect() }
        #expect(error?.code == .instrumentWrongDevice)
        #expect(error?.cause == "KEITHLEY 2400 (serial 1) does not answer SOUR:FREQ?")
    }

    // Bits 1 and 2: Keysight's programming guides of the PSG and E4438C, data questionable frequency condition register.
    @Test(
        "a Keysight's lock is in its frequency register, and its reference is only read",
        arguments: [
            ("0", true), ("+1", true), ("2", false), ("4", false), ("6", false), ("32", true),
        ])
    func keysight(register: String, isLocked: Bool) async throws {
        let (source, _) = scripted([
            "*IDN?": "Agilent Technologies, E8257D, MY1, C.05", "SOUR:FREQ?": "5E9", "SOUR:POW?": "0",
            "OUTP:STAT?": "0", "SOUR:ROSC:SOUR?": "EXT", "STAT:QUES:FREQ:COND?": register, "STAT:QUES:COND?": "0",
        ])
        _ = try await source.connect()
        #expect(try await source.read("reference_locked") == .toggle(isLocked))
        #expect(try await source.read("reference") == .choice("external"))
        #expect(try await source.problems() == (isLocked ? [] : ["reference not locked"]))
        let error = await failure { () async throws(BellError) in
            _ = try await source.set("reference", to: .choice("internal"))
        }
        #expect(error?.code == .instrumentReadOnly)
    }

    @Test("a value that the instrument did not take is an error with both values")
    func readBack() async throws {
        let (source, _) = scripted([
            "*IDN?": "Rohde&Schwarz,SGS100A,1,2", "SOUR:FREQ?": "1000000000", "SOUR:POW?": "-30.1", "OUTP:STAT?": "1",
            "STAT:QUES:COND?": "0",
        ])
        _ = try await source.connect()
        let error = await failure { () async throws(BellError) in
            _ = try await source.set("frequency_hz", to: .number(2e9))
        }
        #expect(error?.code == .instrumentReadBack)
        #expect(error?.state == "the instrument is at 1000000000.0")
        #expect(try await source.set("frequency_hz", to: .number(1_000_000_000.4)) == .number(1e9))
        let safe = await failure { () async throws(BellError) in try await source.makeSafe() }
        #expect(safe?.code == .instrumentReadBack)
        #expect(await !source.settings().contains { $0.key == "reference_locked" })
    }

    @Test(
        "every row of the table is found by its maker",
        arguments: [
            ("AnaPico AG", "APSIN20G", "SOUR:ROSC:LOCK?"), ("KEYSIGHT TECHNOLOGIES", "N5183B", "STAT:QUES:FREQ:COND?"),
            ("Hewlett-Packard", "ESG-3000A", "STAT:QUES:FREQ:COND?"),
            ("Berkeley Nucleonics Corporation", "845-M", "SOUR:ROSC:LOCK?"), ("Rohde&Schwarz", "SMB100A", nil),
            ("belld simulated", "MW-20", "ROSC:LOCK?"), ("Somebody", "X", "SOUR:ROSC:LOCK?"),
        ] as [(String, String, String?)])
    func rows(maker: String, model: String, lock: String?) {
        let dialect = MicrowaveDialect.of(SCPIIdentity(manufacturer: maker, model: model, serial: "1", firmware: "1"))
        #expect(dialect.lock?.question == lock)
        #expect((dialect == .plain) == (maker == "Somebody"))
    }
}

/// An instrument as a table of answers. `*OPC?` is 1; what is not understood is not answered, but noted as an error.
final class TableStream: ByteStream {
    private struct State {
        var ready: [UInt8] = []
        var errors = 0
        var eventEnable = "0"
        var written: [String] = []
    }

    private let answers: [String: String]
    private let state = Mutex(State())

    init(_ answers: [String: String]) { self.answers = answers }

    var written: [String] { state.withLock { $0.written } }

    func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        let text = String(decoding: bytes, as: UTF8.self)
        state.withLock { state in
            state.written.append(text)
            state.ready = []
            for unit in text.split(whereSeparator: { $0 == ";" || $0 == "\n" }).map(String.init) {
                var answer = answers[unit]
                switch unit {
                case "*OPC?": answer = "1"
                case "*ESR?": answer = "0"
                case "*ESE?": answer = state.eventEnable
                case "SYST:ERR?":
                    answer = state.errors > 0 ? "-113,\"Undefined header\"" : "0,\"No error\""
                    state.errors = max(0, state.errors - 1)
                case let order where order.hasPrefix("*ESE "): state.eventEnable = String(order.dropFirst(5))
                default: break
                }
                if let answer {
                    state.ready += Array((answer + "\n").utf8)
                } else if unit.contains("?") {
                    state.errors += 1
                }
            }
        }
    }

    func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        let bytes = state.withLock { state in
            defer { state.ready = Array(state.ready.dropFirst(limit)) }
            return Array(state.ready.prefix(limit))
        }
        guard !bytes.isEmpty else { throw BellError(.streamTimeout, "Nothing came.") }
        return bytes
    }

    func close() {}
}
