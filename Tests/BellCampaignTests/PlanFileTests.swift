import BellHost
import BellModel
import BellStatistics
import BellYAML
import Testing

@testable import BellCampaign

@Suite struct PlanFileTests {
    private static let sound = """
        plan: test
        sequence: s.yaml
        trials: 1000
        chsh:
          minus_on: "11"
        setting_bias: 0.001
        headline:
          claim: local-realism-rejected
          significance: 1.0e-3

        """

    private func refusal(_ text: String) throws -> BellError {
        try #require(throws: BellError.self) { try PlanFile(text: text, source: "plan.yaml") }
    }

    @Test("the shipped plan is read, and says what it says")
    func shipped() throws {
        let path = "\(Bench.root)/Sequences/plans/bell-chsh.yaml"
        let file = try PlanFile(text: try readText(path), source: path)
        let plan = file.plan(sequenceHash: .zero)
        #expect(plan.name == "bell-chsh")
        #expect(plan.trials == 1 << 20)
        #expect(plan.trialsPerArm == 1024)
        #expect(plan.pattern == .minusOn11)
        #expect(plan.headline == .localRealism(significance: 1e-9))
        #expect(plan.claims == [.minEntropy(threshold: 2.2, delta: 1e-12, epsilon: 1e-6)])
        #expect(plan.pool == .public)
        #expect(plan.onRestart == .resume)
    }

    @Test("every shipped plan is read, is called like its file, and names a sequence that is shipped")
    func allShipped() throws {
        let folder = "\(Bench.root)/Sequences/plans"
        let names = try folderContents(folder)
        #expect(names.contains("bell-chsh.yaml") && names.contains("stop-early.yaml"))
        for name in names {
            let file = try PlanFile(text: try readText("\(folder)/\(name)"), source: name)
            #expect("\(file.name).yaml" == name)
            #expect(fileExists("\(folder)/\(file.sequence)"), "\(name)")
        }
    }

    @Test("the shipped plan with a stop rule ends a campaign of the mock laboratory early, with room to spare")
    func shippedStop() throws {
        let path = "\(Bench.root)/Sequences/plans/stop-early.yaml"
        let plan = try PlanFile(text: try readText(path), source: path).plan(sequenceHash: .zero)
        #expect(plan.stop == .headline)
        #expect(plan.headline == .localRealism(significance: 1e-9, test: .winCount))
        // Wins of S = 2.24, the mock laboratory's: ½ + S/8 of each block.
        var rule = try #require(StopRule(plan))
        var block = TrialTally()
        let wins = UInt64(Double(plan.trialsPerBlock) * (0.5 + 2.24 / 8))
        block.add(TrialStatus(x: 0, y: 0, a: 0, b: 0), times: wins)
        block.add(TrialStatus(x: 0, y: 0, a: 0, b: 1), times: plan.trialsPerBlock - wins)
        for _ in 0..<plan.trials / plan.trialsPerBlock where rule.metAt == nil {
            rule.add(block)
            rule.endBlock()
        }
        #expect(try #require(rule.metAt) <= plan.trials / 4)
    }

    @Test("a name longer than 200 bytes is refused: it stands in every later certificate")
    func longName() throws {
        let named = { (name: String) in Self.sound.replacing(/plan: .*/, with: "plan: \(name)") }
        let most = String(repeating: "n", count: 200)
        #expect(try PlanFile(text: named(most), source: "plan.yaml").name == most)
        for name in [most + "n", String(repeating: "é", count: 101)] {
            let error = try refusal(named(name))
            #expect(error.code == .yamlValue && error.place?.hasPrefix("plan.yaml:") == true, "\(error)")
            #expect(error.fix?.contains("200 bytes") == true)
        }
        // A sealed one is no less hostile: it may come from anybody's certificate.
        var plan = try PlanFile(text: Self.sound, source: "plan.yaml").plan(sequenceHash: .zero)
        for (name, isRead) in [(most, true), (most + "n", false)] {
            plan.name = name
            let sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")
            #expect((try? SealedPlan(json: sealed.json))?.plan.name == (isRead ? name : nil))
        }
    }

    @Test("what is left out has its default, and pools are private")
    func defaults() throws {
        let plan = try PlanFile(text: Self.sound, source: "plan.yaml").plan(sequenceHash: .zero)
        #expect(plan.trialsPerArm == 1024)
        #expect(plan.trialsPerBlock == 65_536)
        #expect(plan.localityK == 5)
        #expect(plan.inputBits == .board)
        #expect(plan.hostBits == nil)
        #expect(plan.pool == .private)
        #expect(plan.onRestart == .resume)
    }

    @Test("an unknown key is named with its line and the nearest known one")
    func unknownKey() throws {
        let error = try refusal(Self.sound + "trial_per_arm: 5\n")
        #expect(error.code == .yamlUnknownKey)
        #expect(
            error.description == """
                error: Unknown key "trial_per_arm".
                  where: plan.yaml:10:1 trial_per_arm = 5
                  fix:   did you mean "trials_per_arm"? (known keys: plan, sequence, trials, trials_per_arm, \
                trials_per_block, setting_bias, locality_k, pool, on_restart, chsh, input_bits, headline, claims, calibration, gates, security, stop)
                """)
    }

    @Test("an impossible bias is refused with the allowed range")
    func bias() throws {
        let error = try refusal(Self.sound.replacing("setting_bias: 0.001", with: "setting_bias: 0.7"))
        #expect(
            error.description == """
                error: setting_bias = 0.7 is out of range.
                  where: plan.yaml:6:15 setting_bias = 0.7
                  fix:   allowed: 0.0 ≤ setting_bias < 0.5
                """)
    }

    @Test("a delta that is not below epsilon is refused, with what to write")
    func delta() throws {
        let claim = "claims:\n  - {claim: min-entropy-pironio, threshold: 2.2, delta: 1.0e-6, epsilon: 1.0e-6}\n"
        let error = try refusal(Self.sound + claim)
        #expect(
            error.description == """
                error: δ must be below ε′ = 1e-06: the bits are smooth with δ/ε′.
                  where: plan.yaml:11:57 claims[0].delta = 1.0e-6
                  fix:   for a smoothness of 1e-6 at ε′ = 1e-6 give delta: 1.0e-12
                """)
    }

    @Test("a missing sequence is named")
    func missing() throws {
        let error = try refusal(Self.sound.replacing("sequence: s.yaml\n", with: ""))
        #expect(
            error.description == """
                error: The key "sequence" is missing or empty.
                  where: plan.yaml:1:1 sequence
                """)
    }

    @Test("all failures of one plan are listed at once")
    func together() throws {
        let text = Self.sound.replacing("trials: 1000", with: "trials: 0").replacing("\"11\"", with: "\"12\"")
        let error = try refusal(text + "pool: secret\n")
        #expect(error.others.count == 2)
        let places = ([error] + error.others).compactMap(\.place)
        #expect(places.contains { $0.hasPrefix("plan.yaml:3:9 trials") })
        #expect(places.contains { $0.contains("chsh.minus_on") })
        #expect(places.contains { $0.contains("pool = secret") })
    }

    @Test(
        "host bits need a source of a known kind at each node",
        arguments: [
            ("alice: file:a\n  bob: bits.bin", "A source of input bits cannot be \"bits.bin\"."),
            ("alice: usb:1\n  bob: file:b", "A source of input bits cannot be \"usb:1\"."),
            ("alice: \"file:\"\n  bob: file:b", "A source of input bits cannot be \"file:\"."),
            ("alice: file:a\n  bob: file:a", "Both nodes would get the same bits: bit i of a file belongs to trial i."),
            (
                "alice: file:a?h=0.9\n  bob: file:a",
                "Both nodes would get the same bits: bit i of a file belongs to trial i."
            ),
            ("alice: file:a", "The key \"bob\" is missing or empty."),
        ])
    func hostSources(lines: String, what: String) throws {
        let error = try refusal(Self.sound + "input_bits:\n  source: host\n  \(lines)\n")
        #expect(error.what == what)
        #expect(error.others.isEmpty)
    }

    @Test("a tty with a speed and an option is a host source")
    func serialSource() throws {
        let text = Self.sound + "input_bits:\n  source: host\n  alice: serial:/dev/a@9600?h=0.9\n  bob: device:/dev/b\n"
        let plan = try PlanFile(text: text, source: "plan.yaml").plan(sequenceHash: .zero)
        #expect(plan.hostBits?.alice == "serial:/dev/a@9600?h=0.9")
    }

    @Test("host sources are sealed as written")
    func sealedSources() throws {
        let text = Self.sound + "input_bits:\n  source: host\n  alice: file:a\n  bob: zmq:ipc:///run/bits\n"
        let plan = try PlanFile(text: text, source: "plan.yaml").plan(sequenceHash: .zero)
        #expect(plan.inputBits == .host)
        #expect(plan.hostBits == PerNode(alice: "file:a", bob: "zmq:ipc:///run/bits"))
        let sealed = SealedPlan(plan: plan, number: 3, previous: .zero, sealedAt: "now")
        #expect(try SealedPlan(json: sealed.json) == sealed)
    }

    @Test(
        "hostile texts are refused, never obeyed", arguments: ["", "[]", "plan: [", "\u{0}", "trials: 1e99", "a: &x 1"])
    func hostile(text: String) throws {
        _ = try refusal(text)
    }
}
