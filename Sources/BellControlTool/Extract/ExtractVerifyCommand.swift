import BellCrypto
import BellHost
import BellModel
import BellRandomness

/// `bellctl extract verify`: repeats an extraction and compares it with its recipe.
enum ExtractVerifyCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        // A campaign's recipe names its sources itself.
        if let reply = try PoolsCommand.verify(named: path, invocation) { return reply }
        let recipe = try Recipe(json: JSON(parsing: try readFile(path, limit: 1 << 16), source: path), at: path)
        // The number of bits that von Neumann's procedure gives is a result, not a demand.
        let extractor = try Extractor(recipe.shape)
        guard let sourcePath = invocation.positional(1) else {
            throw BellError(.toolArgument, "There is no source one.", at: "SOURCE", fix: "give the file of source one")
        }
        let source = try ExtractInputs.prefix(sourcePath, count: recipe.shape.sourceBits)
        try compare(Blake2b.hash(source.packed), recipe.sourceOne, "Source one", at: sourcePath)
        var second = Bits(zeros: 0)
        if let expected = recipe.sourceTwo {
            guard let secondPath = invocation.positional(2) else {
                throw BellError(.toolArgument, "There is no second source.", at: "SECOND", fix: "give two files")
            }
            second = try ExtractInputs.prefix(secondPath, count: recipe.shape.secondBits)
            try compare(Blake2b.hash(second.packed), expected, "Source two", at: secondPath)
        }
        let progress = try ExtractProgress(invocation.console, isShown: true)
        defer { progress.clear() }
        let bits = try extractor.extract(source, second) { (part) throws(BellError) in try progress.update(part) }
        progress.clear()
        guard bits.count == recipe.shape.outputBits else {
            throw BellError(
                .extractMismatch, "The recipe says \(recipe.shape.outputBits) bits, and \(bits.count) come out.",
                at: path,
                fix: "keep all files as evidence")
        }
        try compare(Blake2b.hash(bits.packed), recipe.output, "The output", at: path)
        let output = try outputPath(invocation, recipe: path)
        if let output {
            // Of a file on disk all bytes count, also those behind the output.
            try compare(
                Blake2b.hash(try readFile(output, limit: Bits.longest / 8)), recipe.output, "The file", at: output)
        }
        return Reply(
            json: [
                "equal": true, "m": .int(Int64(bits.count)), "extractor": .string(recipe.shape.kind.rawValue),
                "file": JSON(output), "test_vector": .bool(recipe.isTestVector),
            ],
            text: """
                repeated bit for bit: \(NumberText.count(UInt64(bits.count))) bits by \(recipe.shape.kind.rawValue)
                compared with: the recipe\(output.map { " and \($0)" } ?? "")\
                \(recipe.isTestVector ? "\na test vector: its inputs were not tested" : "")

                """)
    }

    private static func outputPath(_ invocation: Invocation, recipe: String) throws(BellError) -> String? {
        if let path = invocation.text("output") { return path }
        guard recipe.hasSuffix(".recipe.json") else { return nil }
        let path = String(recipe.dropLast(".recipe.json".count))
        return fileExists(path) ? path : nil
    }

    private static func compare(
        _ found: Digest, _ expected: Digest, _ what: String, at place: String
    ) throws(BellError) {
        guard found != expected else { return }
        throw BellError(
            .extractMismatch, "\(what) is not that of the recipe.", at: place,
            cause: "BLAKE2b-256 is \(found.short)… and should be \(expected.short)…",
            fix: "check that it is the right file; keep all files as evidence when it is")
    }
}
