public import BellModel

/// Writes log lines: time, level, a constant message, and what varies as `key=value`.
///
/// ```
/// 2026-11-21T11:15:24.751Z info  board connected node=alice at="mock://lab/alice"
/// ```
/// Nothing that depends on outcomes belongs into a log: it may be secret.
public struct Logger: Sendable {
    private let file: LogFile
    /// Lines below it are not written.
    public let level: LogLevel
    /// Stands at the beginning of every line's metadata, for example the program's name.
    private let context: String

    public init(to file: LogFile = .standardError, level: LogLevel = .info) {
        self.file = file
        self.level = level
        context = ""
    }

    private init(file: LogFile, level: LogLevel, context: String) {
        self.file = file
        self.level = level
        self.context = context
    }

    /// A logger whose lines carry more metadata.
    public func with(_ metadata: KeyValuePairs<String, any CustomStringConvertible>) -> Logger {
        Logger(file: file, level: level, context: context + Self.text(metadata))
    }

    public func debug(_ message: StaticString, _ metadata: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        log(.debug, message, metadata)
    }
    public func info(_ message: StaticString, _ metadata: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        log(.info, message, metadata)
    }
    public func warn(_ message: StaticString, _ metadata: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        log(.warn, message, metadata)
    }
    public func error(_ message: StaticString, _ metadata: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        log(.error, message, metadata)
    }

    /// Writes an error's code and texts in one line.
    public func error(_ message: StaticString, _ error: BellError) {
        var text = Self.text(["code": error.code.name, "what": error.what])
        if let place = error.place { text += Self.text(["where": place]) }
        if let cause = error.cause { text += Self.text(["cause": cause]) }
        write(.error, message, text)
    }

    private func log(
        _ level: LogLevel, _ message: StaticString, _ metadata: KeyValuePairs<String, any CustomStringConvertible>
    ) {
        if level >= self.level { write(level, message, Self.text(metadata)) }
    }

    private func write(_ level: LogLevel, _ message: StaticString, _ metadata: String) {
        file.append(Self.line(wallClockISO8601(), level, "\(message)", context + metadata))
    }

    static func line(_ time: String, _ level: LogLevel, _ message: String, _ metadata: String) -> String {
        "\(time) \(level.rawValue.padded(to: 5)) \(message)\(metadata)"
    }

    /// ` key=value` for each pair; values with spaces, quotes or control characters are quoted as in JSON.
    static func text(_ metadata: KeyValuePairs<String, any CustomStringConvertible>) -> String {
        var text = ""
        for (key, value) in metadata {
            let value = value.description
            let isPlain =
                !value.isEmpty && value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0.value != 0x7f }
            text += " \(key)=\(isPlain ? value : JSON.string(value).text)"
        }
        return text
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
