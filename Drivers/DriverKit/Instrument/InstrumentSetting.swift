public import BellModel

/// One thing that can be set or read at an instrument.
public struct InstrumentSetting: Equatable, Sendable {
    /// What values it takes.
    public enum Kind: Equatable, Sendable {
        /// A number in the unit that ends the key, for example `frequency_hz`; both limits are allowed values.
        case number(ClosedRange<Double>)
        /// A whole number, for example the port of a switch.
        case integer(ClosedRange<Int>)
        /// `on` or `off`.
        case toggle
        /// One of these words.
        case choice([String])
    }

    /// Lower case with the unit at its end: `switch_a`, `attenuation_db`, `frequency_hz`, `power_dbm`, `output`.
    public var key: String
    /// One line for people.
    public var summary: String
    public var kind: Kind
    /// Whether it can be set; else it is only read, as `reference_locked`.
    public var isWritable: Bool
    /// How far a value that was read back may be from what was set; 0 for all but numbers.
    public var tolerance: Double
    /// Of a number, as people write it, for example `K`; nil where the driver does not say more than the key's end.
    public var unit: String?

    public init(
        key: String, summary: String, kind: Kind, isWritable: Bool = true, tolerance: Double = 0, unit: String? = nil
    ) {
        self.key = key
        self.summary = summary
        self.kind = kind
        self.isWritable = isWritable
        self.tolerance = tolerance
        self.unit = unit
    }
}

/// A value of a setting.
public enum InstrumentValue: Equatable, Sendable {
    case number(Double)
    case integer(Int)
    case toggle(Bool)
    case choice(String)

    public var json: JSON {
        switch self {
        case .number(let number): .double(number)
        case .integer(let number): .int(Int64(number))
        case .toggle(let isOn): .bool(isOn)
        case .choice(let word): .string(word)
        }
    }

    /// As people write it: `on`, `2`, `5.8e9`, `external`.
    public var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .integer(let number): "\(number)"
        case .toggle(let isOn): isOn ? "on" : "off"
        case .choice(let word): word
        }
    }
}
