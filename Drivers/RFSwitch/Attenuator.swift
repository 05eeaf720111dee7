public import BellModel
public import DriverKit

/// A Mini-Circuits programmable attenuator: the setting `attenuation_db`, in the steps of its model.
///
/// Values between two steps are refused and not rounded, so that what was asked for is what is there.
public actor Attenuator: Instrument {
    private static let key = "attenuation_db"

    public nonisolated let name: String
    private let finder: MiniCircuitsFinder
    private let turnstile = Turnstile()
    private var box: MiniCircuitsBox?
    /// Of the model found, in dB.
    private var grid: (maximum: Double, step: Double) = (0, 1)
    private var wanted: Double?
    /// Counts ``close()`` calls, so that a connection being made meanwhile is known to be unwanted.
    private var closings = 0

    /// - Parameters:
    ///   - name: The device's name in the laboratory file.
    ///   - serial: The serial number that the attenuator itself says (and that is printed on it).
    ///   - table: The models; rows of the laboratory's own go before the known ones.
    ///   - timeout: For one transfer.
    ///   - clock: Waits while another search has the attenuator open.
    public init(
        name: String, vendor: UInt16 = 0x20CE, product: UInt16 = 0x0023, serial: String, bus: any USBBus,
        table: MiniCircuitsTable = .known, timeout: Duration = .seconds(1),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        finder = MiniCircuitsFinder(
            name: name, vendor: vendor, product: product, serial: serial, bus: bus, timeout: timeout, table: table,
            clock: clock)
    }

    deinit { box?.link.usb.close() }

    /// Finds the attenuator by its serial number, and reads its attenuation; sets nothing.
    ///
    /// - Throws: `usb.not-found`, `usb.ambiguous`, `instrument.wrong-device` for an unknown model or a switch box,
    ///   `instrument.protocol`, or what the bus throws.
    public func connect() async throws(BellError) -> InstrumentIdentity {
        await turnstile.enter()
        defer { turnstile.leave() }
        box?.link.usb.close()
        box = nil
        let before = closings
        let opened = try await finder.open()
        do throws(BellError) {
            guard case .attenuator(let maximum, let step) = opened.model.kind else {
                var error = opened.model.notOfKind("attenuator")
                error.place = opened.link.place
                throw error
            }
            grid = (maximum, step)
            wanted = try await attenuation(opened)
            guard before == closings else {
                throw BellError(.usbClosed, "The driver was closed while it connected.", at: name)
            }
        } catch {
            opened.link.usb.close()
            throw error
        }
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

    public func settings() -> [InstrumentSetting] { box == nil ? [] : [setting] }

    private var setting: InstrumentSetting {
        InstrumentSetting(
            key: Attenuator.key, summary: "attenuation in dB, in steps of \(grid.step)",
            kind: .number(0...grid.maximum))
    }

    public func read(_ key: String) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let box = try connected(key)
        return .number(try await attenuation(box))
    }

    /// Sets the attenuation and reads it back.
    ///
    /// - Throws: As the protocol says; `instrument.range` also for a value between two steps, with both in the fix.
    public func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let box = try connected(key)
        try setting.check(value, of: name)
        guard case .number(let decibels) = value else { throw BellError(.instrumentRange, "No number.", at: name) }
        try checkGrid(decibels)
        return .number(try await change(to: decibels, box))
    }

    /// Whether something else has changed the attenuation.
    public func problems() async throws(BellError) -> [String] {
        await turnstile.enter()
        defer { turnstile.leave() }
        let got = try await attenuation(try connected(Attenuator.key))
        guard let wanted, wanted != got else { return [] }
        return ["the attenuation is \(got) dB, but \(wanted) dB was set last: something else set it, or it lost power"]
    }

    /// Sets the greatest attenuation.
    public func makeSafe() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        _ = try await change(to: grid.maximum, try connected(Attenuator.key))
    }

    private func connected(_ key: String) throws(BellError) -> MiniCircuitsBox {
        guard let box else {
            throw BellError(
                .instrumentNotConnected, "The attenuator is not connected.", at: name, fix: "connect to it first")
        }
        guard key == Attenuator.key else { throw .unknownSetting(key, of: name, known: [Attenuator.key]) }
        return box
    }

    private func checkGrid(_ decibels: Double) throws(BellError) {
        let below = (decibels / grid.step).rounded(.down) * grid.step
        if below == decibels { return }
        throw BellError(
            .instrumentRange, "\(name) cannot set \(Attenuator.key) to \(decibels).", at: "\(name) \(Attenuator.key)",
            cause: "its steps are \(grid.step) dB", state: "nothing was sent to the instrument",
            fix: "the nearest values are \(below) and \(min(below + grid.step, grid.maximum))")
    }

    private func attenuation(_ box: MiniCircuitsBox) async throws(BellError) -> Double {
        let (model, maximum) = (box.model, grid.maximum)
        return try await box.ask(try model.attenuationRequest()) { (reply) throws(BellError) -> Double in
            try model.attenuation(in: reply, maximum: maximum)
        }
    }

    private func change(to decibels: Double, _ box: MiniCircuitsBox) async throws(BellError) -> Double {
        // What a failed command did is learnt before anything is set again.
        if box.link.isUncertain { _ = try await attenuation(box) }
        let model = box.model
        wanted = nil
        do throws(BellError) {
            try await box.order(try model.request(attenuation: decibels)) { (reply) throws(BellError) in
                try model.checkAttenuation(setReply: reply)
            }
            let got = try await attenuation(box)
            guard got == decibels else {
                throw BellError(
                    .instrumentReadBack, "\(decibels) dB was set, and the attenuator reports \(got) dB.",
                    at: box.link.place, cause: "commands of \(model.name): \(model.confirmation.rawValue)",
                    state: "the attenuation is \(got) dB by the attenuator's own report",
                    fix:
                        "set it again; if it stays so, compare the model's row in the table of models with the vendor's "
                        + "programming manual")
            }
        } catch {
            var error = error
            error.state =
                error.state ?? "the attenuation may have changed; it is read again before the next command"
            throw error
        }
        wanted = decibels
        return decibels
    }
}
