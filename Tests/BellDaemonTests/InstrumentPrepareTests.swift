import BellHost
import BellModel
import BellSequence
import Board
import DriverKit
import MockLab
import Synchronization
import Testing

@testable import BellCampaign
@testable import BellDaemon

@Suite("Instruments before a block")
struct InstrumentPrepareTests {
    /// A keeper whose interval is too long to matter, not connected yet, and the laboratory file's say.
    private func bench(
        _ settings: [(String, String)], change: (inout FakeInstrument.State) -> Void = { _ in }
    ) throws -> (FakeInstrument, InstrumentKeeper, Laboratory) {
        let fake = FakeInstrument(change: change)
        let keeper = InstrumentKeeper(
            instruments: [(try .instrument(), fake)], interval: .seconds(600), telemetry: { _, _ in })
        let files = try TestLaboratory()
        var laboratory = try LaboratoryFiles(path: files.lab).laboratory()
        laboratory.devices.append(try .instrument(settings: settings))
        return (fake, keeper, laboratory)
    }

    @Test("settings are applied in the order of the file, and recorded as read back with who it was")
    func applies() async throws {
        let (fake, keeper, laboratory) = try bench([("power_dbm", "-10"), ("output", "on")]) {
            $0.reads = ["power_dbm": .number(-9.99)]
        }
        let prepared = try #require(try await keeper.prepare(laboratory))
        #expect(fake.calls == ["connect", "set power_dbm=-10.0", "set output=on"])
        #expect(prepared.isSimulated)
        #expect(
            prepared.frozen == [
                "lo": [
                    "identity": [
                        "vendor": "Fake", "model": "F1", "serial": "42", "firmware": "1.0", "simulated": true,
                    ], "settings": ["power_dbm": -9.99, "output": true],
                ]
            ])
        // The next block sets them anew: somebody may have turned a knob.
        _ = try await keeper.prepare(laboratory)
        #expect(fake.calls.dropFirst(3) == ["set power_dbm=-10.0", "set output=on"])
        #expect(await keeper.json(named: "lo")?["settings"]?["output"] == true)
        await keeper.stop()
    }

    @Test("an instrument without settings is not touched and not recorded")
    func without() async throws {
        let (fake, keeper, laboratory) = try bench([]) { $0.connectError = BellError(.usbNotFound, "gone") }
        let prepared = try #require(try await keeper.prepare(laboratory))
        #expect(prepared.frozen == [:])
        #expect(!prepared.isSimulated)
        #expect(fake.calls.isEmpty)
        let none = InstrumentKeeper(instruments: [], telemetry: { _, _ in })
        #expect(try await none.prepare(laboratory) == nil)
    }

    @Test("what the instrument itself finds wrong keeps a block from beginning")
    func problems() async throws {
        let (fake, keeper, laboratory) = try bench([("output", "on")]) {
            $0.problems = ["reference not locked", "too hot"]
        }
        let error = await #expect(throws: BellError.self) { try await keeper.prepare(laboratory) }
        #expect(error?.code == .instrumentFault)
        #expect(error?.what == "lo is not well: reference not locked.")
        #expect(error?.cause == "too hot")
        #expect(error?.state == "no block was begun")
        fake.state.withLock { $0.problems = [] }
        #expect(try await keeper.prepare(laboratory) != nil)
    }

    @Test(
        "a setting that cannot be made is refused at its line of lab.yaml",
        arguments: [
            ("power_dbn", "1", "instrument.unknown-setting", "did you mean \"power_dbm\"?"),
            ("power_dbm", "30", "instrument.range", "allowed: -60.0 … 20.0"),
            ("power_dbm", "loud", "instrument.range", "allowed: -60.0 … 20.0"),
            ("output", "maybe", "instrument.range", "allowed: on, off"),
        ])
    func refused(key: String, value: String, code: String, fix: String) async throws {
        let (fake, keeper, laboratory) = try bench([("output", "on"), (key, value)])
        let error = await #expect(throws: BellError.self) { try await keeper.prepare(laboratory) }
        #expect(error?.code.name == code)
        #expect(error?.place == "lab.yaml:34 devices.lo.settings.\(key) = \(value)")
        #expect(error?.fix?.hasPrefix(fix) == true)
        #expect(fake.calls == ["connect", "set output=on"])
    }

    @Test("a value that is not read back keeps a block from beginning")
    func readBack() async throws {
        let (_, keeper, laboratory) = try bench([("output", "on")]) {
            $0.setError = BellError(.instrumentReadBack, "It stays off.")
        }
        let error = await #expect(throws: BellError.self) { try await keeper.prepare(laboratory) }
        #expect(error?.code == .instrumentReadBack)
        #expect(error?.place == "lab.yaml:33 devices.lo.settings.output = on")
    }

    @Test("one that cannot be reached keeps a block from beginning, and is connected as soon as it can be")
    func notConnected() async throws {
        let (fake, keeper, laboratory) = try bench([("output", "on")]) {
            $0.connectError = BellError(.usbNotFound, "It is not plugged in.")
        }
        let error = await #expect(throws: BellError.self) { try await keeper.prepare(laboratory) }
        #expect(error?.code == .usbNotFound)
        #expect(fake.calls == ["connect"])
        #expect(await keeper.json(named: "lo")?["state"] == "unplugged")
        fake.state.withLock { $0.connectError = nil }
        #expect(try await keeper.prepare(laboratory)?.frozen["lo"]?["settings"] == ["output": true])
    }

    // MARK: While a block is under way

    @Test("one that comes back with other settings in a block is told, until the next block sets it anew")
    func powerCycled() async throws {
        let (fake, keeper, laboratory) = try bench([("power_dbm", "-10"), ("output", "on")])
        _ = try await keeper.prepare(laboratory)
        await keeper.confirm()
        #expect(await keeper.unsettled == nil)
        fake.state.withLock { $0.values = ["output": .toggle(false), "power_dbm": .number(-60)] }
        await keeper.confirm()
        let error = try #require(await keeper.unsettled)
        #expect(error.code == .instrumentUnsettled)
        #expect(error.what.contains("output is off instead of on, power_dbm is -60.0 instead of -10.0"))
        #expect(error.cause?.contains("last seen as set at 20") == true)
        // Its old values do not make it settled again: nobody knows what was in between.
        fake.state.withLock { $0.values = ["output": .toggle(true), "power_dbm": .number(-10)] }
        await keeper.confirm()
        #expect(await keeper.unsettled == error)
        _ = try await keeper.prepare(laboratory)
        #expect(await keeper.unsettled == nil)
    }

    @Test("so is one that could not be reached for a moment in a block, whatever it says afterwards")
    func linkLost() async throws {
        let (fake, keeper, laboratory) = try bench([("output", "on")])
        _ = try await keeper.prepare(laboratory)
        fake.state.withLock { $0.readError = BellError(.usbUnplugged, "It was unplugged.") }
        await keeper.confirm()
        fake.state.withLock { $0.readError = nil }
        #expect(await keeper.unsettled?.what.contains("the link to it was lost (It was unplugged.)") == true)
    }

    @Test("what a person sets after a campaign, and an instrument that no block depends on, unsettle nothing")
    func settled() async throws {
        let (fake, keeper, laboratory) = try bench([("output", "on")])
        _ = try await keeper.prepare(laboratory)
        // lab.yaml says nothing of its power.
        fake.state.withLock { $0.values["power_dbm"] = .number(3) }
        await keeper.confirm()
        #expect(await keeper.unsettled == nil)
        await keeper.endBlock()
        _ = try await keeper.set("lo", "output", to: "off")
        await keeper.confirm()
        #expect(await keeper.unsettled == nil)
    }

    // MARK: What a block is compiled with

    private func compile(
        simulated: PerNode<Bool>, instruments: (frozen: JSON, isSimulated: Bool)?
    ) async throws -> CompiledBlock {
        let laboratory = try TestLaboratory()
        let (id, sealed) = try laboratory.seal(1)
        var boards: [Capabilities] = []
        for node in Node.allCases {
            let driver = BoardDriver(name: node.name, node: node) {
                [virtual = laboratory.virtual] () async throws(BellError) in
                try virtual.transport(to: node)
            }
            var board = try await driver.connect()
            board.simulated = simulated[node]
            boards.append(board)
            await driver.close()
        }
        return try LaboratoryFiles(path: laboratory.lab).compile(
            sealed, sequencePath: laboratory.store.sequence(of: id), boards: PerNode(alice: boards[0], bob: boards[1]),
            instruments: instruments)
    }

    @Test("a simulated instrument with settings and real boards are refused together")
    func simulatedInstrument() async throws {
        let real = PerNode(alice: false, bob: false)
        await #expect {
            try await compile(simulated: real, instruments: ([:], true))
        } throws: { error in
            (error as? BellError)?.code == .campaignBoards
                && (error as? BellError)?.state == "no block was begun"
        }
        #expect(
            try await compile(simulated: real, instruments: (["lo": "x"], false)).calibration["instruments"] == [
                "lo": "x"
            ])
    }

    @Test(
        "what is simulated somewhere may be simulated everywhere",
        arguments: [
            PerNode(alice: true, bob: true), PerNode(alice: true, bob: false), PerNode(alice: false, bob: true),
        ])
    func simulatedBoards(simulated: PerNode<Bool>) async throws {
        let block = try await compile(simulated: simulated, instruments: (["lo": "x"], true))
        #expect(block.calibration["instruments"] == ["lo": "x"])
        #expect(block.calibration["audit"]?["simulated"] == true)
    }

    @Test("a laboratory without instruments freezes none, and its hash differs from one that does")
    func noInstruments() async throws {
        let all = PerNode(alice: true, bob: true)
        let none = try await compile(simulated: all, instruments: nil)
        #expect(none.calibration["instruments"] == nil)
        let some = try await compile(simulated: all, instruments: (["lo": "x"], true))
        #expect(none.calibrationHash != some.calibrationHash)
    }
}
