import BellModel
import DriverKit
import RFSwitch
import Synchronization
import Testing
import VirtualUSB
import TestSupport

/// A simulated box that a scripted interface shows: nothing waits, an empty endpoint times out at once.
final class Box: Sendable {
    let identity: USBIdentity
    private let model: Mutex<SimulatedMiniCircuits>
    private let opened = Mutex<[ScriptedUSB]>([])

    /// - Parameter problem: Why its USB strings cannot be read, serial number and product.
    init(
        _ description: SimulatedMiniCircuits.Description, port: String = "1-1", problem: String? = nil
    ) throws {
        let simulated = try #require(SimulatedMiniCircuits(description), "\(description.model) is simulated")
        let descriptors = simulated.descriptors
        model = Mutex(simulated)
        identity = USBIdentity(
            vendor: descriptors.vendor, product: descriptors.product,
            serial: problem == nil ? descriptors.serial : nil, manufacturer: descriptors.manufacturer,
            productName: problem == nil ? descriptors.productName : "", port: port, problem: problem)
    }

    convenience init(
        _ model: String, serial: String = "11710240017", firmware: String = "A1",
        faults: [MiniCircuitsFault] = []
    ) throws {
        try self.init(.init(model: model, serial: serial, firmware: firmware, faults: faults))
    }

    /// What is behind the reports.
    var hardware: MiniCircuitsHardware { model.withLock { $0.hardware } }
    var commands: Int { model.withLock { $0.commands } }
    func move(_ index: Int, to port: Int) { model.withLock { $0.move(index, to: port) } }

    /// Plugs it in again after a fault has unplugged it.
    func plug() { model.withLock { $0.reset() } }

    /// Everything that was written to it, over all openings.
    var written: [[UInt8]] {
        opened.withLock { $0 }.flatMap(\.calls).compactMap { call in
            if case .write(let bytes, _) = call { bytes } else { nil }
        }
    }

    /// Openings that were not closed.
    var openings: Int { opened.withLock { $0 }.count { !$0.calls.contains(.close) } }

    func open() -> ScriptedUSB {
        let usb = ScriptedUSB(
            identity: identity, endpoints: model.withLock { $0.descriptors.interfaces[0].endpoints }
        ) { [self] (bytes, endpoint) throws(BellError) -> [ScriptedUSB.Reply] in
            let replies: [ScriptedUSB.Reply]? = model.withLock { model in
                guard !model.isUnplugged, model.wrote(bytes, to: endpoint) == .taken, !model.isUnplugged else {
                    return nil
                }
                var replies: [ScriptedUSB.Reply] = []
                while case .data(let bytes) = model.read(64, from: 0x81) { replies.append(.init(0x81, bytes)) }
                return replies
            }
            guard let replies else { throw BellError(.usbUnplugged, "The device is unplugged.") }
            return replies
        }
        opened.withLock { $0.append(usb) }
        return usb
    }
}

/// A bus with simulated boxes and devices that cannot be opened.
final class BenchBus: USBBus {
    let boxes: [Box]
    /// Errors of the next openings, by port.
    private let refusals: Mutex<[String: [BellError]]>

    init(_ boxes: [Box], refusing: [String: [BellError]] = [:]) {
        self.boxes = boxes
        refusals = Mutex(refusing)
    }

    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        boxes.map(\.identity).filter { $0.vendor == vendor && $0.product == product }
    }

    func open(
        _ device: USBIdentity, interface: USBInterfaceChoice
    ) async throws(BellError) -> any USBInterface {
        let refusal = refusals.withLock { refusals -> BellError? in
            guard let error = refusals[device.port]?.first else { return nil }
            refusals[device.port]?.removeFirst()
            return error
        }
        if let refusal { throw refusal }
        guard let box = boxes.first(where: { $0.identity == device }) else {
            throw BellError(.usbNotFound, "No such device.")
        }
        return box.open()
    }

    func changes() -> AsyncStream<USBChange> { AsyncStream { $0.finish() } }
}

/// A store in memory that can refuse.
final class MemoryStore: SwitchCountStore {
    private let state: Mutex<(counts: [String: SwitchCounts], error: BellError?)>

    init(_ counts: [String: SwitchCounts] = [:], error: BellError? = nil) { state = Mutex((counts, error)) }

    subscript(serial: String) -> SwitchCounts? { state.withLock { $0.counts[serial] } }
    func refuse(_ error: BellError?) { state.withLock { $0.error = error } }

    func load(serial: String) async throws(BellError) -> SwitchCounts? {
        let (counts, error) = state.withLock { ($0.counts[serial], $0.error) }
        if let error { throw error }
        return counts
    }

    func save(_ counts: SwitchCounts, serial: String) async throws(BellError) {
        let error = state.withLock { state in
            if state.error == nil { state.counts[serial] = counts }
            return state.error
        }
        if let error { throw error }
    }
}

extension RFSwitch {
    /// A driver for the first box of a bench.
    static func bench(
        _ boxes: Box..., serial: String = "11710240017", clock: InstantClock = InstantClock(),
        counts: any SwitchCountStore = NoSwitchCountStore()
    ) -> RFSwitch {
        RFSwitch(name: "alice/rf-switch", serial: serial, bus: BenchBus(boxes), counts: counts, clock: clock)
    }
}

extension Attenuator {
    static func bench(_ boxes: Box..., serial: String = "11710240017") -> Attenuator {
        Attenuator(name: "alice/attenuator", serial: serial, bus: BenchBus(boxes), clock: InstantClock())
    }
}

/// Runs a call that must fail, and gives its error.
func failure<T>(_ call: () async throws -> T, sourceLocation: SourceLocation = #_sourceLocation) async throws
    -> BellError
{
    let error = await #expect(throws: BellError.self, sourceLocation: sourceLocation) { _ = try await call() }
    return try #require(error, sourceLocation: sourceLocation)
}

/// Every switch model that is simulated, and its firmware.
let switchModels: [(model: String, firmware: String)] = [
    ("RC-1SPDT-A18", "A1"), ("RC-2SPDT-A18", "A1"), ("USB-8SPDT-A18", "B2"), ("RC-2SP6T-A12", "A4"),
    ("RC-2SP6T-A12", "D1"), ("RC-1SP6T-A12", "A1"), ("RC-2SP4T-A18", "C2"), ("USB-SP4T-63", "A1"),
    ("USB-1SP8T-63H", "A1"), ("USB-1SP16T-83H", "A1"), ("USB-2SP4T-63H", "A1"), ("USB-1SP8T-852H", "A1"),
]
/// Those with relays.
let mechanicalModels = switchModels.filter { $0.model.hasPrefix("RC-") || $0.model.contains("SPDT") }

let attenuatorModels = ["RUDAT-6000-30", "RCDAT-6000-110", "RUDAT-13G-90", "RCDAT-8000-90"]

/// Counts calls.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
