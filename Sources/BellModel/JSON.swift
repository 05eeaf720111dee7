/// A JSON value; objects have no order, because every text we write has its keys sorted.
public enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A whole number; written without a point. Plans write integers past 2^53 as strings.
    case int(Int64)
    /// A finite number; NaN and infinities cannot be written and become `null`.
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

extension JSON {
    /// The member of an object, or nil.
    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The value as a whole number; a double counts when it is whole and exactly representable.
    public var intValue: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    public var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var objectValue: [String: JSON]? { if case .object(let value) = self { value } else { nil } }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
    public init(nilLiteral: ()) { self = .null }

    /// A count; past 2^53 it becomes a string, so that no reader rounds it (RFC 8785, appendix D).
    public init(count: UInt64) {
        self = count <= 1 << 53 ? .int(Int64(count)) : .string(String(count))
    }

    /// The value, or `null`.
    public init(_ value: Double?) { self = value.map(JSON.double) ?? .null }
    /// The value, or `null`.
    public init(_ value: String?) { self = value.map(JSON.string) ?? .null }
}

extension JSON {
    /// The count written by ``init(count:)``: a non-negative number or its decimal string.
    public var countValue: UInt64? {
        switch self {
        case .int(let value): UInt64(exactly: value)
        case .string(let value): UInt64(value)
        case .double(let value): UInt64(exactly: value)
        default: nil
        }
    }
}
