import BellCommandLine
import BellHost
import BellModel
import DriverKit
import Glibc
import RFSwitch
import SCPIInstrument
import USBTransport
import VirtualUSB

/// `bellbench usb-host WHAT …`: the measuring side of the USB rows, run by Tests/USB/run so that libusb meets the
/// simulated devices. Prints one JSON object.
enum USBHostProgram {
    static func main(_ words: [String]) async -> ExitCode {
        do throws(BellError) {
            guard let what = words.first, let amount = words.dropFirst().first.flatMap(Int.init), amount > 0 else {
                throw BellError(.usage, "bellbench usb-host takes what to measure and a number.")
            }
            // As belld does.
            keepFreedMemory()
            let bus = LibUSBBus()
            defer { bus.close() }
            let result: JSON =
                switch what {
                case "read": try await read(bus, milliseconds: amount)
                case "write": try await write(bus, milliseconds: amount)
                case "idle": try await idle(bus, milliseconds: amount)
                case "switches": try await setSwitches(bus, rounds: amount)
                case "source": try await askSource(bus, rounds: amount)
                default: throw BellError(.usage, "`\(what)` is nothing that bellbench usb-host measures.")
                }
            BellHost.write(result.text + "\n")
            return .ok
        } catch {
            BellHost.write("\(error)\n", to: .error)
            return error.code.exit
        }
    }

    // MARK: A board's stream

    private static func openStream(_ bus: LibUSBBus) async throws(BellError) -> USBTransport {
        let interface = try await bus.open(
            vendor: StreamingBoard.vendor, product: StreamingBoard.product, serial: StreamingBoard.serial,
            interface: .kind(class: 0xFF, subclass: nil, protocol: nil))
        try await interface.clearHalt(0x81)
        guard let transport = try USBTransport.connect(interface: interface) as? USBTransport else {
            throw BellError(.benchProgram, "USBTransport has made another transport.")
        }
        return transport
    }

    /// Takes frames as a board's driver does, header and checksum checked there, too.
    private static func read(_ bus: LibUSBBus, milliseconds: Int) async throws(BellError) -> JSON {
        let transport = try await openStream(bus)
        defer { transport.close() }
        var meter = RateMeter(milliseconds: milliseconds)
        var next: UInt32 = 1
        do {
            for try await bytes in transport.incoming {
                let frame = try Frame.decode(bytes)
                guard frame.type == MessageType.trials.rawValue, frame.sequence == next else {
                    throw BellError(.benchDisagreement, "Frame \(frame.sequence) came in place of \(next).")
                }
                next = next % StreamingBoard.frames + 1
                if meter.add(bytes.count) { break }
            }
        } catch let error as BellError {
            throw error
        } catch {
            throw BellError(.benchDisagreement, "A frame is damaged.", cause: "\(error)")
        }
        guard transport.counts.garbageBytes == 0 else {
            throw BellError(.benchDisagreement, "\(transport.counts.garbageBytes) bytes were in no frame.")
        }
        return meter.json
    }

    /// Sends frames as fast as the pipe takes them.
    private static func write(_ bus: LibUSBBus, milliseconds: Int) async throws(BellError) -> JSON {
        let transport = try await openStream(bus)
        defer { transport.close() }
        let board = try StreamingBoard()
        let frame = Array(board.firstFrame)
        var meter = RateMeter(milliseconds: milliseconds)
        var (sent, taken): (UInt64, UInt64) = (0, 0)
        while true {
            let now = transport.counts.bytesWritten
            if meter.add(Int(now - taken)) { return meter.json }
            taken = now
            // Half of what the transport takes, so that it never runs dry between two looks.
            while sent - now < 4 << 20 {
                try transport.send(frame)
                sent += UInt64(frame.count)
            }
            do { try await Task.sleep(for: .microseconds(500)) } catch { break }
        }
        return meter.json
    }

    // MARK: Nothing to do

    private static func idle(_ bus: LibUSBBus, milliseconds: Int) async throws(BellError) -> JSON {
        let plugs = bus.changes()
        var transports: [any Transport] = []
        var readers: [Task<Void, Never>] = []
        for serial in USBDeviceProgram.idleSerials {
            let open = USBTransport.opener(
                bus: bus, vendor: StreamingBoard.vendor, product: StreamingBoard.product, serial: serial)
            let transport = try await open()
            transports.append(transport)
            readers.append(Task { do { for try await _ in transport.incoming {} } catch {} })
        }
        try? await Task.sleep(for: .milliseconds(500))
        var meter = RateMeter(milliseconds: milliseconds, warmUp: 0)
        _ = meter.add(0)
        try? await Task.sleep(for: .milliseconds(milliseconds))
        _ = meter.add(0)
        for transport in transports { transport.close() }
        for reader in readers { reader.cancel() }
        withExtendedLifetime(plugs) {}
        return meter.json
    }

    // MARK: Latencies

    private static func setSwitches(_ bus: LibUSBBus, rounds: Int) async throws(BellError) -> JSON {
        var results: [JSON] = []
        for box in USBDeviceProgram.boxes {
            let driver = RFSwitch(name: box.model, serial: box.serial, bus: bus, counts: NoSwitchCountStore())
            _ = try await driver.connect()
            var samples = Samples()
            for round in -10..<rounds {
                let start = monotonicNanoseconds()
                let port: InstrumentValue = .integer(1 + (round & 3))
                guard try await driver.set("switch_a", to: port) == port else {
                    throw BellError(.benchDisagreement, "A switch has not moved.", at: box.model)
                }
                if round >= 0 { samples.add(Double(monotonicNanoseconds() - start) / 1e3) }
            }
            await driver.close()
            results.append(["model": .string(box.model), "latency": samples.latencies])
        }
        return ["boxes": .array(results)]
    }

    private static func askSource(_ bus: LibUSBBus, rounds: Int) async throws(BellError) -> JSON {
        let serial = USBDeviceProgram.source.serial
        let link = USBTMCLink(place: "source") { () async throws(BellError) in
            try await bus.open(
                vendor: 0x1209, product: 0xBE12, serial: serial, interface: USBTMCLink.interfaceKind)
        }
        let session = SCPISession(name: "source", link: link)
        _ = try await session.open()
        var samples = Samples()
        var answer = ""
        for round in -200..<rounds {
            let start = monotonicNanoseconds()
            answer = try await session.query("FREQ?")
            if round >= 0 { samples.add(Double(monotonicNanoseconds() - start) / 1e3) }
        }
        await session.close()
        return ["latency": samples.latencies, "answer": .string(answer)]
    }
}

extension Samples {
    /// Median and 99th percentile.
    fileprivate var latencies: JSON { ["p50_us": .double(median), "p99_us": .double(quantile(0.99))] }
}
