public import BellModel
public import BellSequence
public import BellZeroMQ
public import DriverKit
import ExternalDriver
import RFSwitch
public import Recording
import SCPIInstrument
import USBTransport
import ZeroMQTransport

/// Makes the driver of whatever stands at a device's address: the one place that knows every way.
///
/// Nothing is opened before a driver connects. Simulated and recorded devices belong to this object and live as long.
public final class DeviceAccess: Sendable {
    private let reactor: Reactor
    private let runDirectory: String
    private let mock: InProcessLaboratory
    private let switchCounts: String
    private let usb = LibUSBBus()

    /// - Parameters:
    ///   - reactor: Owns the ZeroMQ sockets; must outlive every driver.
    ///   - runDirectory: What `@run` stands for.
    ///   - mock: Stands behind `mock://`.
    ///   - switchCounts: Folder in which the operations of relays are counted.
    public init(reactor: Reactor, runDirectory: String, mock: InProcessLaboratory, switchCounts: String) {
        self.reactor = reactor
        self.runDirectory = runDirectory
        self.mock = mock
        self.switchCounts = switchCounts
    }

    /// Closes the USB devices; drivers should be closed before.
    public func close() { usb.close() }

    /// USB devices that come and go.
    public func plugs() -> AsyncStream<USBChange> { usb.changes() }

    // MARK: Boards

    /// What opens the transport to a board.
    ///
    /// - Throws: `device.address` for a way that leads to no board; what reading a recording throws.
    public func opener(of address: DeviceAddress, tap: RecorderTap? = nil) throws(BellError) -> TransportOpener {
        let open = try opener(of: address)
        return tap.map { $0.recording(open) } ?? open
    }

    private func opener(of address: DeviceAddress) throws(BellError) -> TransportOpener {
        switch address.way {
        case .run, .ipc, .tcp:
            let (reactor, endpoint) = (reactor, try endpoint(address))
            return { () async throws(BellError) in try ZeroMQTransport.connect(reactor: reactor, endpoint: endpoint) }
        case .mock(_, let name):
            guard let node = Node(name: name) else { throw wrongWay(address, "board") }
            return { [mock] () async throws(BellError) in try mock.transport(to: node) }
        case .usb(let vendor, let product, let serial):
            return USBTransport.opener(bus: usb, vendor: vendor, product: product, serial: serial)
        case .replay(let path):
            let replay = try BoardReplay(file: path)
            return { () async throws(BellError) in ReplayedTransport(try replay.open()) }
        case .socket: throw wrongWay(address, "board")
        }
    }

    // MARK: Instruments

    /// The driver of an instrument; nothing is opened before it connects.
    ///
    /// - Throws: `device.address` for a way that leads to no such instrument; what reading a recording throws.
    public func instrument(
        name: String, driver: Laboratory.Driver, address: DeviceAddress, tap: RecorderTap? = nil
    ) throws(BellError) -> any Instrument {
        if driver == .board { throw wrongWay(address, "instrument") }
        switch address.way {
        case .run, .ipc, .tcp:
            return ExternalInstrument(name: name, reactor: reactor, endpoint: try endpoint(address))
        case .usb(let vendor, let product, let serial):
            return try instrument(
                name: name, driver: driver, at: USBPlace(vendor: vendor, product: product, serial: serial),
                on: tapped(usb, tap), address: address,
                counts: FileSwitchCountStore(folder: switchCounts))
        case .mock(_, let device):
            if driver == .gauge { return try mock.gauge(device, name: name, address: address) }
            let (bus, place) = try mock.instrument(device, address: address)
            return try instrument(name: name, driver: driver, at: place, on: tapped(bus, tap), address: address)
        case .socket(let host, let port):
            guard driver == .microwaveSource else { throw wrongWay(address, driver.rawValue) }
            let open: ByteStreamOpener = { () async throws(BellError) in
                try await TCPStream.connect(host: host, port: port, timeout: .seconds(3))
            }
            return MicrowaveSource(
                name: name, link: SocketLink(place: name, open: tap.map { $0.recording(open) } ?? open))
        case .replay(let path):
            let trace = try Trace(file: path)
            if trace.header.kind == .stream, driver == .microwaveSource {
                let open = try StreamReplay(trace, path: path).opener
                return ReplayedInstrument(MicrowaveSource(name: name, link: SocketLink(place: name, open: open)))
            }
            let bus = try ReplayBus(trace, path: path)
            return ReplayedInstrument(
                try instrument(name: name, driver: driver, at: bus.place, on: bus, address: address))
        }
    }

    /// The driver of a USB instrument on any bus.
    func instrument(
        name: String, driver: Laboratory.Driver, at place: USBPlace, on bus: any USBBus, address: DeviceAddress,
        counts: any SwitchCountStore = NoSwitchCountStore()
    ) throws(BellError) -> any Instrument {
        switch driver {
        case .rfSwitch:
            return RFSwitch(
                name: name, vendor: place.vendor, product: place.product, serial: place.serial, bus: bus,
                counts: counts)
        case .attenuator:
            return Attenuator(
                name: name, vendor: place.vendor, product: place.product, serial: place.serial, bus: bus)
        case .microwaveSource:
            return MicrowaveSource(
                name: name,
                link: USBTMCLink(place: name) { () async throws(BellError) in
                    try await bus.open(
                        vendor: place.vendor, product: place.product, serial: place.serial,
                        interface: USBTMCLink.interfaceKind)
                })
        case .board, .gauge: throw wrongWay(address, driver.rawValue)
        }
    }

    private func tapped(_ bus: any USBBus, _ tap: RecorderTap?) -> any USBBus {
        tap.map { TappedBus(bus, tap: $0) } ?? bus
    }

    private func endpoint(_ address: DeviceAddress) throws(BellError) -> String {
        guard let endpoint = address.zeroMQEndpoint(runDirectory: runDirectory) else {
            throw wrongWay(address, "device")
        }
        return endpoint
    }

    private func wrongWay(_ address: DeviceAddress, _ kind: String) -> BellError {
        BellError(
            .deviceAddress, "No \(kind) can stand at \(address.text).", at: address.text,
            fix: "docs/laboratory.md, \"Addresses\", says what is reached in which way")
    }
}

/// A USB device as an address names it.
struct USBPlace: Equatable, Sendable {
    var vendor: UInt16
    var product: UInt16
    var serial: String
}
