public import BellModel

/// A pulse's reference to an earlier one: its address and its output value.
public struct PulseLink: Hashable, Sendable {
    /// Which earlier pulse: the one before, and the first of the UTC hour, day, month and year that *the one before* is in.
    ///
    /// So every pulse but the first has all five, and from any pulse any earlier one is reached over few others.
    public enum Kind: String, CaseIterable, Sendable {
        case previous, hour, day, month, year

        /// The beginning of the span that a time is in; the time itself for `previous`.
        public func start(of time: UTCTime) -> UTCTime {
            func cut(_ span: Int64) -> UTCTime {
                let rest = time.milliseconds % span
                return UTCTime(milliseconds: time.milliseconds - (rest < 0 ? rest + span : rest))
            }
            switch self {
            case .previous: return time
            case .hour: return cut(3_600_000)
            case .day: return cut(86_400_000)
            case .month: return UTCTime(time.description.prefix(7) + "-01T00:00:00Z") ?? time
            case .year: return UTCTime(time.description.prefix(4) + "-01-01T00:00:00Z") ?? time
            }
        }
    }

    public var kind: Kind
    /// Nil in a chain's first pulse, which has nothing to refer to; its value is then zero.
    public var uri: String?
    public var value: Value512

    public init(kind: Kind, uri: String?, value: Value512) {
        self.kind = kind
        self.uri = uri
        self.value = value
    }

    /// A link to a pulse.
    public init(_ kind: Kind, to pulse: Pulse) {
        self.init(kind: kind, uri: pulse.uri, value: pulse.outputValue)
    }

    /// What a chain's first pulse has.
    public static let none = Kind.allCases.map { PulseLink(kind: $0, uri: nil, value: .zero) }
}

/// Which five earlier pulses the next pulse must refer to; follows a chain pulse by pulse.
///
/// Begun inside a chain it does not know what lies before: there a link must be the one of the pulse before, or that pulse
/// itself, until a new hour, day, month or year begins.
public struct PulseLinks: Equatable, Sendable {
    private var allowed: [PulseLink.Kind: [PulseLink]]
    /// When the pulse that is linked to was given out; nil for one that was not seen.
    private var times: [PulseLink.Kind: UTCTime] = [:]
    /// The time of the last pulse that was taken.
    private var last: UTCTime?
    private let isWhole: Bool

    /// Before a chain's first pulse.
    public init() {
        allowed = Dictionary(uniqueKeysWithValues: PulseLink.none.map { ($0.kind, [$0]) })
        isWhole = true
    }

    /// Inside a chain, after a pulse.
    public init(inside pulse: Pulse) {
        allowed = [:]
        isWhole = false
        for link in pulse.listValues { allowed[link.kind] = [link, PulseLink(link.kind, to: pulse)] }
        allowed[.previous] = [PulseLink(.previous, to: pulse)]
        last = pulse.timeStamp
    }

    /// Whether the next pulse may have this link.
    public func allows(_ link: PulseLink) -> Bool { allowed[link.kind]?.contains(link) ?? false }

    /// Takes the pulse that follows.
    public mutating func append(_ pulse: Pulse) {
        defer { last = pulse.timeStamp }
        for link in pulse.listValues {
            let here = PulseLink(link.kind, to: pulse)
            let span = link.kind.start(of: pulse.timeStamp)
            if link.kind == .previous {
                allowed[.previous] = [here]
            } else if let time = times[link.kind] ?? last, link.kind.start(of: time) == span {
                // The pulse itself has settled which of two it was.
                if times[link.kind] == nil && !isWhole { allowed[link.kind] = [link] }
            } else {
                allowed[link.kind] = [here]
                times[link.kind] = pulse.timeStamp
            }
        }
    }
}
