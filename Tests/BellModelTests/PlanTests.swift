import BellModel
import Testing

@Suite struct PlanTests {
    static let sealed = SealedPlan(
        plan: Plan(
            name: "bell-chsh", trials: 1 << 60, trialsPerArm: 1024, trialsPerBlock: 65536, pattern: .minusOn11,
            inputBits: .host, hostBits: PerNode(alice: "file:a.bits", bob: "zmq:ipc:///b"), settingBias: 0.01,
            localityK: 5, headline: .localRealism(significance: 1e-9),
            claims: [.minEntropy(threshold: 2.2, delta: 1e-12, epsilon: 1e-6)], pool: .private, onRestart: .wait,
            sequence: "bell-chsh.yaml", sequenceHash: .zero),
        number: 3, previous: .zero, sealedAt: "2026-11-21T11:15:24.751Z")

    @Test("a sealed plan comes back from its canonical text")
    func roundTrip() throws {
        let text = Self.sealed.json.text
        let back = try SealedPlan(json: try JSON(parsing: text))
        #expect(back == Self.sealed)
        #expect(back.json.text == text)
        #expect(Self.sealed.json["trials"] == "1152921504606846976")
        var board = Self.sealed
        board.plan.inputBits = .board
        board.plan.hostBits = nil
        #expect(try SealedPlan(json: board.json) == board)
    }

    @Test("every key of a sealed plan is needed, and no other is known")
    func keys() throws {
        let members = try #require(Self.sealed.json.objectValue)
        for key in members.keys where key != "host_bits" {
            var fewer = members
            fewer[key] = nil
            #expect(throws: BellError.self, "without \(key)") { try SealedPlan(json: .object(fewer)) }
        }
        var more = members
        more["spare"] = 1
        let error = #expect(throws: BellError.self) { try SealedPlan(json: .object(more)) }
        #expect(error?.place == "plan.spare")
    }

    @Test(
        "impossible values are refused with their key",
        arguments: [
            ("version", 2), ("trials", 0), ("trials", -1), ("trials_per_arm", 0), ("trials_per_arm", 1e18),
            ("trials_per_block", 0), ("setting_bias", 0.5), ("setting_bias", -0.1), ("locality_k", 0),
            ("previous", "00"), ("pool", "secret"), ("loss_rule", "discard"), ("chsh_minus_on", "12"),
            ("input_bits", "other"), ("on_restart", "never"), ("host_bits", ["alice": 1]),
            ("headline", ["claim": "local-realism-rejected"]), ("headline", ["claim": "truth"]),
            ("sequence_hash", "zz"),
        ] as [(String, JSON)])
    func impossible(key: String, value: JSON) throws {
        var members = try #require(Self.sealed.json.objectValue)
        members[key] = value
        let error = #expect(throws: BellError.self) { try SealedPlan(json: .object(members)) }
        #expect(error?.place?.hasPrefix("plan.\(key)") == true)
    }

    @Test("hexadecimal text of the right length is a digest, other text is not")
    func digests() {
        let digits = String(repeating: "0aF9", count: 16)
        #expect(Digest(hex: digits)?.description == digits.lowercased())
        #expect(Digest(hex: digits)?.short == "0af90af9")
        for wrong in ["", "0", String(digits.dropLast()), digits + "00", String(repeating: "g0", count: 32)] {
            #expect(Digest(hex: wrong) == nil)
        }
        #expect(CampaignID(hex: String(repeating: "ab", count: 16))?.bytes.count == 16)
        #expect(CampaignID(hex: digits) == nil)
    }

    @Test("a tick rate outside 1 kHz to 1 THz is none")
    func rates() {
        #expect(TickRate(numerator: 8_000_000_000)?.nanosecondsPerTick == 0.125)
        #expect(TickRate(numerator: 0) == nil)
        #expect(TickRate(numerator: 1, denominator: 0) == nil)
        #expect(TickRate(numerator: 999) == nil)
        #expect(TickRate(numerator: 1_000_000_000_001, denominator: 1) == nil)
    }
}
