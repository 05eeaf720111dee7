import BellModel
import Testing

@Suite("Pulses of a beacon")
struct BeaconPulseTests {
    private static let value = String(repeating: "0123456789ABCDEF", count: 8)
    /// The members that are read, as a beacon of format 2.0 names them, and one that is not.
    private static let published: JSON = [
        "pulse": [
            "uri": "https://beacon.nist.gov/beacon/2.0/chain/2/pulse/1000", "version": "Version 2.0",
            "pulseIndex": 1000,
            "timeStamp": "2026-11-21T23:30:00.000Z", "outputValue": .string(value),
        ]
    ]

    @Test("a published pulse and a sealed one say the same")
    func forms() throws {
        let pulse = try BeaconPulse(published: Self.published, path: "pulse.json")
        #expect(pulse.index == 1000 && pulse.time.description == "2026-11-21T23:30:00Z")
        #expect(pulse.value == Self.value.lowercased())
        #expect(try BeaconPulse(json: pulse.json, path: "beacon") == pulse)
        #expect(try BeaconPulse(published: pulse.json, path: "beacon") == pulse)
    }

    @Test("a pulse that cannot be is refused with its member")
    func refused() throws {
        let good = try BeaconPulse(published: Self.published, path: "x").json.objectValue ?? [:]
        for (key, value) in [
            ("uri", "ftp://x"), ("uri", "https://x y"),
            ("uri", .string("https://" + String(repeating: "x", count: 300))),
            ("index", -1), ("time", "yesterday"), ("time", "2026-11-21T23:30:00+01:00"), ("value", "00"),
            ("value", .string(String(repeating: "0", count: 130))),
            ("value", .string(String(repeating: "z", count: 64))),
            ("more", 1),
        ] as [(String, JSON)] {
            var members = good
            members[key] = value
            let error = #expect(throws: BellError.self) { try BeaconPulse(json: .object(members), path: "plan.beacon") }
            #expect(error?.place == "plan.beacon.\(key)", "\(key) \(value.text)")
        }
        for key in ["uri", "pulseIndex", "timeStamp", "outputValue"] {
            var members = Self.published["pulse"]?.objectValue ?? [:]
            members[key] = nil
            #expect(throws: BellError.self) { try BeaconPulse(published: ["pulse": .object(members)], path: "x") }
        }
    }

    @Test("a plan without a pulse hashes as before, one with it names it")
    func sealed() throws {
        let plan = Plan(
            name: "own", trials: 100, trialsPerArm: 10, trialsPerBlock: 50, pattern: .minusOn11, inputBits: .board,
            hostBits: nil, settingBias: 0, localityK: 5, headline: .localRealism(significance: 0.01), claims: [],
            pool: .public, onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero)
        var sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T23:31:00.000Z")
        #expect(sealed.json["beacon"] == nil)
        sealed.beacon = try BeaconPulse(published: Self.published, path: "x")
        #expect(try SealedPlan(json: sealed.json) == sealed)
        #expect(sealed.json["beacon"]?["index"] == 1000)
    }
}
