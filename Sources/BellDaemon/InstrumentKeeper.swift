import BellCalibration
import BellHost
import BellModel
import BellSequence
import DriverKit

/// Holds the instruments beside the boards: keeps them connected, shows their state, and sets them between blocks.
actor InstrumentKeeper {
    var entries: [KeptInstrument]
    /// Why instruments may have left the settings of the block under way: one reason an instrument.
    var departures: [BellError] = []
    let telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
    /// How often a connected instrument is asked how it is.
    private let interval: Duration
    private var tasks: [Task<Void, Never>] = []

    init(
        instruments: [(device: Laboratory.Device, instrument: any Instrument)], interval: Duration = .seconds(5),
        telemetry: @escaping @Sendable (_ kind: String, _ data: JSON) -> Void
    ) {
        entries = instruments.map { KeptInstrument(device: $0.device, instrument: $0.instrument) }
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

    func connect(_ place: Int) async {
        let instrument = entries[place].instrument
        do throws(BellError) {
            let identity = try await instrument.connect()
            // Both at once: whoever comes while the instrument is asked must not find it without settings.
            let settings = await instrument.settings()
            entries[place].identity = identity
            entries[place].settings = settings
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
    func look(_ place: Int) async {
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

    func apply(
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

    func show(_ place: Int) { telemetry("device", entries[place].json) }

    /// One instrument by name, as `device.list` answers.
    func json(named name: String) -> JSON? { entries.first { $0.device.name == name }?.json }

    /// One instrument with everything that can be set or read at it.
    func details(_ name: String) throws(BellError) -> JSON { entries[try place(of: name)].details }
}
