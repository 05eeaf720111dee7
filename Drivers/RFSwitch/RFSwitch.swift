public import BellModel
public import DriverKit

/// A Mini-Circuits switch box: settings `switch_a`, `switch_b`, … with the number of the port that is connected.
///
/// It routes between blocks (a relay takes tens of milliseconds, USB more than one), and is never the setting switch of a
/// trial. Every set is read back; what the box reports is its commanded state, not the relay's contacts.
/// Boxes with relays also have read-only settings `switch_a_count`, …: operations since belld first met the box.
public actor RFSwitch: Instrument {
    public nonisolated let name: String
    private let finder: MiniCircuitsFinder
    private let clock: any Clock<Duration>
    private let turnstile = Turnstile()
    private let store: any SwitchCountStore
    private var meter = SwitchMeter()
    private var box: MiniCircuitsBox?
    private var layout: SwitchLayout?
    /// Where each switch was last seen; nil when that is not known.
    private var ports: [Int?] = []
    /// What was last set, to notice when something else moves a switch.
    private var wanted: [Int?] = []
    /// Counts ``close()`` calls, so that a connection being made meanwhile is known to be unwanted.
    private var closings = 0

    /// - Parameters:
    ///   - name: The device's name in the laboratory file.
    ///   - serial: The serial number that the box itself says (and that is printed on it).
    ///   - counts: Keeps the operations of relays.
    ///   - table: The models; rows of the laboratory's own go before the known ones.
    ///   - timeout: For one transfer.
    ///   - clock: Waits for relays to settle.
    public init(
        name: String, vendor: UInt16 = 0x20CE, product: UInt16 = 0x0022, serial: String, bus: any USBBus,
        counts: any SwitchCountStore, table: MiniCircuitsTable = .known, timeout: Duration = .seconds(1),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.clock = clock
        finder = MiniCircuitsFinder(
            name: name, vendor: vendor, product: product, serial: serial, bus: bus, timeout: timeout, table: table,
            clock: clock)
        store = counts
    }

    deinit { box?.link.usb.close() }

    // MARK: Connection

    /// Finds the box by its serial number, and reads where its switches stand; sets nothing.
    ///
    /// - Throws: `usb.not-found`, `usb.ambiguous`, `instrument.wrong-device` for an unknown model or an attenuator,
    ///   `instrument.protocol`, or what the bus throws.
    public func connect() async throws(BellError) -> InstrumentIdentity {
        await turnstile.enter()
        defer { turnstile.leave() }
        box?.link.usb.close()
        box = nil
        let before = closings
        let opened = try await finder.open()
        do throws(BellError) {
            guard case .switches(let layout) = opened.model.kind else {
                var error = opened.model.notOfKind("switch box")
                error.place = opened.link.place
                throw error
            }
            await loadCounts(layout)
            self.layout = layout
            if ports.count != layout.count {
                ports = Array(repeating: nil, count: layout.count)
                wanted = ports
            }
            for index in 0..<layout.count { _ = try await port(index, opened, layout) }
            guard before == closings else {
                throw BellError(.usbClosed, "The driver was closed while it connected.", at: name)
            }
        } catch {
            opened.link.usb.close()
            throw error
        }
        // Without power, or to another program, the switches may have moved: no problem of this connection. Where a
        // switch that nobody sets here stands is nobody's wish.
        wanted = ports.map { _ in nil }
        box = opened
        return opened.identity
    }

    public func close() {
        closings += 1
        // Not in turn: a call under way ends with `usb.closed`.
        box?.link.usb.close()
        box = nil
    }

    /// The model that was found, with its source and how well its commands are confirmed; nil before ``connect()``.
    public var model: MiniCircuitsModel? { box?.model }

    // MARK: Settings

    public func settings() -> [InstrumentSetting] {
        guard let layout, box != nil else { return [] }
        return RFSwitch.settings(layout)
    }

    private static func settings(_ layout: SwitchLayout) -> [InstrumentSetting] {
        let switches = (0..<layout.count).map { index in
            InstrumentSetting(
                key: key(index),
                summary: "port of switch \(MiniCircuitsModel.letter(index)); without power "
                    + (layout.safePort == 0 ? "none (0)" : "\(layout.safePort)"),
                kind: .integer(layout.ports))
        }
        guard layout.isMechanical else { return switches }
        return switches
            + (0..<layout.count).map { index in
                InstrumentSetting(
                    key: key(index) + "_count",
                    summary: "operations of switch \(MiniCircuitsModel.letter(index)) since belld first met the box",
                    kind: .integer(0...SwitchMeter.limit), isWritable: false)
            }
    }

    private static func key(_ index: Int) -> String { "switch_" + MiniCircuitsModel.letter(index).lowercased() }

    /// The setting, and the switch that it is of.
    private func setting(_ key: String, _ layout: SwitchLayout) throws(BellError) -> (InstrumentSetting, Int) {
        let all = RFSwitch.settings(layout)
        guard let at = all.firstIndex(where: { $0.key == key }) else {
            throw .unknownSetting(key, of: name, known: all.map(\.key))
        }
        return (all[at], at % layout.count)
    }

    public func read(_ key: String) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (box, layout) = try connected()
        let (setting, index) = try setting(key, layout)
        guard setting.isWritable else { return .integer(meter.operations(index)) }
        return .integer(try await port(index, box, layout))
    }

    /// Connects a port, waits until the relay has settled, and reads back.
    ///
    /// A relay that is there already is not operated, and not counted. After a failed set the switches are read again
    /// before anything else, so that trying again is safe.
    public func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (box, layout) = try connected()
        let (setting, index) = try setting(key, layout)
        try setting.check(value, of: name)
        guard case .integer(let port) = value else { throw BellError(.instrumentRange, "No port.", at: name) }
        return .integer(try await move(index, to: port, box, layout))
    }

    // MARK: State

    /// What is wrong: switches that something else has moved since they were set.
    ///
    /// A missing 24 V supply cannot be seen over USB: no public source says how the box reports it.
    public func problems() async throws(BellError) -> [String] {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (box, layout) = try connected()
        var problems: [String] = []
        for index in 0..<layout.count {
            let port = try await port(index, box, layout)
            guard let last = wanted[index], last != port else { continue }
            problems.append(
                "switch \(MiniCircuitsModel.letter(index)) stands at port \(port), but \(last) was set last: something else "
                    + "moved it, or the box lost power")
        }
        return problems
    }

    /// Worn relays, and counts that cannot be kept: nothing that keeps a switch from its work.
    public func warnings() async -> [String] { layout.map { meter.problems($0) } ?? [] }

    /// Moves every switch to its port without power: 1 of a mechanical SPDT, none (0) of an SP6T or SP4T with relays. Solid
    /// state has no such port and goes to port 1.
    ///
    /// Goes on after a failure, so that one stuck relay does not keep the others from moving.
    /// - Throws: The failures, joined.
    public func makeSafe() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (box, layout) = try connected()
        var errors: [BellError] = []
        for index in 0..<layout.count {
            do throws(BellError) {
                _ = try await move(index, to: layout.safePort, box, layout)
            } catch {
                errors.append(error)
                if error.code == .usbUnplugged || error.code == .usbCancelled { break }
            }
        }
        if let error = BellError.all(errors) { throw error }
    }

    private func connected() throws(BellError) -> (MiniCircuitsBox, SwitchLayout) {
        guard let box, let layout else {
            throw BellError(
                .instrumentNotConnected, "The switch box is not connected.", at: name, fix: "connect to it first")
        }
        return (box, layout)
    }

    /// Asks where a switch stands. Where it was not last seen, something else has moved it: one operation more.
    private func port(_ index: Int, _ box: MiniCircuitsBox, _ layout: SwitchLayout) async throws(BellError) -> Int {
        let model = box.model
        let port = try await box.ask(try model.request(askingSwitch: index)) { (reply) throws(BellError) -> Int in
            try model.port(ofSwitch: index, in: reply, of: layout)
        }
        if let last = ports[index], last != port { await count(index, layout) }
        ports[index] = port
        return port
    }

    private func move(
        _ index: Int, to wanted: Int, _ box: MiniCircuitsBox, _ layout: SwitchLayout
    ) async throws(BellError) -> Int {
        if box.link.isUncertain {
            for index in 0..<layout.count { _ = try await port(index, box, layout) }
        }
        if layout.isMechanical {
            if try await port(index, box, layout) == wanted {
                self.wanted[index] = wanted
                return wanted
            }
            // Counted before it is sent: what cannot be confirmed has probably moved the relay.
            await count(index, layout)
        }
        ports[index] = nil
        self.wanted[index] = nil
        let model = box.model
        do throws(BellError) {
            try await box.order(try model.request(port: wanted, ofSwitch: index)) { (reply) throws(BellError) in
                try model.check(setReply: reply, port: wanted)
            }
            if layout.settling > .zero { try await clock.pause(layout.settling) }
            let got = try await port(index, box, layout)
            guard got == wanted else { throw notMoved(index, wanted, got, box, layout) }
        } catch {
            var error = error
            error.state =
                error.state
                ?? "switch \(MiniCircuitsModel.letter(index)) may have moved; it is read again before the next command"
            throw error
        }
        self.wanted[index] = wanted
        return wanted
    }

    // MARK: Counts

    private func loadCounts(_ layout: SwitchLayout) async {
        guard layout.isMechanical, meter.isEmpty else { return }
        do throws(BellError) {
            meter.begin(.success(try await store.load(serial: finder.serial)), switches: layout.count)
        } catch {
            meter.begin(.failure(error), switches: layout.count)
        }
    }

    private func count(_ index: Int, _ layout: SwitchLayout) async {
        guard layout.isMechanical else { return }
        meter.count(index)
        guard let counts = meter.toSave else { return }
        do throws(BellError) {
            try await store.save(counts, serial: finder.serial)
            meter.saveError = nil
        } catch {
            meter.saveError = error
        }
    }

    private func notMoved(
        _ index: Int, _ wanted: Int, _ got: Int, _ box: MiniCircuitsBox, _ layout: SwitchLayout
    ) -> BellError {
        BellError(
            .instrumentReadBack,
            "Switch \(MiniCircuitsModel.letter(index)) was set to port \(wanted), and the box reports port \(got).",
            at: box.link.place, cause: "commands of \(box.model.name): \(box.model.confirmation.rawValue)",
            state: "switch \(MiniCircuitsModel.letter(index)) is at port \(got) by the box's own report",
            fix: layout.isMechanical
                ? "check the 24 V supply of the box and listen for the relay; a stuck relay must be replaced"
                : "set it again; if it stays so, compare the model's row in the table of models with the vendor's manual"
        )
    }
}
