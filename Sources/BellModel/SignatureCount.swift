/// How many of a node's chunks carry a valid signature of the node's key.
public struct SignatureCount: Equatable, Sendable {
    /// Signed by the key.
    public var signed: UInt64
    /// Without any signature.
    public var unsigned: UInt64
    /// With something that is no signature of the key over the chunk.
    public var bad: UInt64

    public init(signed: UInt64 = 0, unsigned: UInt64 = 0, bad: UInt64 = 0) {
        self.signed = signed
        self.unsigned = unsigned
        self.bad = bad
    }

    /// All chunks; saturates, because a hostile file may state anything.
    public var chunks: UInt64 { SignatureCount.sum(signed, SignatureCount.sum(unsigned, bad)) }
    /// Whether no chunk lacks a valid signature.
    public var isWhole: Bool { unsigned == 0 && bad == 0 }

    public static func += (a: inout SignatureCount, b: SignatureCount) {
        a.signed = sum(a.signed, b.signed)
        a.unsigned = sum(a.unsigned, b.unsigned)
        a.bad = sum(a.bad, b.bad)
    }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}

extension SignatureCount {
    public var json: JSON {
        ["signed": JSON(count: signed), "unsigned": JSON(count: unsigned), "bad": JSON(count: bad)]
    }

    /// Reads what ``json`` wrote; `path` names it in errors.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        self.init(
            signed: try reader.count("signed"), unsigned: try reader.count("unsigned"), bad: try reader.count("bad"))
        try reader.finish()
    }
}

extension PerNode where Value == SignatureCount {
    /// `{"alice": …, "bob": …}`.
    public var json: JSON { ["alice": alice.json, "bob": bob.json] }

    /// Reads what ``json`` wrote; `path` names it in errors.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        self.init(
            alice: try SignatureCount(json: try reader.value("alice"), path: "\(path).alice"),
            bob: try SignatureCount(json: try reader.value("bob"), path: "\(path).bob"))
        try reader.finish()
    }
}
