import BellHost
import BellModel
import BellSequence
import DriverKit
import Synchronization
import Testing

@testable import BellDaemon

@Suite struct InstrumentWarningTests {
    /// An instrument that says of itself what a test wants.
    private final class Fake: Instrument {
        let name = "alice-switch"
        private let said = Mutex<(problems: [String], warnings: [String], port: Int)>(([], [], 1))

        func say(problems: [String] = [], warnings: [String] = []) {
            said.withLock { ($0.problems, $0.warnings) = (problems, warnings) }
        }

        func connect() async throws(BellError) -> InstrumentIdentity {
            InstrumentIdentity(vendor: "fake", model: "F1", serial: "1", firmware: "0", isSimulated: true)
        }
        func settings() async -> [InstrumentSetting] {
            [InstrumentSetting(key: "switch_a", summary: "A port.", kind: .integer(1...4))]
        }
        func read(_ key: String) async throws(BellError) -> InstrumentValue { .integer(said.withLock { $0.port }) }
        func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
            if case .integer(let port) = value { said.withLock { $0.port = port } }
            return value
        }
        func problems() async throws(BellError) -> [String] { said.withLock { $0.problems } }
        func warnings() async -> [String] { said.withLock { $0.warnings } }
        func makeSafe() async throws(BellError) {}
        func close() async {}
    }

    private let laboratory: Laboratory
    private let instrument = Fake()

    init() throws {
        let files = try TestLaboratory()
        let text = try readText(files.lab).replacing(
            "devices:\n",
            with: """
                devices:
                  alice-switch:
                    driver: rf-switch
                    node: alice
                    at: usb://20ce:0022/1
                    settings: {switch_a: 2}

                """)
        try writeFileAtomically(files.lab, text: text)
        laboratory = try LaboratoryFiles(path: files.lab).laboratory()
    }

    private func keeper(_ telemetry: @escaping @Sendable (String, JSON) -> Void = { _, _ in }) -> InstrumentKeeper {
        InstrumentKeeper(instruments: laboratory.instruments.map { ($0, instrument) }, telemetry: telemetry)
    }

    @Test("a block records what its instruments were set to; a problem holds it up, a warning does not")
    func prepares() async throws {
        let keeper = keeper()
        instrument.say(warnings: ["switch A is nearly worn"])
        let prepared = try #require(try await keeper.prepare(laboratory))
        #expect(prepared.isSimulated)
        #expect(prepared.frozen["alice-switch"]?["settings"] == ["switch_a": 2])
        instrument.say(problems: ["no supply"], warnings: ["switch A is nearly worn"])
        let error = await #expect(throws: BellError.self) { try await keeper.prepare(laboratory) }
        #expect(error?.code == .instrumentFault)
        instrument.say()
        #expect(try await keeper.prepare(laboratory) != nil)
    }

    @Test("a warning is told once, and shown while it lasts; the instrument is not faulty")
    func warns() async throws {
        let told = Mutex<[String]>([])
        let keeper = keeper { kind, data in
            guard kind == "event", let text = data["message"]?.stringValue else { return }
            told.withLock { $0.append(text) }
        }
        instrument.say(warnings: ["switch A is nearly worn"])
        for _ in 0..<3 { _ = try await keeper.makeSafe("alice-switch") }
        #expect(told.withLock { $0 } == ["alice-switch: switch A is nearly worn"])
        _ = try await keeper.prepare(laboratory)
        let shown = try #require(await keeper.json(named: "alice-switch"))
        #expect(shown["state"] == "connected")
        #expect(shown["problems"] == ["switch A is nearly worn"])
    }

    @Test("an instrument with settings that belld does not have yet is not passed over")
    func unknown() async throws {
        let keeper = InstrumentKeeper(instruments: [], telemetry: { _, _ in })
        let error = await #expect(throws: BellError.self) { _ = try await keeper.prepare(laboratory) }
        #expect(error?.code == .deviceUnknown)
        #expect(error?.place?.contains("alice-switch") == true)
    }
}
