/// A number that a reader asked for: what the key is and which values are allowed.
public struct AskedNumber: Equatable, Sendable {
    /// All keys that lead to it, for example `nodes.alice.t1_us`.
    public var path: String
    public var range: ClosedRange<Double>
    /// What the text says; nil when the key is missing, or when its value is wrong.
    public var value: Double?
}

extension AskedNumber {
    /// The limits as a closed range; an open end becomes the next number inside it.
    static func closed(_ range: some RangeExpression<Double>) -> ClosedRange<Double>? {
        let most = Double.greatestFiniteMagnitude
        return switch range {
        case let range as ClosedRange<Double>: range
        case let range as Range<Double> where !range.isEmpty: range.lowerBound...range.upperBound.nextDown
        case let range as PartialRangeFrom<Double> where range.lowerBound <= most: range.lowerBound...most
        case let range as PartialRangeThrough<Double> where range.upperBound >= -most: -most...range.upperBound
        case let range as PartialRangeUpTo<Double> where range.upperBound > -most: -most...range.upperBound.nextDown
        default: nil
        }
    }
}
