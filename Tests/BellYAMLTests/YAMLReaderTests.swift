import BellModel
import BellYAML
import Testing

@Suite struct YAMLReaderTests {
    /// `#expect` of a value that a mutating call gives, which the macro cannot make.
    private func expect<T: Equatable>(_ value: T, _ expected: T, at place: SourceLocation = #_sourceLocation) {
        #expect(value == expected, sourceLocation: place)
    }

    private func reader(_ text: String) throws -> YAMLReader {
        YAMLReader(try YAMLNode.parse(text, source: "lab.yaml"))
    }

    @Test("good values are read")
    func values() throws {
        var reader = try reader(
            """
            name: bell
            trials: 1_048_576
            offset: -3
            setting_bias: 0.01
            simulated: true
            pool: private
            empty:
            delays_ns: [1, 2.5]
            words: [a, b]
            nodes:
              alice: {at: "mock://x", gain: 2}
              bob: {at: 5}
            """)
        expect(reader.string("name"), "bell")
        expect(reader.count("trials", in: 1...(1 << 40)), 1 << 20)
        expect(reader.int("offset"), -3)
        expect(reader.double("setting_bias", in: 0..<0.5), 0.01)
        expect(reader.bool("simulated"), true)
        expect(reader.choice("pool", of: ["public", "private"]), "private")
        expect(reader.optionalString("empty"), nil)
        expect(reader.optionalInt("absent"), nil)
        expect(reader.doubles("delays_ns"), [1, 2.5])
        expect(reader.strings("words"), ["a", "b"])
        var nodes = reader.mapping("nodes")
        for (name, node) in nodes.mappingEntries() {
            var node = node
            #expect(node.path == "nodes.\(name)")
            expect(node.string("at").isEmpty, false)
            _ = node.optionalDouble("gain", in: 0...)
        }
        #expect(throws: Never.self) { try reader.finish() }
    }

    @Test("all failures are listed, each with place, range and remedy")
    func failures() throws {
        var reader = try reader(
            """
            setting_bais: 0.1
            trials: 0
            delay_ns: 12 ns
            pool: privat
            gate:
              tick: 1.5
              tock: 2
            flag: "true"
            """)
        expect(reader.double("setting_bias", in: 0..<0.5), 0)
        expect(reader.count("trials", in: 1...100), 1)
        _ = reader.double("delay_ns")
        expect(reader.choice("pool", of: ["public", "private"]), "public")
        var gate = reader.mapping("gate")
        _ = gate.int("tick")
        _ = reader.bool("flag")
        var absent = reader.mapping("geometry")
        expect(absent.double("length_m", in: 1...), 1)
        let error = #expect(throws: BellError.self) { try reader.finish() }
        let all = [error].compactMap(\.self) + (error?.others ?? [])
        #expect(
            all.map(\.place) == [
                "lab.yaml:1:1 setting_bias", "lab.yaml:2:9 trials = 0", "lab.yaml:3:11 delay_ns = 12 ns",
                "lab.yaml:4:7 pool = privat", "lab.yaml:6:9 gate.tick = 1.5", "lab.yaml:8:7 flag = \"true\"",
                "lab.yaml:1:1 geometry", "lab.yaml:7:3 gate.tock = 2", "lab.yaml:1:1 setting_bais = 0.1",
            ])
        #expect(
            all.map(\.code) == [
                .yamlMissingKey, .yamlValue, .yamlValue, .yamlValue, .yamlValue, .yamlValue, .yamlMissingKey,
                .yamlUnknownKey, .yamlUnknownKey,
            ])
        let fixes = all.map { $0.fix ?? "" }
        #expect(fixes[0] == "is \"setting_bais\" meant to be \"setting_bias\"?")
        #expect(fixes[1] == "allowed: 1 ≤ trials ≤ 100")
        #expect(fixes[2].contains("unit"))
        #expect(fixes[3].hasPrefix("did you mean \"private\"?"))
        #expect(fixes[7] == "did you mean \"tick\"? (known keys: tick)")
        #expect(fixes[8].hasPrefix("did you mean \"setting_bias\"?"))
    }

    @Test(
        "numbers at the edges are refused without a trap",
        arguments: [
            "99999999999999999999999999999999999999999999999999", "18446744073709551616", "-1", "1e30", "nan", "1.5",
            "1e-400x", "",
        ])
    func hostileNumbers(text: String) throws {
        var reader = try reader("n: \(text)\n")
        expect(reader.count("n", in: 0...UInt64.max), 0)
        #expect(throws: BellError.self) { try reader.finish() }
    }

    @Test("the largest count is read exactly")
    func largest() throws {
        var reader = try reader("n: 18446744073709551615\n")
        expect(reader.count("n"), .max)
        try reader.finish()
    }

    @Test("a half-open range leaves its end out and says so")
    func openRange() throws {
        var reader = try reader("bias: 0.5\n")
        _ = reader.double("bias", in: 0..<0.5)
        #expect(reader.errors.first?.fix == "allowed: 0.0 ≤ bias < 0.5")
    }

    @Test("a text where a mapping should be is one error, whatever is asked of it")
    func notAMapping() throws {
        var reader = try reader("gate: closed\n")
        var gate = reader.mapping("gate")
        _ = gate.int("tick")
        _ = gate.string("name")
        let error = #expect(throws: BellError.self) { try reader.finish() }
        #expect(error?.others.isEmpty == true)
        #expect(error?.place == "lab.yaml:1:7 gate")
    }

    @Test("a caller's own finding names the line")
    func ownFailure() throws {
        var reader = try reader("a: 1\nsetting_switch: rf\n")
        _ = reader.int("a")
        _ = reader.string("setting_switch")
        reader.fail("setting_switch", "An RFSwitch is too slow to be the setting switch.", fix: "use a gate")
        let error = #expect(throws: BellError.self) { try reader.finish() }
        #expect(error?.place == "lab.yaml:2:17 setting_switch = rf")
    }

    @Test("a file of another kind is one error that names both kinds' keys")
    func otherKind() throws {
        var reader = try reader("plan: x\nsequence: s\ntrials: 5\nheadline: {}\n")
        _ = reader.string("sequence")
        _ = reader.double("trial_period_ns")
        let error = #expect(throws: BellError.self) { try reader.finish() }
        #expect(error?.others.isEmpty == true)
        #expect(error?.cause == "its keys are plan, sequence, trials, headline")
        #expect(error?.fix?.contains("sequence, trial_period_ns") == true)
    }

    @Test("misspelt keys are no file of another kind")
    func misspelt() throws {
        var reader = try reader("nmae: x\ntrails: 5\nofset: 1\n")
        _ = (reader.string("name"), reader.count("trials"), reader.int("offset"))
        let error = #expect(throws: BellError.self) { try reader.finish() }
        #expect(error?.others.count == 5)
    }

    @Test(
        "a number that is written as people write it is answered with the right way",
        arguments: [
            ("1 048 576", "write 1048576, or group the digits with _"),
            ("1,000", "write 1000, or group the digits with _"),
            ("\"5\"", "write it without quotes"),
            ("5 ns", "write the number alone; the key's ending says its unit (trials)"),
        ])
    func numberHints(_ text: String, _ fix: String) throws {
        var reader = try reader("trials: \(text)\n")
        _ = reader.count("trials")
        #expect(reader.errors.first?.fix == fix)
    }

    @Test("a tab in the indentation is called a tab")
    func tab() {
        let error = #expect(throws: BellError.self) {
            try YAMLNode.parse("# Î\na:\n\tb: 1\n", source: "x.yaml")
        }
        #expect(error?.what == "Not YAML: a tab stands where only spaces may.")
        #expect(error?.place?.hasPrefix("x.yaml:3:") == true)
    }
}
