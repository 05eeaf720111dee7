import BellModel
import DriverKit

/// An instrument in memory that keeps every promise of `Instrument`, but for one.
actor FakeInstrument: Instrument {
    /// The promise that is broken.
    enum Flaw: String, CaseIterable, Sendable {
        case none, noSerial, sameKeys, unreadable, outOfLimits, takesUnknownKeys, takesOtherKinds, takesPastLimits
        case setsReadOnly, sticks, returnsOther, wordlessProblem, forgetsAtConnect, answersWhenClosed, leavesOutputOn
        case safeDoesNothing, outputStaysOff
    }

    nonisolated let name = "fake"
    private let flaw: Flaw
    private var isConnected = false
    private var hasConnected = false
    private var values: [String: InstrumentValue] = [
        "frequency_hz": .number(5.8e9), "port": .integer(2), "output": .toggle(false), "reference": .choice("internal"),
        "locked": .toggle(true),
    ]
    /// Every set() that was not refused, and every makeSafe(), in order.
    private(set) var log: [String] = []

    init(_ flaw: Flaw = .none) { self.flaw = flaw }

    func settings() -> [InstrumentSetting] {
        guard isConnected else { return [] }
        var all = [
            InstrumentSetting(
                key: "frequency_hz", summary: "carrier", kind: .number(1e6...2e10), tolerance: 0.5),
            InstrumentSetting(key: "port", summary: "way of the switch", kind: .integer(1...4)),
            InstrumentSetting(key: "output", summary: "RF output", kind: .toggle),
            InstrumentSetting(key: "reference", summary: "10 MHz", kind: .choice(["internal", "external"])),
            InstrumentSetting(key: "locked", summary: "reference locked", kind: .toggle, isWritable: false),
        ]
        if flaw == .sameKeys { all.append(all[1]) }
        return all
    }

    func connect() throws(BellError) -> InstrumentIdentity {
        defer { hasConnected = true }
        isConnected = true
        if flaw == .forgetsAtConnect && hasConnected { values["port"] = .integer(1) }
        return InstrumentIdentity(
            vendor: "none", model: "memory", serial: flaw == .noSerial ? "" : "1", firmware: "1", isSimulated: true)
    }

    func read(_ key: String) throws(BellError) -> InstrumentValue {
        if !isConnected && flaw != .answersWhenClosed { throw BellError(.instrumentNotConnected, "not connected") }
        guard let value = values[key] else {
            if flaw == .takesUnknownKeys { return .integer(0) }
            throw .unknownSetting(key, of: name, known: values.keys.sorted())
        }
        if flaw == .unreadable && key == "reference" { throw BellError(.instrumentProtocol, "what?") }
        if flaw == .outOfLimits && key == "port" { return .integer(7) }
        return value
    }

    func set(_ key: String, to value: InstrumentValue) throws(BellError) -> InstrumentValue {
        guard let setting = settings().first(where: { $0.key == key }) else {
            throw .unknownSetting(key, of: name, known: values.keys.sorted())
        }
        let isPast = setting.isWritable && sameKind(value, setting.kind)
        if !(flaw == .takesOtherKinds && key == "port") && !(flaw == .takesPastLimits && isPast)
            && !(flaw == .setsReadOnly && !setting.isWritable)
        {
            try setting.check(value, of: name)
        }
        log.append("\(key)=\(value.text)")
        let isStuck = flaw == .sticks && key == "frequency_hz" || flaw == .outputStaysOff && key == "output"
        if !isStuck {
            if flaw != .takesOtherKinds || sameKind(value, setting.kind) { values[key] = value }
        }
        return flaw == .returnsOther && key == "port" ? .integer(3) : values[key] ?? value
    }

    private func sameKind(_ value: InstrumentValue, _ kind: InstrumentSetting.Kind) -> Bool {
        switch (value, kind) {
        case (.number, .number), (.integer, .integer), (.toggle, .toggle), (.choice, .choice): true
        default: false
        }
    }

    func problems() -> [String] { flaw == .wordlessProblem ? [""] : [] }

    func makeSafe() {
        log.append("safe")
        if flaw != .safeDoesNothing { values["output"] = .toggle(flaw == .leavesOutputOn) }
    }

    func close() { isConnected = false }

    var present: [String: InstrumentValue] { values }
}
