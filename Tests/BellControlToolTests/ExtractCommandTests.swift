import BellHost
import BellModel
import TestSupport
import Testing

@testable import BellControlTool

@Suite("bellctl extract")
struct ExtractCommandTests {
    private let folder: TemporaryFolder
    private let source: String
    private let second: String
    private let output: String

    init() throws {
        folder = try TemporaryFolder()
        (source, second, output) = (folder.file("source.bin"), folder.file("second.bin"), folder.file("out.bin"))
        var dice = SplitMix(seed: 21)
        func draw(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) } }
        try writeFileAtomically(source, draw(300))
        try writeFileAtomically(second, draw(600))
    }

    private func extract(_ terminal: Terminal, _ more: [String] = []) -> ExitCode {
        var words = ["extract", "run", source, second, "--output", output] + more
        for (option, value) in [("--k1", "2000"), ("--k2", "4790"), ("--epsilon", "1e-12")] where !more.contains(option)
        {
            words += [option, value]
        }
        return terminal.run(words)
    }

    private func verify(_ terminal: Terminal, _ more: [String] = []) -> ExitCode {
        terminal.run(["extract", "verify", output + ".recipe.json", source, second] + more)
    }

    @Test("a plan is a table of all proven extractors")
    func plan() {
        let terminal = Terminal()
        let exit = terminal.run([
            "extract", "plan", "--n1", "20000", "--k1", "18000", "--n2", "60000", "--k2", "59990", "--security",
            "classical",
        ])
        #expect(exit == .ok)
        #expect(
            terminal.out == """
                error at most 2^-64.00, security classical
                     extractor  output m   of n1  needs n2   about  why not
                  *  toeplitz     17 862  20 000    37 861  < 1 ms
                     circulant    17 858  19 996    19 997  < 1 ms
                     deor         17 860  19 997    19 997  < 1 ms
                     raz           7 544  19 378     9 689  < 1 ms
                     trevisan          0       –         –       –  its seed is too short or not uniform, or k1 does not suffice
                chosen: toeplitz, 17 862 bits, because it gives the most bits
                assumed: the sources have these entropies, and source two is independent of source one given the adversary
                von-neumann is left out: it has no bound on its error

                """)
    }

    @Test("an impossible demand ends with 2 and says what is possible")
    func impossible() throws {
        let terminal = Terminal()
        let exit = terminal.run([
            "extract", "plan", "--n1", "2000", "--k1", "1000", "--n2", "4000", "--bias", "0.001", "--bits", "1000",
            "--json",
        ])
        #expect(exit == .usage)
        let error = try #require(try terminal.json["error"])
        #expect(error["code"] == "extractor.demand")
        #expect(error["fix"]?.stringValue?.contains("larger epsilon") == true)
    }

    @Test("what is extracted is repeated from its recipe, and both files are the owner's only")
    func round() throws {
        let terminal = Terminal()
        #expect(extract(terminal) == .ok, "\(terminal.err)")
        let recipe = try JSON(parsing: try readText(output + ".recipe.json"), source: "recipe")
        #expect(recipe["extractor"] == "toeplitz")
        #expect(try readText(output + ".recipe.json") == recipe.text)
        let bits = try #require(recipe["m"]?.intValue)
        #expect(try readFile(output).count == Int(bits + 7) / 8)
        #expect(mode(of: output) == 0o600)
        #expect(mode(of: output + ".recipe.json") == 0o600)
        let again = Terminal()
        #expect(verify(again) == .ok, "\(again.err)")
        #expect(again.out.hasPrefix("repeated bit for bit: "))
        #expect(again.out.contains("compared with: the recipe and \(output)"))
    }

    @Test("one changed bit of an input, of the output or of the recipe ends with 4")
    func mismatch() throws {
        #expect(extract(Terminal()) == .ok)
        for path in [source, second, output] {
            let bytes = try readFile(path)
            var changed = bytes
            changed[0] ^= 1
            try writeFileAtomically(path, changed)
            let terminal = Terminal()
            #expect(verify(terminal) == .dataIntegrity)
            #expect(terminal.err.contains("where: \(path)"))
            try writeFileAtomically(path, bytes)
        }
        let recipe = try JSON(parsing: try readText(output + ".recipe.json"), source: "recipe")
        var members = try #require(recipe.objectValue)
        members["output"] = .string(String(repeating: "0", count: 64))
        try writeFileAtomically(output + ".recipe.json", text: JSON.object(members).text)
        #expect(verify(Terminal()) == .dataIntegrity)
        members["extra"] = 1
        try writeFileAtomically(output + ".recipe.json", text: JSON.object(members).text)
        #expect(verify(Terminal()) == .usage)
    }

    @Test("a recipe's input that is cut short is refused")
    func short() throws {
        #expect(extract(Terminal()) == .ok)
        try writeFileAtomically(source, Array(try readFile(source).dropLast()))
        let terminal = Terminal()
        #expect(verify(terminal) == .usage)
        #expect(terminal.err.contains("cut short"))
    }

    @Test("an input that stands still is refused, but for a test vector, which the recipe says")
    func health() throws {
        try writeFileAtomically(second, [UInt8](repeating: 0, count: 600))
        let terminal = Terminal()
        #expect(extract(terminal) == .usage)
        #expect(terminal.err.contains("The bits fail the repetition count test at bit"))
        #expect(terminal.err.contains("where: \(second)"))
        #expect(!fileExists(output) && !fileExists(output + ".recipe.json"))
        #expect(extract(Terminal(), ["--test-vector"]) == .ok)
        let recipe = try JSON(parsing: try readText(output + ".recipe.json"), source: "recipe")
        #expect(recipe["test_vector"] == true)
    }

    @Test("a file is not written over")
    func exists() throws {
        #expect(extract(Terminal()) == .ok)
        let before = try readFile(output)
        let terminal = Terminal()
        #expect(extract(terminal) == .usage)
        #expect(terminal.err.contains("not written over"))
        #expect(try readFile(output) == before)
    }

    @Test(
        "options that contradict the files or each other are refused",
        arguments: [
            (["--source-bits", "2401"], "2401 bits are declared, which are 301 bytes, and 300 bytes are there."),
            (["--source-bits", "2399"], "the bits after them are not zero"), (["--k1", "2401"], "--k1"),
            (["--k1", "-1"], "--k1"), (["--bias", "0.1"], "--k2, --bias"), (["--epsilon", "0"], "--epsilon"),
            (["--epsilon", "0.5"], "--epsilon"), (["--epsilon", "2^1"], "--epsilon"),
            (["--epsilon", "nan"], "--epsilon"),
            (["--bits", "0"], "--bits"), (["--bits", "2000"], "gives at most"),
            (["--extractor", "trevisan"], "by the trevisan extractor"),
            (["--extractor", "von-neumann"], "no second source"),
        ])
    func badInput(more: [String], said: String) throws {
        // The last byte ends with a one, so that 2399 bits leave a bit behind them.
        var bytes = try readFile(source)
        bytes[299] |= 1
        try writeFileAtomically(source, bytes)
        let terminal = Terminal()
        #expect(extract(terminal, more) == .usage)
        #expect(terminal.err.contains(said), "\(terminal.err)")
        #expect(!fileExists(output) && !fileExists(output + ".recipe.json"))
    }

    @Test("von Neumann's procedure is repeated, too, and bounds nothing")
    func vonNeumann() throws {
        let terminal = Terminal()
        #expect(
            terminal.run(["extract", "run", source, "--extractor", "von-neumann", "--output", output]) == .ok,
            "\(terminal.err)")
        #expect(terminal.out.contains("nothing bounds the error"))
        #expect(terminal.run(["extract", "verify", output + ".recipe.json", source]) == .ok, "\(terminal.err)")
    }

    @Test(
        "an error is read as a power of two or a decimal, however small",
        arguments: [
            ("2^-64", -64.0), ("1e-12", -39.863137138648355), ("1e-400", -1328.771237954945), ("0.25", -2),
        ])
    func epsilon(text: String, exponent: Double) throws {
        let found = try #require(ExtractOptions.exponent(text))
        #expect(abs(found - exponent) < 1e-9)
    }
}
