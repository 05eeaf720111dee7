import BellModel
import DriverKit
import SCPIInstrument
import Testing
import VirtualUSB

/// The driver over the simulated bus, as `mock://` uses it: transfers that really wait, cables that are really pulled.
@Suite struct VirtualBusSourceTests {
    private func plugged(_ faults: Set<SourceFault> = []) -> (VirtualUSBDevice, VirtualBus, USBTMCLink) {
        let device = VirtualUSBDevice(USBTMCSource(source: SimulatedSource(serial: "LO7"), faults: faults))
        let bus = VirtualBus([device])
        let patience = USBTMCPatience(drain: .milliseconds(20), poll: .milliseconds(1), settle: .milliseconds(1))
        let link = USBTMCLink(place: "alice/lo", patience: patience) { () throws(BellError) in
            try await bus.open(
                vendor: USBTMCSource.vendor, product: USBTMCSource.product, serial: "LO7",
                interface: USBTMCLink.interfaceKind)
        }
        return (device, bus, link)
    }

    @Test("the source is found by its serial, set and read")
    func works() async throws {
        let (_, _, link) = plugged()
        let source = MicrowaveSource(name: "alice/lo", link: link)
        #expect(try await source.connect().serial == "LO7")
        #expect(try await source.set("power_dbm", to: .number(-3.5)) == .number(-3.5))
        try await source.makeSafe()
        await source.close()
    }

    @Test(
        "a time-out is left behind",
        arguments: [
            SourceFault.hang(reply: 2), .late(reply: 2, until: .clear), .stop(reply: 2, after: 0),
            .endlessPackets(reply: 2),
        ])
    func afterTimeout(fault: SourceFault) async throws {
        let (_, _, link) = plugged([fault])
        let session = SCPISession(name: "alice/lo", link: link, timeout: .milliseconds(200))
        _ = try await session.open()
        let error = await failure { () async throws(BellError) in _ = try await session.query("FREQ?") }
        #expect(error != nil)
        #expect(try await session.number("*SRE 9;*SRE?") == 9)
        #expect(try await session.query("*IDN?") == "belld simulated,MW-20,LO7,1.0")
    }

    @Test("a pulled cable is reported at once, and the source is found again when it is back")
    func replug() async throws {
        let (device, _, link) = plugged()
        let source = MicrowaveSource(name: "alice/lo", link: link)
        _ = try await source.connect()
        device.unplug()
        let gone = await failure { () async throws(BellError) in _ = try await source.read("frequency_hz") }
        #expect(gone?.code == .usbUnplugged)
        let still = await failure { () async throws(BellError) in _ = try await source.connect() }
        #expect(still?.code == .usbNotFound)
        device.plug()
        _ = try await source.connect()
        #expect(try await source.read("frequency_hz") == .number(5e9))
    }

    @Test("service requests arrive while nobody asks, and status bytes find their own answers among them")
    func serviceRequests() async throws {
        let (device, _, link) = plugged()
        try await link.open()
        #expect(link.listenForServiceRequests())
        var requests = link.serviceRequests.makeAsyncIterator()
        try await link.write(Array("*SRE 4".utf8), timeout: .seconds(5))
        for _ in 0..<20 {
            try await link.write(Array("*CLS;NONSENSE".utf8), timeout: .seconds(5))
            #expect(await requests.next() == [.errorQueue, .requestsService])
            #expect(try await link.statusByte() == [.errorQueue, .requestsService])
            try await link.write(Array("*CLS".utf8), timeout: .seconds(5))
            #expect(try await link.statusByte() == SCPIStatusByte([]))
        }
        device.unplug()
        let gone = await failure { () async throws(BellError) in _ = try await link.statusByte() }
        #expect(gone?.code == .usbUnplugged)
    }

    @Test("a cancelled question ends at once; the next one is answered with its own answer")
    func cancelled() async throws {
        let (device, _, link) = plugged([.hang(reply: 1)])
        try await link.open()
        let asking = Task {
            await failure { () async throws(BellError) in
                _ = try await link.query(Array("FREQ?".utf8), answer: .line, limit: 100, timeout: .seconds(600))
            }
        }
        while device.withModel(as: USBTMCSource.self, { $0.replies }) == 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
        asking.cancel()
        #expect(await asking.value?.code == .usbCancelled)
        #expect(try await link.text("*ESE 3;*ESE?") == "3")
    }

    @Test("a question costs three transfers: ten thousand of them in bounded time")
    func many() async throws {
        let (_, _, link) = plugged()
        try await link.open()
        let start = ContinuousClock.now
        for number in 0..<10_000 {
            let answer = try await link.text("*ESE \(number & 255);*ESE?")
            guard answer == "\(number & 255)" else {
                Issue.record("\(number): \(answer)")
                return
            }
        }
        let each = (ContinuousClock.now - start) / 10_000
        print("SCPI query over the simulated bus: \(each)")
        #expect(each < .milliseconds(10))
    }
}
