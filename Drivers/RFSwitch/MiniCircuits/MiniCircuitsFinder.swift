import BellModel
import DriverKit

/// Finds the box with a serial number and opens it.
///
/// The USB serial string of these boxes is not reliable (storborg/pyminicircuits says so), so that a box is asked for its
/// serial number (code 41), after its model (code 40). The string only says which box to ask first.
struct MiniCircuitsFinder: Sendable {
    /// How often boxes that another one has open are tried again, and how long after: a search by another driver holds each
    /// box for some milliseconds.
    static let busyRetries = 10
    static let busyPause = Duration.milliseconds(100)

    var name: String
    var vendor: UInt16
    var product: UInt16
    var serial: String
    var bus: any USBBus
    var timeout: Duration
    var table: MiniCircuitsTable
    var clock: any Clock<Duration>

    /// Opens the box and identifies it.
    ///
    /// - Throws: `usb.not-found` with the serial numbers that are there, `usb.ambiguous`, `instrument.wrong-device` for a
    ///   model that is not in the table, or what the link throws.
    func open() async throws(BellError) -> MiniCircuitsBox {
        let devices = try await bus.devices(vendor: vendor, product: product)
        let named = devices.filter { $0.serial == serial }
        if named.count == 1 {
            var trial = MiniCircuitsSearch()
            try await trial.ask(named[0], self)
            if let found = trial.found.first { return try await identify(found) }
            if let error = trial.failed.first { throw error }
        }
        var search = MiniCircuitsSearch()
        for device in devices { try await search.ask(device, self) }
        for _ in 0..<MiniCircuitsFinder.busyRetries where search.found.isEmpty && !search.busy.isEmpty {
            try await clock.pause(MiniCircuitsFinder.busyPause)
            let again = search.busy
            search.busy = []
            for (device, _) in again { try await search.ask(device, self) }
        }
        guard let found = search.found.first else {
            // The only device there is must be the one that was meant, and its own error says more.
            if devices.count == 1, let error = search.failed.first { throw error }
            throw notFound(devices, search)
        }
        guard search.found.count == 1 else {
            for one in search.found { one.link.usb.close() }
            throw ambiguous(search.found)
        }
        return try await identify(found)
    }

    /// Learns the rest of a box whose model and serial number are known.
    private func identify(_ found: MiniCircuitsSearch.Found) async throws(BellError) -> MiniCircuitsBox {
        do throws(BellError) {
            // Only its product string tells a simulated box from a real one, and what cannot be read is neither.
            if let problem = found.link.usb.identity.problem { throw unreadable(found, problem) }
            guard let model = table.model(named: found.model) else { throw unknown(found) }
            let reply = try await found.link.exchange(.firmware)
            let firmware: String
            do throws(BellError) { firmware = try reply.firmware() } catch {
                throw found.link.located(error, MiniCircuitsRequest.firmware.summary)
            }
            let box = MiniCircuitsBox(
                link: found.link, model: model,
                identity: InstrumentIdentity(
                    vendor: "Mini-Circuits", model: found.model, serial: serial, firmware: firmware,
                    isSimulated: found.link.usb.identity.isSimulated))
            return try await box.choosingDialect()
        } catch {
            found.link.usb.close()
            throw error
        }
    }

    private var address: String {
        "usb://\(USBIdentity.hexadecimal(vendor)):\(USBIdentity.hexadecimal(product))/\(serial)"
    }

    private func unreadable(_ found: MiniCircuitsSearch.Found, _ problem: String) -> BellError {
        BellError(
            .usbIO, "The strings of the box cannot be read, so that nobody knows whether it is simulated.",
            at: found.link.place, cause: problem, state: "nothing but its model and serial number was asked for",
            fix: "plug it in again, or into another port; belld connects it by itself")
    }

    private func unknown(_ found: MiniCircuitsSearch.Found) -> BellError {
        BellError(
            .instrumentWrongDevice, "belld does not know the Mini-Circuits model \(found.model.prefix(63)).",
            at: found.link.place, cause: "it knows \(table.rows.map(\.pattern).joined(separator: ", "))",
            state: "nothing but its model and serial number was asked for",
            fix: "add a row for it to Drivers/RFSwitch/MiniCircuits/MiniCircuitsTable+Known.swift, "
                + "with the commands from the vendor's programming manual")
    }

    private func notFound(_ devices: [USBIdentity], _ search: MiniCircuitsSearch) -> BellError {
        let numbers = "\(USBIdentity.hexadecimal(vendor)):\(USBIdentity.hexadecimal(product))"
        let skipped = search.busy.map(\.error) + search.failed
        var causes: [String] = []
        if devices.isEmpty { causes.append("no device \(numbers) at all") }
        if !search.others.isEmpty { causes.append("there are \(search.others.joined(separator: ", "))") }
        if !skipped.isEmpty { causes.append("\(skipped.count) could not be asked, see below") }
        return BellError(
            .usbNotFound, "No Mini-Circuits box \(numbers) with the serial number \(serial) is plugged in.",
            at: "\(name) (\(address))", cause: causes.joined(separator: "; "),
            fix: devices.isEmpty
                ? "check cable and power; `lsusb -d \(numbers)` shows whether the computer sees it"
                : "write one of those serial numbers, plug the box in, or close the program that has it open",
            others: skipped)
    }

    private func ambiguous(_ found: [MiniCircuitsSearch.Found]) -> BellError {
        let ports = found.map { "\($0.model) at port \($0.link.usb.identity.port)" }
        return BellError(
            .usbAmbiguous, "\(found.count) boxes answer with the serial number \(serial).", at: "\(name) (\(address))",
            cause: ports.joined(separator: ", "), state: "all were closed again; nothing was set",
            fix: "unplug all but one")
    }
}

/// What a search has met so far.
struct MiniCircuitsSearch {
    struct Found {
        var link: MiniCircuitsLink
        var model: String
    }

    /// Boxes that answer with the wanted serial number; open.
    var found: [Found] = []
    /// Other boxes, as `model serial`; closed again.
    var others: [String] = []
    /// Devices that another program, or another search, has open.
    var busy: [(device: USBIdentity, error: BellError)] = []
    /// Devices that could not be asked.
    var failed: [BellError] = []

    /// Opens a device and asks for its model, then its serial number.
    ///
    /// - Throws: Only `usb.cancelled`; other failures are kept, for the search goes on.
    mutating func ask(_ device: USBIdentity, _ finder: MiniCircuitsFinder) async throws(BellError) {
        let usb: any USBInterface
        do throws(BellError) {
            usb = try await finder.bus.open(device, interface: .number(0))
        } catch {
            if error.code == .usbCancelled { throw error }
            if error.code == .usbBusy { busy.append((device, error)) } else { failed.append(error) }
            return
        }
        do throws(BellError) {
            let link = try MiniCircuitsLink(usb, name: finder.name, timeout: finder.timeout)
            let model = try await MiniCircuitsSearch.text(.model, link)
            let serial = try await MiniCircuitsSearch.text(.serial, link)
            if serial == finder.serial {
                found.append(Found(link: link, model: model))
            } else {
                others.append("\(model) \(serial)")
                usb.close()
            }
        } catch {
            usb.close()
            if error.code == .usbCancelled {
                for one in found { one.link.usb.close() }
                throw error
            }
            failed.append(error)
        }
    }

    private static func text(
        _ request: MiniCircuitsRequest, _ link: MiniCircuitsLink
    ) async throws(BellError) -> String {
        let reply = try await link.exchange(request)
        do throws(BellError) { return try reply.text() } catch { throw link.located(error, request.summary) }
    }
}

extension Clock<Duration> {
    /// Sleeps.
    ///
    /// - Throws: `usb.cancelled` when the task is cancelled.
    func pause(_ duration: Duration) async throws(BellError) {
        do {
            try await sleep(for: duration)
        } catch {
            throw BellError(.usbCancelled, "The call was cancelled while it waited.")
        }
    }
}
