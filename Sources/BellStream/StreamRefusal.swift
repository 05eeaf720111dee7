public import BellModel

/// What one side tells the other that it could not accept; the payload of an ERROR frame.
public struct StreamRefusal: Equatable, Sendable {
    /// The number on the wire.
    public enum Reason: UInt16, CaseIterable, Sendable {
        case malformed = 1
        case version = 2
        case type = 3
        case session = 4
        case contradiction = 5
        case source = 6
        case other = 7

        /// The error code a reader of this number gets.
        public var code: BellError.Code {
            switch self {
            case .malformed: .streamMalformed
            case .version: .streamVersion
            case .type: .streamType
            case .session: .streamSession
            case .contradiction: .streamContradiction
            case .source: .streamSource
            case .other: .streamRemote
            }
        }
    }

    /// As sent; a number that this version does not define is kept.
    public var reason: UInt16
    /// For people; at most ``maxTextBytes`` bytes on the wire.
    public var text: String

    public static let maxTextBytes = 4096

    public init(reason: UInt16, text: String) {
        self.reason = reason
        self.text = text
    }

    public init(_ error: BellError) {
        let reason = Reason.allCases.first { $0.code == error.code } ?? .other
        self.init(reason: reason.rawValue, text: error.description)
    }

    /// The refusal as an error of this side.
    public func error(at place: String) -> BellError {
        BellError(
            (Reason(rawValue: reason) ?? .other).code, "The other side of the outcome stream refused a frame.",
            at: place, cause: text, fix: "read the logs of belld and bellcert")
    }
}
