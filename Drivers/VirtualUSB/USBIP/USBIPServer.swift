import BellHost
public import BellModel
import DriverKit
import Glibc

/// Shows simulated devices over USB/IP 1.1.1, so that a Linux with vhci-hcd attaches them as if they were plugged in.
///
/// One host a device; a second one is refused as busy. The end of a host's connection is its detaching; unplugging a
/// device ends the connection. Interrupt endpoints keep to their interval. There is no protection on this protocol:
/// everybody who reaches the socket has the devices, so it listens on loopback unless told otherwise.
///
/// - SeeAlso: docs/virtual-usb.md; Linux kernel documentation, "USB/IP protocol".
public final class USBIPServer: Sendable {
    private struct Export {
        var device: VirtualUSBDevice
        /// Rises with each plugging-in of any device.
        var number: UInt32
        /// The socket of the host that has it, and the plugging-in that it has.
        var importer: (socket: Int32, generation: UInt64)?
    }

    private struct State {
        var exports: [String: Export] = [:]
        var order: [String] = []
        var lastNumber: UInt32 = 1
        var sockets: Set<Int32> = []
        var isClosed = false
    }

    /// Hosts that are connected at once; more are turned away.
    private static let mostConnections = 64
    /// Seconds that a connected host has for its request.
    private static let patience = 10

    /// Where it listens, with the ports that the system chose.
    public let addresses: [USBIPAddress]
    private let listeners: [USBIPListener]
    private let core: Core

    /// Starts to listen.
    ///
    /// - Throws: `host.system-failed` when an address cannot be bound.
    public init(at addresses: [USBIPAddress]) throws(BellError) {
        let core = Core()
        var listeners: [USBIPListener] = []
        for address in addresses {
            do {
                listeners.append(try USBIPListener(address) { socket in core.serve(socket) })
            } catch {
                for listener in listeners { listener.close() }
                throw error
            }
        }
        self.core = core
        self.listeners = listeners
        self.addresses = listeners.map(\.address)
    }

    deinit { close() }

    /// Shows a device from now on.
    ///
    /// - Returns: Its bus id, `1-1` for the first one; stays over re-plugs.
    @discardableResult
    public func add(_ device: VirtualUSBDevice) -> String { core.add(device) }

    /// Stops listening and ends all connections.
    public func close() {
        for listener in listeners { listener.close() }
        core.close()
    }

    /// What the threads share.
    private final class Core: Sendable {
        private let state = Monitor(State())

        func add(_ device: VirtualUSBDevice) -> String {
            let busID = state.withLock { state -> String in
                let busID = "1-\(state.order.count + 1)"
                state.lastNumber += 1
                state.exports[busID] = Export(device: device, number: state.lastNumber)
                state.order.append(busID)
                return busID
            }
            device.observe { [weak self] isPlugged in
                guard let self else { return false }
                changed(busID, isPlugged: isPlugged)
                return true
            }
            return busID
        }

        func close() {
            let sockets = state.withLock { state in
                state.isClosed = true
                return state.sockets
            }
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }

        private func changed(_ busID: String, isPlugged: Bool) {
            state.withLock { state in
                if isPlugged {
                    state.lastNumber += 1
                    state.exports[busID]?.number = state.lastNumber
                } else if let socket = state.exports[busID]?.importer?.socket {
                    // With the lock held, so that the socket is not closed and reused meanwhile.
                    shutdown(socket, Int32(SHUT_RDWR))
                }
            }
        }

        // MARK: Connections

        /// Takes a connected socket over.
        func serve(_ socket: Int32) {
            let isWelcome = state.withLock { state in
                !state.isClosed && state.sockets.count < USBIPServer.mostConnections
                    && state.sockets.insert(socket).inserted
            }
            guard isWelcome else {
                Glibc.close(socket)
                return
            }
            prepare(socket)
            do {
                try startThread(named: "usbip-reader") { [self] in
                    talk(socket)
                    drop(socket)
                }
            } catch {
                drop(socket)
            }
        }

        private func prepare(_ socket: Int32) {
            var yes: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            var room: Int32 = 4 << 20
            setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
            limitWait(socket, seconds: USBIPServer.patience)
        }

        private func limitWait(_ socket: Int32, seconds: Int) {
            var limit = timeval(tv_sec: seconds, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        private func drop(_ socket: Int32) {
            state.withLock { state in
                state.sockets.remove(socket)
                Glibc.close(socket)
            }
        }

        /// One request: the list of devices, or an import with all that follows.
        private func talk(_ socket: Int32) {
            var reader = SocketReader(socket: socket)
            let outbox = SocketOutbox(socket: socket)
            guard let head = reader.read(USBIP.operationSize) else { return }
            let code = UInt16(head[2]) << 8 | UInt16(head[3])
            let isKnownVersion = UInt16(head[0]) << 8 | UInt16(head[1]) == USBIP.version
            switch code {
            case USBIP.requestDeviceList where isKnownVersion:
                outbox.send(deviceList())
            case USBIP.requestImport where isKnownVersion:
                guard let name = reader.read(USBIP.busIDSize) else { return }
                importDevice(name, &reader, outbox, socket)
            default:
                let status = USBIP.Refusal.malformed.rawValue
                outbox.send(USBIP.operation(code & 0x7FFF, status: status))
            }
        }

        private func deviceList() -> [UInt8] {
            let exports = state.withLock { state in
                state.order.compactMap { busID in state.exports[busID].map { describe(busID, $0) } }
            }
            let plugged = exports.compactMap(\.self)
            return USBIP.operation(USBIP.replyDeviceList) + USBIP.bytes(UInt32(plugged.count))
                + plugged.flatMap { $0.device + $0.interfaces }
        }

        private func describe(_ busID: String, _ export: Export) -> USBIPExport? {
            guard export.device.isPlugged else { return nil }
            return USBIPExport(
                busID: busID, busNumber: 1, deviceNumber: export.number, descriptors: export.device.descriptors,
                configuration: export.device.configuration)
        }

        private func importDevice(
            _ name: [UInt8], _ reader: inout SocketReader, _ outbox: SocketOutbox, _ socket: Int32
        ) {
            let busID = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            switch claim(busID, for: socket) {
            case .failure(let refusal):
                outbox.send(USBIP.operation(USBIP.replyImport, status: refusal.rawValue))
            case .success(let (device, generation, described)):
                let isWriterDone = Monitor(false)
                let writer: @Sendable () -> Void = {
                    outbox.run()
                    isWriterDone.withLock { $0 = true }
                    isWriterDone.wake()
                }
                guard (try? startThread(named: "usbip-writer", writer)) != nil else { return release(busID) }
                limitWait(socket, seconds: 0)
                outbox.send(USBIP.operation(USBIP.replyImport), described.device)
                run(device, generation, &reader, outbox)
                // Before the host can see the end of the connection, so that it may import again at once.
                release(busID)
                outbox.close()
                // The writer may stand in a send to a host that does not read; the socket is closed only after it.
                shutdown(socket, Int32(SHUT_RDWR))
                isWriterDone.wait { $0 ? .ready(()) : .wait(until: nil) }
            }
        }

        private func claim(
            _ busID: String, for socket: Int32
        ) -> Result<(VirtualUSBDevice, UInt64, USBIPExport), USBIP.Refusal> {
            let limit = MonotonicClock.now + UInt64(USBIPServer.patience) * 1_000_000_000
            return state.wait { state in
                guard let export = state.exports[busID], let described = describe(busID, export) else {
                    return .ready(.failure(.noSuchDevice))
                }
                let generation = export.device.generation
                if let importer = export.importer {
                    // A host from before the last unplugging is on its way out.
                    let isLeaving = importer.generation != generation && MonotonicClock.now < limit
                    return isLeaving ? .wait(until: limit) : .ready(.failure(.busy))
                }
                state.exports[busID]?.importer = (socket, generation)
                return .ready(.success((export.device, generation, described)))
            }
        }

        private func release(_ busID: String) {
            state.withLock { $0.exports[busID]?.importer = nil }
            state.wake()
        }

        /// Serves an importer until its connection ends.
        private func run(
            _ device: VirtualUSBDevice, _ generation: UInt64, _ reader: inout SocketReader, _ outbox: SocketOutbox
        ) {
            let hasIntervals = device.descriptors.interfaces.contains {
                $0.endpoints.contains { $0.kind == .interrupt }
            }
            let pacer = hasIntervals ? try? Pacer { [weak device] in device?.advance() } : nil
            if let pacer { device.pace { pacer.wake(at: $0) } }
            USBIPConnection(device: device, generation: generation, outbox: outbox).run(&reader)
            device.pace(nil)
            pacer?.stop()
        }
    }
}
