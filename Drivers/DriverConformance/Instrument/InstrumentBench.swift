import BellModel
import DriverKit

/// What the checks of an instrument work with.
struct InstrumentBench: Sendable {
    let instrument: any Instrument
    let options: InstrumentConformanceOptions
    var identity: InstrumentIdentity?
    var settings: [InstrumentSetting] = []
    /// What the readable settings were at the beginning.
    var before: [String: InstrumentValue] = [:]

    /// Whether a value may be set: never an output that was off, unless that is allowed.
    func isHarmless(_ value: InstrumentValue, for setting: InstrumentSetting) -> Bool {
        guard setting.isOutput, !options.allowOutput else { return true }
        return value == before[setting.key] || InstrumentSetting.off.contains(value)
    }

    /// Outputs that can be switched, each with the value that switches it on.
    var outputs: [(setting: InstrumentSetting, on: InstrumentValue)] {
        writable.compactMap { setting in setting.switchedOn.map { (setting, $0) } }
    }

    /// Settings that can be set and were read at the beginning, so that they can be set back.
    var writable: [InstrumentSetting] { settings.filter { $0.isWritable && before[$0.key] != nil } }
}

/// One rule of the `Instrument` protocol and how it is tried.
struct InstrumentCheck: Sendable {
    typealias Run = @Sendable (inout InstrumentBench) async throws(BellError) -> CheckOutcome

    let id: String
    let title: String
    /// What the driver has to do.
    let rule: String
    let needsConnection: Bool
    let run: Run

    init(_ id: String, _ title: String, rule: String, needsConnection: Bool = true, run: @escaping Run) {
        self.id = id
        self.title = title
        self.rule = rule
        self.needsConnection = needsConnection
        self.run = run
    }
}

extension InstrumentSetting {
    /// What an output reads that is off.
    static let off: [InstrumentValue] = [.toggle(false), .choice("off")]

    /// Whether something comes out of the instrument because of it.
    var isOutput: Bool { key == "output" || key.hasSuffix("_output") || key.hasPrefix("output_") }

    /// Whether it has an off.
    var hasOff: Bool {
        switch kind {
        case .toggle: true
        case .choice(let words): words.contains("off")
        case .number, .integer: false
        }
    }

    /// The value that switches an output on; nil for what is no output, or none with an on and an off.
    var switchedOn: InstrumentValue? {
        guard isOutput, hasOff else { return nil }
        return switch kind {
        case .toggle: .toggle(true)
        case .choice(let words) where words.contains("on"): .choice("on")
        case .choice, .number, .integer: nil
        }
    }

    /// Values to try: both limits and one between them, or every word.
    var probes: [InstrumentValue] {
        switch kind {
        case .number(let range):
            [range.lowerBound, range.lowerBound / 2 + range.upperBound / 2, range.upperBound].map { .number($0) }
        case .integer(let range):
            [range.lowerBound, range.lowerBound + (range.upperBound - range.lowerBound) / 2, range.upperBound].map {
                .integer($0)
            }
        case .toggle: [.toggle(false), .toggle(true)]
        case .choice(let words): words.map { .choice($0) }
        }
    }

    /// Values that must be refused because they are past the limits.
    var pastLimits: [InstrumentValue] {
        switch kind {
        case .number(let range): [.number(range.lowerBound.nextDown), .number(range.upperBound.nextUp), .number(.nan)]
        case .integer(let range):
            (range.lowerBound > .min ? [.integer(range.lowerBound - 1)] : [])
                + (range.upperBound < .max ? [.integer(range.upperBound + 1)] : [])
        case .toggle: []
        case .choice(let words): [.choice(words.joined() + "?")]
        }
    }

    /// Values that must be refused because they are of another kind. A driver that sends them all the same sends a word
    /// that no instrument knows.
    var ofAnotherKind: [InstrumentValue] {
        if case .choice = kind { [.toggle(false)] } else { [.choice("no such value")] }
    }
}
