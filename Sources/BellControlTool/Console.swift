import BellModel

/// Where bellctl writes; tests hand in one that collects.
struct Console {
    /// Writes to stdout as it is.
    let write: (String) -> Void
    /// Writes to stderr as it is.
    let complain: (String) -> Void
    /// Writes bytes to stdout as they are.
    var writeBytes: ([UInt8]) throws(BellError) -> Void = { (_) throws(BellError) in }
    /// stdout is a terminal.
    var isTerminal = false
    /// Columns of the terminal; asked anew for every line, because windows change.
    var width: () -> Int = { 80 }
    /// Colours of stdout.
    var style = Style.plain
    /// Colours of stderr.
    var errorStyle = Style.plain
    /// One JSON object goes to stdout and nothing else; ``say(_:)`` is silent.
    var isJSON = false

    /// A line for people that is no part of the result.
    func say(_ line: String) {
        if !isJSON { write(line + "\n") }
    }
}
