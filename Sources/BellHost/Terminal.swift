public import BellModel
import CShims
import Glibc

/// A standard stream of the process.
public enum StandardStream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2
}

/// Whether a person looks at the stream.
public func isTerminal(_ stream: StandardStream) -> Bool { isatty(stream.rawValue) == 1 }

/// Columns of the terminal; `COLUMNS` or 80 where there is none.
public func terminalWidth(_ stream: StandardStream = .output) -> Int {
    let columns = Int(bell_terminal_columns(stream.rawValue))
    if columns > 0 { return columns }
    return environmentVariable("COLUMNS").flatMap { Int($0) }.flatMap { (1...1000).contains($0) ? $0 : nil } ?? 80
}

/// Writes text to a stream at once, without a buffer; a closed pipe is ignored.
public func write(_ text: String, to stream: StandardStream = .output) {
    try? writeAll(stream.rawValue, Array(text.utf8), path: "standard stream")
}

/// Writes bytes to a stream at once, without a buffer; all of them or an error.
///
/// - Throws: `file.access`, `file.disk-full`.
public func writeBytes(_ bytes: [UInt8], to stream: StandardStream = .output) throws(BellError) {
    try writeAll(stream.rawValue, bytes, path: "standard stream")
}

/// Ends the process.
public func exitProgram(_ code: ExitCode) -> Never { exit(code.rawValue) }
