public import BellModel
public import DriverKit

/// A microwave source that understands SCPI: frequency, power, output and reference.
///
/// Which words it takes comes from a table by its `*IDN?` (``MicrowaveDialect``); one that is not in it is spoken to as
/// SCPI-1999 has it. Nothing is assumed to be set: every value is read back, and the error queue is emptied.
public actor MicrowaveSource: Instrument {
    public nonisolated let name: String
    private let session: SCPISession
    /// For questions that an instrument perhaps does not know, and then does not answer.
    private let probing: Duration
    /// A value is set and read back before the next one is touched.
    private let turnstile = Turnstile()
    private var dialect: MicrowaveDialect?
    /// Errors that came up while the output was switched off, and that nobody has seen yet.
    private var unseen: [String] = []
    private var known: [InstrumentSetting] = []

    /// - Parameter timeout: For each answer.
    public init(
        name: String, link: any SCPILink, timeout: Duration = .seconds(2), probing: Duration = .milliseconds(500)
    ) {
        self.name = name
        self.probing = probing
        session = SCPISession(name: name, link: link, timeout: timeout)
    }

    // MARK: Connection

    public func connect() async throws(BellError) -> InstrumentIdentity {
        await turnstile.enter()
        defer { turnstile.leave() }
        dialect = nil
        known = []
        let identity = try await session.open()
        var dialect = MicrowaveDialect.of(identity)
        if dialect == .plain { try await checkKind(identity, dialect) }
        if !dialect.isSure {
            if let lock = dialect.lock, try await !isAnswered(lock.question) { dialect.lock = nil }
            if let register = dialect.questionable, try await !isAnswered(register) { dialect.questionable = nil }
        }
        known = try await settings(of: dialect)
        self.dialect = dialect
        return InstrumentIdentity(
            vendor: identity.manufacturer, model: identity.model, serial: identity.serial,
            firmware: identity.firmware, isSimulated: identity.manufacturer == "belld simulated")
    }

    public func close() async {
        dialect = nil
        known = []
        await session.close()
    }

    /// An instrument that is not in the table must answer what every source answers.
    private func checkKind(_ identity: SCPIIdentity, _ dialect: MicrowaveDialect) async throws(BellError) {
        for question in [dialect.frequency, dialect.power, dialect.output] {
            let answer = try await session.probe(question + "?", within: probing)
            guard let answer, isNumber(answer) else {
                throw BellError(
                    .instrumentWrongDevice, "\(name) is no microwave source.", at: name,
                    cause: "\(identity.manufacturer) \(identity.model) (serial \(identity.serial)) "
                        + (answer.map { "answers \(question)? with \"\($0.prefix(40))\"" }
                            ?? "does not answer \(question)?"),
                    fix: "check the address; an instrument with another language needs a driver of its own")
            }
        }
    }

    private func isAnswered(_ question: String) async throws(BellError) -> Bool {
        try await session.probe(question, within: probing).map { isNumber($0) } ?? false
    }

    private func isNumber(_ text: String) -> Bool {
        do throws(BellError) {
            _ = try SCPIText.number(text)
            return true
        } catch {
            return ["ON", "OFF"].contains(text.uppercased())
        }
    }

    private func settings(of dialect: MicrowaveDialect) async throws(BellError) -> [InstrumentSetting] {
        var settings = [
            InstrumentSetting(
                key: Key.frequency, summary: "Frequency of the output, Hz.",
                kind: .number(try await range(dialect.frequency, else: dialect.frequencies)),
                tolerance: dialect.frequencyTolerance),
            InstrumentSetting(
                key: Key.power, summary: "Power at the output, dBm.",
                kind: .number(try await range(dialect.power, else: dialect.powers)),
                tolerance: dialect.powerTolerance),
            InstrumentSetting(key: Key.output, summary: "Whether the output is on.", kind: .toggle),
        ]
        if try await session.probe(dialect.reference + "?", within: probing) != nil {
            settings.append(
                InstrumentSetting(
                    key: Key.reference, summary: "Which clock the frequency follows.",
                    kind: .choice(["internal", "external"]), isWritable: dialect.setsReference))
        }
        if dialect.lock != nil {
            settings.append(
                InstrumentSetting(
                    key: Key.locked, summary: "Whether the frequency follows its reference.", kind: .toggle,
                    isWritable: false))
        }
        return settings
    }

    /// The instrument's own limits, or the table's when it gives none.
    private func range(_ word: String, else fallback: ClosedRange<Double>) async throws(BellError) -> ClosedRange<
        Double
    > {
        var limits: [Double] = []
        for end in ["MIN", "MAX"] {
            guard let answer = try await session.probe("\(word)? \(end)", within: probing) else { return fallback }
            guard let limit = Double(answer), limit.isFinite, abs(limit) < SCPIText.infinity else { return fallback }
            limits.append(limit)
        }
        return limits[0] <= limits[1] ? limits[0]...limits[1] : fallback
    }

    // MARK: Values

    public func settings() async -> [InstrumentSetting] { known }

    public func read(_ key: String) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (_, dialect) = try setting(key)
        return try await value(of: key, dialect)
    }

    public func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        await turnstile.enter()
        defer { turnstile.leave() }
        let (setting, dialect) = try setting(key)
        try setting.check(value, of: name)
        let order: String
        switch value {
        case .number(let number):
            order = "\(key == Key.power ? dialect.power : dialect.frequency) \(SCPIText.text(number))"
        case .toggle(let isOn): order = "\(dialect.output) \(isOn ? "ON" : "OFF")"
        case .choice(let word): order = "\(dialect.reference) \(word == "external" ? "EXT" : "INT")"
        case .integer: throw BellError.unknownSetting(key, of: name, known: known.map(\.key))
        }
        try await session.configure([order])
        let got = try await self.value(of: key, dialect)
        guard setting.agrees(value, got) else {
            throw BellError(
                .instrumentReadBack, "\(name) reports \(key) \(got.text) after it was set to \(value.text).",
                at: "\(name) \(key)", state: "the instrument is at \(got.text)",
                fix: "set a value that it can take, or look at its front panel")
        }
        return got
    }

    private func value(of key: String, _ dialect: MicrowaveDialect) async throws(BellError) -> InstrumentValue {
        switch key {
        case Key.frequency: return .number(try await finite(dialect.frequency + "?"))
        case Key.power: return .number(try await finite(dialect.power + "?"))
        case Key.output: return .toggle(try await session.boolean(dialect.output + "?"))
        case Key.reference:
            let word = try await session.query(dialect.reference + "?").uppercased()
            if word.hasPrefix("INT") { return .choice("internal") }
            if word.hasPrefix("EXT") { return .choice("external") }
            throw BellError(
                .instrumentProtocol, "\(name) names a reference that is neither internal nor external.",
                at: "\(name) \(key)", cause: "\"\(SCPIText.printable(word.utf8.prefix(40)))\"")
        default: return .toggle(try await isLocked(dialect))
        }
    }

    /// A number that is one: not 9.91E37, nor infinite.
    private func finite(_ question: String) async throws(BellError) -> Double {
        let number = try await session.number(question)
        guard number.isFinite else {
            throw BellError(.instrumentProtocol, "\(name) has no value for \(question): \(number).", at: name)
        }
        return number
    }

    private func isLocked(_ dialect: MicrowaveDialect) async throws(BellError) -> Bool {
        switch dialect.lock {
        case .flag(let question): return try await session.boolean(question)
        case .bits(let question, let mask): return try await register(question) & mask == 0
        case nil: return true
        }
    }

    private func register(_ question: String) async throws(BellError) -> UInt32 {
        let value = try await session.number(question)
        guard let bits = UInt32(exactly: value) else {
            throw BellError(
                .instrumentProtocol, "\(name) answers \(question) with \(value), which is no register.", at: name)
        }
        return bits
    }

    // MARK: State

    public func problems() async throws(BellError) -> [String] {
        await turnstile.enter()
        defer { turnstile.leave() }
        let dialect = try connected()
        var problems = unseen
        unseen = []
        if dialect.lock != nil, try await !isLocked(dialect) { problems.append("reference not locked") }
        if try await session.events().contains(.powerOn) {
            problems.append("it was switched on since it was connected: its settings are those of a fresh start")
        }
        if let question = dialect.questionable {
            let bits = try await register(question)
            if bits != 0 { problems.append("questionable status \(MicrowaveSource.names(of: bits))") }
        }
        for error in try await session.errors() { problems.append("error \(error.line)") }
        return problems
    }

    public func makeSafe() async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        let dialect = try connected()
        do throws(BellError) {
            try await session.configure(["\(dialect.output) OFF"])
        } catch {
            // Whatever the error queue held, also from before: what counts now is whether the output is off.
            guard error.code == .instrumentFault else { throw error }
            unseen = (unseen + ["error \(error.cause ?? error.what)"]).suffix(8)
        }
        guard try await !session.boolean(dialect.output + "?") else {
            throw BellError(
                .instrumentReadBack, "The output of \(name) is still on after it was switched off.", at: name,
                state: "the output is on", fix: "switch it off at the instrument")
        }
    }

    /// The questionable status register's bits that SCPI-1999 names (volume 1, section 9.4).
    private static func names(of bits: UInt32) -> String {
        let names = [
            "voltage", "current", "time", "power", "temperature", "frequency", "phase", "modulation", "calibration",
        ]
        let set = (0..<16).filter { bits >> $0 & 1 == 1 }.map { $0 < names.count ? names[$0] : "bit \($0)" }
        return "\(bits) (\(set.joined(separator: ", ")))"
    }

    // MARK: Checks

    private func connected() throws(BellError) -> MicrowaveDialect {
        guard let dialect else {
            throw BellError(.instrumentNotConnected, "\(name) is not connected.", at: name, fix: "connect it first")
        }
        return dialect
    }

    private func setting(_ key: String) throws(BellError) -> (InstrumentSetting, MicrowaveDialect) {
        let dialect = try connected()
        guard let setting = known.first(where: { $0.key == key }) else {
            throw BellError.unknownSetting(key, of: name, known: known.map(\.key))
        }
        return (setting, dialect)
    }

    private enum Key {
        static let frequency = "frequency_hz"
        static let power = "power_dbm"
        static let output = "output"
        static let reference = "reference"
        static let locked = "reference_locked"
    }
}

extension MicrowaveDialect.Lock {
    var question: String {
        switch self {
        case .flag(let question), .bits(let question, _): question
        }
    }
}
