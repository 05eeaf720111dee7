public import BellModel
public import BellZeroMQ
public import DriverKit

/// An instrument whose driver is a process of its own: performs what its ``InstrumentLinkMachine`` says.
///
/// belld connects a DEALER to the driver's ROUTER. After an error of the link the owner calls ``connect()`` again.
/// - SeeAlso: docs/instrument-protocol.md.
public actor ExternalInstrument: ProcessInstrument {
    /// Calls that may wait. More than any screen of settings; a caller that piles them up is told.
    private static let callLimit = 256

    public nonisolated let name: String
    private let reactor: Reactor
    private let endpoint: String
    private let serial: String?
    private let origin = ContinuousClock.now
    private var machine: InstrumentLinkMachine
    private var known: [InstrumentSetting] = []
    private var link: Link?
    private var alarm: Task<Void, Never>?
    private var lastToken: UInt64 = 0
    private var waiting: [UInt64: CheckedContinuation<Result<JSON, BellError>, Never>] = [:]
    private let turnstile = Turnstile()

    /// - Parameters:
    ///   - name: The device's name in the laboratory file.
    ///   - reactor: Owns the socket; must outlive the instrument.
    ///   - endpoint: `ipc://…` or `tcp://host:port`.
    ///   - serial: The serial number that the instrument must have; nil takes any.
    public init(
        name: String, reactor: Reactor, endpoint: String, serial: String? = nil, timeouts: InstrumentTimeouts = .init()
    ) {
        self.name = name
        self.reactor = reactor
        self.endpoint = endpoint
        self.serial = serial
        machine = InstrumentLinkMachine(name: name, timeouts: timeouts)
    }

    deinit { link?.close() }

    /// Messages of the driver that answered no waiting question, since the start; a sound driver keeps it near 0.
    public var surplusMessages: UInt64 { machine.surplusMessages }
    /// How many boots of the driver process were greeted; 2 and more: it was started anew.
    public var boots: Int { machine.boots }

    // MARK: Instrument

    /// Opens the link and greets the driver.
    ///
    /// - Throws: `instrument.timeout`, `instrument.wrong-version`, `instrument.protocol`, `instrument.wrong-device` when
    ///   the serial number is another one, what the driver refuses with, or what the reactor throws.
    public func connect() async throws(BellError) -> InstrumentIdentity {
        try await takeTurn()
        defer { turnstile.leave() }
        end(BellError(.instrumentNotConnected, "The instrument is being connected anew.", at: name))
        known = []
        link = try Link.open(reactor: reactor, endpoint: endpoint) { [weak self] link, frame in
            await self?.receive(frame, on: link)
        }
        let json = try await complete { .opened(token: $0, software: "belld \(Version.belld)") }
        do throws(BellError) {
            let hello = try InstrumentHello(json: json, of: name)
            if let serial, hello.identity.serial != serial {
                throw BellError(
                    .instrumentWrongDevice,
                    "The instrument behind the driver has the serial number \(hello.identity.serial), not \(shown(serial)).",
                    at: "\(name) (\(endpoint))", fix: "correct the address or the serial number in the laboratory file")
            }
            known = hello.settings
            return hello.identity
        } catch {
            end(error)
            throw error
        }
    }

    public func settings() -> [InstrumentSetting] { known }

    public func read(_ key: String) async throws(BellError) -> InstrumentValue {
        let setting = try setting(key)
        return try value(of: setting, in: try await call(.read(key: key)))
    }

    public func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        let setting = try setting(key)
        try setting.check(value, of: name)
        let got = try self.value(of: setting, in: try await call(.set(key: key, value: value)))
        guard setting.agrees(value, got) else {
            throw BellError(
                .instrumentReadBack, "\(name) reads back \(key) = \(got.text) after it was set to \(value.text).",
                at: "\(name) \(key)", state: "the setting is what was read back",
                fix: "check the instrument; `bellctl device check` tests each setting")
        }
        return got
    }

    public func problems() async throws(BellError) -> [String] {
        let json = try await call(.problems)
        guard let list = json["problems"]?.arrayValue, list.count <= InstrumentHello.limit else {
            throw .unreadable("problems is no list of at most \(InstrumentHello.limit) sentences", at: name)
        }
        var problems: [String] = []
        for item in list {
            guard let text = item.stringValue else { throw .unreadable("a problem is no text", at: name) }
            problems.append(shown(text))
        }
        return problems
    }

    public func makeSafe() async throws(BellError) { _ = try await call(.safe) }

    /// The time to the driver process and back.
    @discardableResult
    public func ping() async throws(BellError) -> Duration {
        let start = ContinuousClock.now
        _ = try await call(.ping)
        return start.duration(to: .now)
    }

    public func processEnded(_ how: String) {
        end(
            BellError(
                .instrumentProcessEnded, "The instrument's driver process ended \(shown(how, limit: 100)).", at: name,
                state:
                    "what was asked last may have been done or not; the settings are those that the instrument has now",
                fix: "see the process's log; its supervisor starts it again"))
    }

    public func close() {
        end(BellError(.instrumentNotConnected, "The connection was closed.", at: name))
        known = []
    }

    // MARK: Performing

    private func setting(_ key: String) throws(BellError) -> InstrumentSetting {
        if let setting = known.first(where: { $0.key == key }) { return setting }
        guard machine.isConnected else {
            throw BellError(.instrumentNotConnected, "The instrument's driver process is not connected.", at: name)
        }
        throw .unknownSetting(key, of: name, known: known.map(\.key))
    }

    private func value(of setting: InstrumentSetting, in json: JSON) throws(BellError) -> InstrumentValue {
        guard let value = json["value"].flatMap(setting.value(json:)) else {
            throw .unreadable("the value of \(setting.key) is missing or of another kind", at: name)
        }
        return value
    }

    private func call(_ request: InstrumentRequest) async throws(BellError) -> JSON {
        try await takeTurn()
        defer { turnstile.leave() }
        return try await complete { .request(request, token: $0) }
    }

    private func complete(_ input: (UInt64) -> InstrumentLinkMachine.Input) async throws(BellError) -> JSON {
        lastToken += 1
        let token = lastToken
        let input = input(token)
        let result = await withCheckedContinuation { continuation in
            waiting[token] = continuation
            perform(machine.handle(input, at: now))
        }
        return try result.get()
    }

    private func takeTurn() async throws(BellError) {
        guard await turnstile.enter(behind: ExternalInstrument.callLimit) else {
            throw BellError(
                .instrumentBusy, "\(ExternalInstrument.callLimit) calls wait for the instrument already.", at: name,
                fix: "wait; an instrument answers one call after the other")
        }
    }

    private var now: Duration { origin.duration(to: .now) }

    private func perform(_ actions: [InstrumentLinkMachine.Action]) {
        var failure: BellError?
        for action in actions {
            switch action {
            case .send(let bytes):
                do throws(BellError) { try link?.send(bytes) } catch { failure = error }
            case .complete(let token, let result): waiting.removeValue(forKey: token)?.resume(returning: result)
            case .disconnect:
                link?.close()
                link = nil
                failure = nil
            }
        }
        if let failure { return end(failure) }
        setAlarm()
    }

    private func setAlarm() {
        alarm?.cancel()
        guard let deadline = machine.deadline else { return alarm = nil }
        alarm = Task { [weak self, origin] in
            do { try await Task.sleep(until: origin + deadline, clock: .continuous) } catch { return }
            await self?.tick()
        }
    }

    private func tick() { perform(machine.handle(.tick, at: now)) }

    private func end(_ error: BellError) { perform(machine.handle(.close(error), at: now)) }

    private func receive(_ frame: [UInt8], on link: Link) {
        guard link === self.link else { return }
        perform(machine.handle(.message(frame), at: now))
    }
}
