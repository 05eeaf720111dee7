/// Where in a file something was written.
public struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    /// The file's path as the reader was given it.
    public var file: String
    /// Counted from 1.
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}
