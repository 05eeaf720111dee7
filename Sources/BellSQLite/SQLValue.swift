/// A value bound to a statement's parameter, or read from a row.
public enum SQLValue: Equatable, Sendable {
    case null
    case int(Int64)
    case double(Double)
    case text(String)
    case blob([UInt8])

    /// Any 64 bits, for example a boot's number; reads back with ``Row/bits(_:)``. Does not sort as a number.
    public static func bits(_ value: UInt64) -> SQLValue { .int(Int64(bitPattern: value)) }

    /// A count; SQLite's integers end at 2^63 − 1, where it is clamped.
    public static func count(_ value: UInt64) -> SQLValue { .int(Int64(clamping: value)) }

    /// What SQLite calls the kind of value.
    var kind: String {
        switch self {
        case .null: "NULL"
        case .int: "INTEGER"
        case .double: "REAL"
        case .text: "TEXT"
        case .blob: "BLOB"
        }
    }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByNilLiteral
{
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(nilLiteral: ()) { self = .null }
}
