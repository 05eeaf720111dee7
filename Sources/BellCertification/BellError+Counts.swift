public import BellModel

extension BellError.Code {
    /// A file of counts or trials that a person gave cannot be read.
    public static let countsSyntax = BellError.Code("counts.syntax", exit: .usage)
}

/// Collects the errors of one file, so that all are mended in one go; keeps the first twenty.
struct LineErrors {
    let source: String
    private var errors: [BellError] = []
    private var dropped = 0

    init(source: String) { self.source = source }

    mutating func add(line: Int, _ what: String, fix: String? = nil) {
        if errors.count < 20 {
            errors.append(BellError(.countsSyntax, what, at: "\(source):\(line)", fix: fix))
        } else {
            dropped += 1
        }
    }

    /// Throws everything collected.
    func finish() throws(BellError) {
        guard var error = BellError.all(errors) else { return }
        if dropped > 0 { error.cause = "\(dropped) further lines are wrong as well" }
        throw error
    }
}

/// Text from a file as an error shows it: short, and nothing that moves a terminal's cursor.
func shown(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(40), as: UTF8.self)
    let clean = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "·" : String($0) }.joined()
    return "\"\(clean)\(bytes.count > 40 ? "…" : "")\""
}
