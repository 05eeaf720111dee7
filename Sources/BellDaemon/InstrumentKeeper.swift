import BellCalibration
import BellHost
import BellModel
import BellSequence
import DriverKit

/// Holds the instruments beside the boards: keeps them connected, shows their state, and sets them between blocks.
actor InstrumentKeeper {
    /// What is known of one instrument.
    private struct Entry {
        let device: Laboratory.Device
        let instrument: any Instrument
        var identity: InstrumentIdentity?
        var settings: [InstrumentSetting] = []
        var values: [String: InstrumentValue] = [:]
        /// What the instrument itself reports as wrong.
        var complaints: [String] = []
        /// What somebody should see to some day; holds nothing up.
        var warnings: [String] = []
        /// Why it cannot be reached; nil while connected.
        var problem: BellError?
        /// Attempts to connect that failed since the last one that did not.
        var attempt = 0
        /// Grows when something happened at the plug: the next attempt is due at once.
        var nudges = 0
        /// The keeper itself is asking it just now.
        var isAsked = false
        /// What it was read back with for the block under way; nil when no block depends on it, or no longer.
        var frozen: [String: InstrumentValue]?
        /// When it was last seen so; wall clock.
        var confirmed = ""
        /// Grows when it is set: what was read meanwhile may be from before.
        var settingCount = 0
        /// A check has it for itself.
        var isLeased = false
    }

    private var entries: [Entry]
    /// Why instruments may have left the settings of the block under way: one reason an instrument.
    private var departures: [BellError] = []
    private let telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
    /// How often a connected instrument is asked how it is.
    private let interval: Duration
    private var tasks: [Task<Void, Never>] = []

    init(
        instruments: [(device: Laboratory.Device, instrument: any Instrument)], interval: Duration = .seconds(5),
        telemetry: @escaping @Sendable (_ kind: String, _ data: JSON) -> Void
    ) {
        entries = instruments.map { Entry(device: $0.device, instrument: $0.instrument) }
        self.interval = interval
        self.telemetry = telemetry
    }

    // MARK: Connection

    /// Begins to keep the instruments connected, and to listen to what is plugged in and pulled.
    func keepConnected(plugs: AsyncStream<USBChange>? = nil) {
        for place in entries.indices { tasks.append(Task { [weak self] in await self?.keepConnected(place) }) }
        guard let plugs, !entries.isEmpty else { return }
        tasks.append(Task { [weak self] in for await change in plugs { await self?.noticed(change) } })
    }

    /// Ends the links; the instruments stay as they are set, because the next start will want them so.
    func stop() async {
        for task in tasks { task.cancel() }
        for entry in entries { await entry.instrument.close() }
    }

    private func keepConnected(_ place: Int) async {
        while !Task.isCancelled {
            // What happens at the plug during an attempt is news to it, too.
            let nudges = entries[place].nudges
            if !entries[place].isLeased {
                entries[place].isAsked = true
                if entries[place].identity == nil || entries[place].problem != nil {
                    await connect(place)
                } else {
                    await look(place)
                }
                entries[place].isAsked = false
            }
            let pause =
                entries[place].attempt == 0 ? interval : .milliseconds(min(250 << min(entries[place].attempt, 5), 5000))
            let end = ContinuousClock.now + pause
            while !Task.isCancelled, entries[place].nudges == nudges, ContinuousClock.now < end {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func connect(_ place: Int) async {
        let instrument = entries[place].instrument
        do throws(BellError) {
            let identity = try await instrument.connect()
            entries[place].identity = identity
            entries[place].settings = await instrument.settings()
            entries[place].problem = nil
            entries[place].attempt = 0
            await look(place)
            show(place)
        } catch {
            failed(place, error)
        }
    }

    /// Greets a connected instrument anew, so that a recording which has just begun can be replayed from there.
    func greetAgain(_ name: String) async throws(BellError) {
        let place = try place(of: name)
        if entries[place].identity != nil, entries[place].problem == nil { await connect(place) }
    }

    /// Asks a connected instrument for its values and for what is wrong with it.
    private func look(_ place: Int) async {
        let instrument = entries[place].instrument
        let settingCount = entries[place].settingCount
        do throws(BellError) {
            var values: [String: InstrumentValue] = [:]
            for setting in entries[place].settings { values[setting.key] = try await instrument.read(setting.key) }
            let complaints = try await instrument.problems()
            let warnings = await instrument.warnings()
            if entries[place].settingCount == settingCount { compare(values, at: place) }
            let known = entries[place].complaints + entries[place].warnings
            guard values != entries[place].values || complaints + warnings != known else { return }
            for complaint in complaints + warnings where !known.contains(complaint) {
                let text = "\(entries[place].device.name): \(complaint)"
                telemetry(
                    "event",
                    ["level": "warn", "message": .string(text), "device": .string(entries[place].device.name)])
            }
            entries[place].values = values
            entries[place].complaints = complaints
            entries[place].warnings = warnings
            show(place)
        } catch {
            failed(place, error)
        }
    }

    private func failed(_ place: Int, _ error: BellError) {
        entries[place].attempt += 1
        // Whether it was only the link, or its power, nobody can tell.
        departed(place, "the link to it was lost (\(error.what))")
        guard entries[place].problem != error else { return }
        entries[place].problem = error
        entries[place].values = [:]
        show(place)
    }

    /// A plug was put in or pulled: what stands at it is shown at once, without waiting for the next question.
    private func noticed(_ change: USBChange) async {
        for place in entries.indices {
            guard case .usb(let vendor, let product, let serial) = entries[place].device.address.way,
                vendor == change.device.vendor, product == change.device.product
            else { continue }
            if change.isArrival {
                if entries[place].problem != nil { entries[place].nudges += 1 }
            } else if entries[place].problem == nil {
                // The bus does not tell every box's serial number, or not the right one: the next question shows it.
                if change.device.serial == serial {
                    failed(
                        place,
                        BellError(
                            .usbUnplugged, "\(entries[place].device.name) was unplugged.",
                            at: entries[place].device.address.text, fix: "plug it in again; belld goes on by itself"))
                }
                entries[place].nudges += 1
            }
        }
    }

    // MARK: A block's settings

    /// Why instruments may have left the settings of the block under way, since ``prepare(_:)``; nil while they stand.
    var unsettled: BellError? { BellError.all(departures) }

    /// Asks every instrument that the block under way depends on whether it is still set so.
    func confirm() async {
        for place in entries.indices where entries[place].frozen != nil { await look(place) }
    }

    /// What every instrument shows, for the gates between two blocks.
    ///
    /// - Parameter names: These are asked now; of the others the last look counts, at most seconds old.
    func readings(refreshing names: Set<String>) async -> [GateReading] {
        for place in entries.indices where names.contains(entries[place].device.name) {
            let entry = entries[place]
            if entry.identity != nil, entry.problem == nil, !entry.isLeased { await look(place) }
        }
        return entries.map { entry in
            let unreachable = entry.problem?.what ?? (entry.identity == nil ? "it is not connected yet" : nil)
            let units = entry.settings.compactMap { setting in setting.unit.map { (setting.key, $0) } }
            return GateReading(
                device: entry.device.name, values: entry.values.compactMapValues(\.gateNumber),
                units: Dictionary(units, uniquingKeysWith: { first, _ in first }),
                unreachable: unreachable, complaints: entry.problem == nil ? entry.complaints : [])
        }
    }

    /// No block depends on the instruments any more.
    func endBlock() {
        departures = []
        for place in entries.indices { entries[place].frozen = nil }
    }

    private func compare(_ values: [String: InstrumentValue], at place: Int) {
        guard let frozen = entries[place].frozen else { return }
        let others = frozen.filter { values[$0.key] != $0.value }.sorted { $0.key < $1.key }
        if others.isEmpty { return entries[place].confirmed = wallClockISO8601() }
        let texts = others.map { "\($0.key) is \(values[$0.key]?.text ?? "unknown") instead of \($0.value.text)" }
        departed(place, texts.joined(separator: ", "))
    }

    private func departed(_ place: Int, _ why: String) {
        guard entries[place].frozen != nil else { return }
        entries[place].frozen = nil
        let name = entries[place].device.name
        let error = BellError(
            .instrumentUnsettled, "\(name) may have left the settings of the block: \(why).",
            at: entries[place].device.address.text,
            cause: "it was last seen as set at \(entries[place].confirmed)",
            state: "the trials since then count as they are; no further arm is begun in this block",
            fix: "the next block sets it anew by itself; if this comes again, look at its power and its cable")
        departures.append(error)
        telemetry("event", ["level": "warn", "message": .string(error.what), "device": .string(name)])
    }

    /// The process that serves a device has ended, as whoever watches it tells: calls that wait for it fail at once.
    ///
    /// - Returns: Whether the device is an instrument with a driver process; a board's link shows the end by itself.
    func processEnded(_ name: String, how: String) async -> Bool {
        guard let place = entries.firstIndex(where: { $0.device.name == name }),
            let instrument = entries[place].instrument as? any ProcessInstrument
        else { return false }
        await instrument.processEnded(how)
        entries[place].nudges += 1
        return true
    }

    // MARK: Setting

    /// Sets one value, as a person asked.
    func set(_ name: String, _ key: String, to text: String) async throws(BellError) -> JSON {
        let place = try place(of: name)
        entries[place].frozen = nil
        let value = try await apply(key, text, at: place)
        show(place)
        return ["device": .string(name), "key": .string(key), "value": value.json]
    }

    /// Brings an instrument into its safe state.
    func makeSafe(_ name: String) async throws(BellError) -> JSON {
        let place = try place(of: name)
        entries[place].frozen = nil
        try await entries[place].instrument.makeSafe()
        await look(place)
        return ["device": .string(name), "safe": true]
    }

    /// Sets every instrument as the laboratory file says, for a block that is about to begin.
    ///
    /// - Parameter laboratory: Read anew, so that a changed setting takes effect; addresses stay those of the start.
    /// - Returns: What the block's record says: identity and values as read back, by the device's name; nil without
    ///   instruments.
    /// - Throws: The first instrument that cannot be reached, set or read back, or that reports something wrong.
    func prepare(_ laboratory: Laboratory) async throws(BellError) -> (frozen: JSON, isSimulated: Bool)? {
        for device in laboratory.instruments where !device.settings.isEmpty && !has(device.name) {
            throw BellError(
                .deviceUnknown, "\(device.name) has come into lab.yaml since belld was started, and cannot be set.",
                at: "\(device.place) devices.\(device.name)", state: "no block was begun",
                fix: "restart belld (the campaign goes on), or take the device's settings out of lab.yaml again")
        }
        guard !entries.isEmpty else { return nil }
        endBlock()
        var frozen: [String: JSON] = [:]
        var isSimulated = false
        for place in entries.indices {
            let name = entries[place].device.name
            let wanted = laboratory.devices.first { $0.name == name }?.settings ?? []
            // An instrument without settings is only shown; nothing depends on it.
            if wanted.isEmpty { continue }
            let instrument = entries[place].instrument
            if entries[place].problem != nil || entries[place].identity == nil { await connect(place) }
            if let problem = entries[place].problem { throw problem }
            guard let identity = entries[place].identity else { continue }
            var values: [String: InstrumentValue] = [:]
            for setting in wanted {
                values[setting.key] = try await apply(setting.key, setting.value, at: place, from: setting.place)
            }
            entries[place].settingCount += 1
            entries[place].frozen = values
            entries[place].confirmed = wallClockISO8601()
            let complaints = try await instrument.problems()
            if let complaint = complaints.first {
                throw BellError(
                    .instrumentFault, "\(name) is not well: \(complaint).", at: entries[place].device.address.text,
                    cause: complaints.dropFirst().joined(separator: "; "), state: "no block was begun",
                    fix: "mend it; the campaign goes on by itself")
            }
            isSimulated = isSimulated || identity.isSimulated
            frozen[name] = ["identity": identity.json, "settings": .object(values.mapValues(\.json))]
            show(place)
        }
        return (.object(frozen), isSimulated)
    }

    private func apply(
        _ key: String, _ text: String, at place: Int, from source: SourcePlace? = nil
    ) async throws(BellError) -> InstrumentValue {
        let name = entries[place].device.name
        let settings = entries[place].settings
        guard entries[place].problem == nil, entries[place].identity != nil else {
            throw entries[place].problem
                ?? BellError(.instrumentNotConnected, "\(name) is not connected yet.", at: name)
        }
        do throws(BellError) {
            guard let setting = settings.first(where: { $0.key == key }) else {
                throw .unknownSetting(key, of: name, known: settings.map(\.key))
            }
            let value = try setting.value(parsing: text, of: name)
            let readBack = try await entries[place].instrument.set(key, to: value)
            entries[place].values[key] = readBack
            entries[place].settingCount += 1
            return readBack
        } catch {
            guard let source else { throw error }
            var error = error
            error.place = "\(source) devices.\(name).settings.\(key) = \(text)"
            throw error
        }
    }

    /// Gives an instrument up for a check that needs it for itself; ``endLease(_:)`` takes it back.
    func lease(_ name: String) async throws(BellError) -> any Instrument {
        let place = try place(of: name)
        entries[place].frozen = nil
        entries[place].isLeased = true
        while entries[place].isAsked { try? await Task.sleep(for: .milliseconds(5)) }
        return entries[place].instrument
    }

    /// Connects an instrument again after a check, which has closed it.
    func endLease(_ name: String) {
        guard let place = entries.firstIndex(where: { $0.device.name == name }) else { return }
        entries[place].isLeased = false
        entries[place].identity = nil
        entries[place].values = [:]
        entries[place].nudges += 1
        show(place)
    }

    /// Whether an instrument is called so.
    func has(_ name: String) -> Bool { entries.contains { $0.device.name == name } }

    private func place(of name: String) throws(BellError) -> Int {
        if let place = entries.firstIndex(where: { $0.device.name == name }) { return place }
        throw BellError(
            .deviceUnknown, "No instrument is called \"\(name.prefix(40))\".", at: "lab.yaml devices",
            fix: entries.isEmpty
                ? "lab.yaml names no instrument"
                : "instruments: \(entries.map(\.device.name).joined(separator: ", "))")
    }

    // MARK: Showing

    private func show(_ place: Int) { telemetry("device", json(of: entries[place])) }

    /// One instrument by name, as `device.list` answers.
    func json(named name: String) -> JSON? { entries.first { $0.device.name == name }.map(json(of:)) }

    /// One instrument with everything that can be set or read at it.
    func details(_ name: String) throws(BellError) -> JSON {
        let entry = entries[try place(of: name)]
        var object = json(of: entry).objectValue ?? [:]
        object["ranges"] = .array(
            entry.settings.map { setting in
                [
                    "key": .string(setting.key), "summary": .string(setting.summary),
                    "value": entry.values[setting.key]?.json ?? .null, "allowed": .string(setting.range),
                    "writable": .bool(setting.isWritable),
                ]
            })
        return .object(object)
    }

    private func json(of entry: Entry) -> JSON {
        var object: [String: JSON] = [
            "name": .string(entry.device.name), "driver": .string(entry.device.driver.rawValue),
            "at": .string(entry.device.address.text), "node": entry.device.node.map { .string($0.name) } ?? .null,
            "state": "connecting", "reason": .null,
        ]
        if let problem = entry.problem {
            object["state"] = .string(problem.deviceState)
            object["reason"] = .string(problem.what)
            object["error"] = problem.json
        } else if let identity = entry.identity {
            object["state"] = entry.complaints.isEmpty ? "connected" : "faulty"
            object["reason"] = entry.complaints.first.map { .string($0) } ?? .null
            object["identity"] = identity.json
            object["settings"] = .object(entry.values.mapValues(\.json))
            object["problems"] = .array((entry.complaints + entry.warnings).map { .string($0) })
        }
        return .object(object)
    }
}

extension InstrumentValue {
    /// What a gate compares; nil for a word.
    fileprivate var gateNumber: Double? {
        switch self {
        case .number(let number): number
        case .integer(let number): Double(number)
        case .toggle(let isOn): isOn ? 1 : 0
        case .choice: nil
        }
    }
}

extension BellError.Code {
    /// An instrument may have left the settings of the block under way.
    static let instrumentUnsettled = BellError.Code("instrument.unsettled", exit: .hardware)
}

extension BellError {
    /// What `device.list` calls the state of a device that cannot be reached for this reason.
    var deviceState: String {
        [.usbUnplugged, .usbNotFound].contains(code) ? "unplugged" : "disconnected"
    }
}
