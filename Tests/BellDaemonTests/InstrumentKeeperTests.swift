import BellModel
import BellSequence
import DriverKit
import SCPIInstrument
import Synchronization
import Testing
import VirtualUSB
import TestSupport

@testable import BellDaemon

@Suite("Instruments that belld keeps")
struct InstrumentKeeperTests {
    private let shown = Shown()

    private func keeper(
        _ instruments: [(device: Laboratory.Device, instrument: any Instrument)], interval: Duration = .milliseconds(50)
    ) -> InstrumentKeeper {
        InstrumentKeeper(instruments: instruments, interval: interval) { [shown] in shown.add($0, $1) }
    }

    private func keeper(_ fake: FakeInstrument) throws -> InstrumentKeeper {
        keeper([(try .instrument(fake.name), fake)])
    }

    private func state(_ keeper: InstrumentKeeper, _ name: String = "lo") async -> String? {
        await keeper.json(named: name)?["state"]?.stringValue
    }

    @Test("a connected instrument is shown with identity, values and what is wrong with it")
    func shows() async throws {
        let fake = FakeInstrument()
        let keeper = try keeper(fake)
        #expect(await state(keeper) == "connecting")
        await keeper.keepConnected()
        try await eventually("it is connected") { await state(keeper) == "connected" }
        let json = try #require(await keeper.json(named: "lo"))
        #expect(json["identity"]?["serial"] == "42")
        #expect(json["identity"]?["simulated"] == true)
        #expect(json["settings"] == ["output": false, "power_dbm": -60.0])
        #expect(json["at"] == "usb://1209:be12/LO-1")
        #expect(json["driver"] == "microwave-source")
        #expect(json["node"] == .null)
        fake.state.withLock { $0.problems = ["reference not locked"] }
        try await eventually("it is faulty") { await state(keeper) == "faulty" }
        #expect(await keeper.json(named: "lo")?["reason"] == "reference not locked")
        #expect(shown.messages == ["lo: reference not locked"])
        fake.state.withLock {
            $0.problems = []
            $0.values["power_dbm"] = .number(3)
        }
        try await eventually("it is well") { await state(keeper) == "connected" }
        #expect(await keeper.json(named: "lo")?["settings"]?["power_dbm"] == 3.0)
        #expect(shown.messages.count == 1)
        await keeper.stop()
        #expect(fake.calls.last == "close")
        #expect(!fake.calls.contains { $0.hasPrefix("set") || $0 == "safe" }, "nothing is changed by looking or ending")
    }

    @Test("one that cannot be reached is tried again, and its reason is shown once")
    func retries() async throws {
        let fake = FakeInstrument { $0.connectError = BellError(.usbPermission, "No permission.", fix: "a rule") }
        let keeper = try keeper(fake)
        await keeper.keepConnected()
        try await eventually("it was tried twice") { fake.calls.count >= 2 }
        #expect(await state(keeper) == "disconnected")
        #expect(await keeper.json(named: "lo")?["reason"] == "No permission.")
        #expect(await keeper.json(named: "lo")?["error"]?["code"] == "usb.permission")
        #expect(shown.states == ["disconnected"])
        fake.state.withLock { $0.connectError = nil }
        try await eventually("it is connected") { await state(keeper) == "connected" }
        fake.state.withLock { $0.readError = BellError(.usbTimeout, "It did not answer.") }
        try await eventually("its silence is seen") { shown.states == ["disconnected", "connected", "disconnected"] }
        #expect(await keeper.json(named: "lo")?["settings"] == nil)
        fake.state.withLock { $0.readError = nil }
        try await eventually("it is connected again") { shown.states.count == 4 }
        #expect(await state(keeper) == "connected")
        await keeper.stop()
    }

    @Test("details say what can be set, within what limits")
    func details() async throws {
        let keeper = try keeper(FakeInstrument())
        #expect(try await keeper.details("lo")["ranges"] == [])
        await keeper.keepConnected()
        try await eventually("it is connected") { await state(keeper) == "connected" }
        let rows = try #require(try await keeper.details("lo")["ranges"]?.arrayValue)
        #expect(rows.map { $0["key"] } == ["output", "power_dbm"])
        #expect(rows.map { $0["allowed"] } == ["on, off", "-60.0 … 20.0"])
        #expect(rows.map { $0["value"] } == [false, -60.0])
        #expect(rows.map { $0["writable"] } == [true, true])
        let error = await #expect(throws: BellError.self) { try await keeper.details("la") }
        #expect(error?.code == .deviceUnknown)
        #expect(error?.fix == "instruments: lo")
        await keeper.stop()
    }

    // MARK: Setting

    @Test("a person's setting is read back, shown, and refused in the driver's words")
    func sets() async throws {
        let fake = FakeInstrument()
        let keeper = try keeper(fake)
        let early = await #expect(throws: BellError.self) { try await keeper.set("lo", "output", to: "on") }
        #expect(early?.code == .instrumentNotConnected)
        await keeper.keepConnected()
        try await eventually("it is connected") { await state(keeper) == "connected" }
        #expect(
            try await keeper.set("lo", "power_dbm", to: "-10")
                == ["device": "lo", "key": "power_dbm", "value": -10.0])
        #expect(await keeper.json(named: "lo")?["settings"]?["power_dbm"] == -10.0)
        let typo = await #expect(throws: BellError.self) { try await keeper.set("lo", "power_dbn", to: "1") }
        #expect(typo?.code == .instrumentUnknownSetting)
        #expect(typo?.fix?.hasPrefix("did you mean \"power_dbm\"?") == true)
        let range = await #expect(throws: BellError.self) { try await keeper.set("lo", "power_dbm", to: "21") }
        #expect(range?.code == .instrumentRange)
        #expect(fake.calls == ["connect", "set power_dbm=-10.0"])
        fake.state.withLock { $0.setError = BellError(.instrumentReadBack, "It has 0 dBm.", at: "lo power_dbm") }
        let readBack = await #expect(throws: BellError.self) { try await keeper.set("lo", "power_dbm", to: "1") }
        #expect(readBack?.code == .instrumentReadBack)
        #expect(readBack?.place == "lo power_dbm")
        await keeper.stop()
    }

    @Test("the safe state is shown at once")
    func safe() async throws {
        let fake = FakeInstrument { $0.values["output"] = .toggle(true) }
        let keeper = keeper([(try .instrument(), fake)], interval: .seconds(600))
        await keeper.keepConnected()
        try await eventually("it is connected") { await state(keeper) == "connected" }
        #expect(await keeper.json(named: "lo")?["settings"]?["output"] == true)
        #expect(try await keeper.makeSafe("lo") == ["device": "lo", "safe": true])
        #expect(await keeper.json(named: "lo")?["settings"]?["output"] == false)
        await #expect(throws: BellError.self) { try await keeper.makeSafe("alice") }
        await keeper.stop()
    }

    @Test("an instrument that a check has is left alone, and connected again afterwards")
    func lease() async throws {
        let fake = FakeInstrument()
        let keeper = try keeper(fake)
        await keeper.keepConnected()
        try await eventually("it is connected") { await state(keeper) == "connected" }
        let leased = try await keeper.lease("lo")
        #expect(leased === fake)
        await leased.close()
        try await Task.sleep(for: .milliseconds(400))
        #expect(fake.calls == ["connect", "close"])
        await keeper.endLease("lo")
        #expect(await state(keeper) == "connecting")
        try await eventually("it is connected again") { await state(keeper) == "connected" }
        #expect(fake.calls == ["connect", "close", "connect"])
        await #expect(throws: BellError.self) { try await keeper.lease("alice") }
        await keeper.stop()
    }

    // MARK: Plugs

    @Test("a pulled plug is shown at once, and one that is put back is connected at once")
    func plugs() async throws {
        let device = VirtualUSBDevice(USBTMCSource(source: SimulatedSource(serial: "LO-1")))
        let bus = VirtualBus([device])
        let source = MicrowaveSource(
            name: "lo",
            link: USBTMCLink(place: "lo") { () async throws(BellError) in
                try await bus.open(
                    vendor: 0x1209, product: 0xbe12, serial: "LO-1", interface: USBTMCLink.interfaceKind)
            })
        // Nothing but the plug can make it look within this test.
        let keeper = keeper([(try .instrument(), source)], interval: .seconds(600))
        await keeper.keepConnected(plugs: bus.changes())
        try await eventually("it is connected") { shown.states.last == "connected" }
        for _ in 0..<3 {
            device.unplug()
            try await eventually("it is shown as unplugged") { shown.states.last == "unplugged" }
            device.plug()
            try await eventually("it is connected again") { shown.states.last == "connected" }
        }
        #expect(
            shown.states == [
                "connected", "unplugged", "connected", "unplugged", "connected", "unplugged", "connected",
            ])
        await keeper.stop()
    }

    @Test("another device's plug is nothing to an instrument; one without serial makes it look")
    func otherPlugs() async throws {
        let fake = FakeInstrument()
        let keeper = keeper([(try .instrument(), fake)], interval: .seconds(600))
        let (plugs, feed) = AsyncStream<USBChange>.makeStream()
        await keeper.keepConnected(plugs: plugs)
        try await eventually("it is connected") { await state(keeper) == "connected" }
        fake.state.withLock { $0.values["power_dbm"] = .number(1) }
        func pull(_ product: UInt16, _ serial: String?) {
            feed.yield(
                USBChange(device: USBIdentity(vendor: 0x1209, product: product, serial: serial), isArrival: false))
        }
        pull(0xbe11, "LO-1")
        try await Task.sleep(for: .milliseconds(300))
        #expect(await keeper.json(named: "lo")?["settings"]?["power_dbm"] == -60.0)
        pull(0xbe12, nil)
        try await eventually("it was looked at") {
            await keeper.json(named: "lo")?["settings"]?["power_dbm"] == 1.0
        }
        fake.state.withLock { $0.values["power_dbm"] = .number(2) }
        pull(0xbe12, "another")
        try await eventually("it was looked at") {
            await keeper.json(named: "lo")?["settings"]?["power_dbm"] == 2.0
        }
        #expect(shown.states == ["connected"])
        feed.finish()
        await keeper.stop()
    }
}
