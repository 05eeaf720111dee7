extension PerNode where Value == Digest {
    /// Both nodes' digests, for example the heads of their hash chains: `{"alice": …, "bob": …}`.
    public var json: JSON { ["alice": .string(alice.description), "bob": .string(bob.description)] }

    /// Reads what ``json`` wrote; `path` names it in errors.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        self.init(alice: try reader.digest("alice"), bob: try reader.digest("bob"))
        try reader.finish()
    }
}
