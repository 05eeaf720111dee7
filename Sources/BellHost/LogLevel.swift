/// How much a log line matters.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, warn, error

    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }
    private var rank: Int { LogLevel.allCases.firstIndex(of: self) ?? 0 }
}
