import BellCrypto
import BellHost
import BellModel
import BellRandomness

/// `bellctl extract run`: extracts from files.
enum ExtractRunCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        guard let output = invocation.text("output") else {
            throw BellError(
                .toolArgument, "It is not said where the output goes.", at: "--output",
                fix: "add --output FILE, or --output - for the standard output")
        }
        let recipePath = invocation.text("recipe") ?? (output == "-" ? nil : output + ".recipe.json")
        if output == "-", invocation.console.isJSON {
            throw BellError(
                .toolArgument, "The output and JSON cannot both go to the standard output.", at: "--output",
                fix: "give a file for the output")
        }
        if let recipePath, absolutePath(recipePath) == absolutePath(output) {
            throw BellError(
                .toolArgument, "Output and recipe cannot be one file.", at: recipePath, fix: "name two files")
        }
        for path in [output == "-" ? nil : output, recipePath] {
            if let path, fileExists(path) {
                throw BellError(
                    .extractExists, "The file exists, and extracted bits are not written over.", at: path,
                    fix: "choose another name, or remove the file")
            }
        }
        let job = try prepare(invocation)
        let progress = try ExtractProgress(invocation.console, isShown: output != "-")
        defer { progress.clear() }
        try progress.update(0)
        let bits = try Extractor(job.shape).extract(job.source, job.second) { (part) throws(BellError) in
            try progress.update(part)
        }
        try progress.update(1)
        var shape = job.shape
        shape.outputBits = bits.count
        let recipe = Recipe(
            shape: shape, demand: job.demand, isTestVector: invocation.flag("test-vector"),
            sourceOne: Blake2b.hash(job.source.packed),
            sourceTwo: shape.kind == .vonNeumann ? nil : Blake2b.hash(job.second.packed),
            output: Blake2b.hash(bits.packed))
        if let recipePath { try writeFileAtomically(recipePath, text: recipe.json.text, mode: 0o600) }
        if output == "-" {
            try invocation.console.writeBytes(bits.packed)
        } else {
            try writeFileAtomically(output, bits.packed, mode: 0o600)
        }
        progress.clear()
        guard output != "-" else { return Reply(json: [:], text: "") }
        return Reply(
            json: ["output": .string(absolutePath(output)), "recipe": recipe.json],
            text: """
                \(NumberText.count(UInt64(bits.count))) bits by \(shape.kind.rawValue) from \
                \(NumberText.count(UInt64(shape.sourceBits))) and \(NumberText.count(UInt64(shape.secondBits))): \(output)
                recipe: \(recipePath ?? NumberText.missing)
                \(shape.kind == .vonNeumann ? "nothing bounds the error of these bits" : "assumed: the sources have the entropies claimed, and are independent given the adversary")

                """)
    }

    private struct Job {
        var shape: ExtractorShape
        var demand: ExtractorDemand
        var source: Bits
        var second: Bits
    }

    private static func prepare(_ invocation: Invocation) throws(BellError) -> Job {
        func declared(_ name: String) throws(BellError) -> Int? {
            invocation.text(name) == nil ? nil : try ExtractOptions.length(name, invocation)
        }
        let kind = invocation.text("extractor").flatMap(ExtractorKind.init(rawValue:))
        let paths = (invocation.positional(0) ?? "", invocation.positional(1))
        let source = try ExtractInputs.read(paths.0, count: try declared("source-bits"))
        if kind == .vonNeumann {
            guard paths.1 == nil else {
                throw BellError(
                    .toolArgument, "Von Neumann's procedure has no second source.", at: paths.1, fix: "leave it off")
            }
            return try vonNeumann(source, invocation, at: paths.0)
        }
        guard let path = paths.1, !(path == "-" && paths.0 == "-") else {
            throw BellError(
                .toolArgument, "There is no second source.", at: "SECOND", fix: "give two files, one of them may be -")
        }
        let second = try ExtractInputs.read(path, count: try declared("second-bits"))
        let offer = try ExtractOptions.plan(invocation, n1: source.count, n2: second.count).offer(of: kind)
        guard let shape = offer.shape, let demand = offer.demand else {
            throw BellError(.extractorDemand, "The extractor cannot be used here.", at: offer.kind.rawValue)
        }
        let job = Job(
            shape: shape, demand: demand, source: source.slice(from: 0, length: shape.sourceBits),
            second: second.slice(from: 0, length: shape.secondBits))
        if !invocation.flag("test-vector") {
            guard !second.packed.starts(with: source.packed.prefix(1 << 16)) else {
                throw BellError(
                    .toolArgument, "The two sources begin with the same bits.", at: path,
                    cause: "they must be independent of each other", fix: "give another second source")
            }
            try ExtractInputs.checkHealth(job.source, entropy: demand.sourceEntropy, at: paths.0)
            try ExtractInputs.checkHealth(job.second, entropy: demand.secondEntropy, at: path)
        }
        return job
    }

    private static func vonNeumann(
        _ source: Bits, _ invocation: Invocation, at path: String
    ) throws(BellError) -> Job {
        for name in ["k1", "k2", "bias", "bits"] where invocation.text(name) != nil {
            throw BellError(
                .toolArgument, "--\(name) means nothing to von Neumann's procedure: its output has no bound.",
                at: "--\(name)", fix: "leave it off")
        }
        // Half a bit a bit: what stands still is refused, a bias is what the procedure is for.
        if !invocation.flag("test-vector") {
            try ExtractInputs.checkHealth(source, entropy: Double(source.count) / 2, at: path)
        }
        return Job(
            shape: ExtractorShape(kind: .vonNeumann, sourceBits: source.count, secondBits: 0, outputBits: 0),
            demand: ExtractorDemand(
                sourceBits: source.count, sourceEntropy: 0, secondBits: 0, secondEntropy: 0, errorExponent: 0,
                security: .classical), source: source, second: Bits(zeros: 0))
    }
}
