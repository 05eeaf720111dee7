import BellModel
import Testing

@testable import BellCampaign

@Suite struct MaintenancePlanTests {
    private static let sound = """
        plan: night
        sequence: s.yaml
        trials: 1000
        chsh: {minus_on: "11"}
        setting_bias: 0.001
        headline: {claim: local-realism-rejected, significance: 1.0e-3}

        """
    private static let policy = """
        calibration:
          check:
            - {routine: ramsey, every: 30min, when: shots}
            - {routine: bell-phase, every_blocks: 30}
            - {value: alice.drive_detuning, node: alice, when: drift, tolerance: 20000}
          accept: never
          fallback:
            - use-last-good
            - wait: 10min
            - rerun: bring-up
          on_failure: warn
          may_use_outcomes: false
        gates:
          - {device: fridge, reading: mixing_chamber_k, max: 0.02, unit: K, action: suspend, for: 5min}
          - {device: alice-reference, reading: reference_locked, min: 1}
          - {measure: bob.thermal_population, every: 1h, max: 0.05, action: suspend, for: 10min}
          - {measure: alice.drive_detuning, every_blocks: 30, change: 20000, unit: Hz, action: calibrate}

        """

    private func plan(_ more: String) throws -> Plan {
        try PlanFile(text: Self.sound + more, source: "plan.yaml").plan(sequenceHash: .zero)
    }

    @Test("what a plan says of the time between blocks is read, sealed, and comes back")
    func read() throws {
        let plan = try plan(Self.policy)
        let maintenance = try #require(plan.maintenance)
        #expect(
            maintenance
                == MaintenancePlan(
                    checks: [
                        .init("ramsey", when: .shots, every: .seconds(1800)),
                        .init("bell-phase", when: .age, every: .blocks(30)),
                        .init("alice.drive_detuning", node: .alice, when: .drift, tolerance: 20000),
                    ], acceptance: .never, fallbacks: [.useLastGood, .wait(600), .rerun("bring-up")], onFailure: .warn,
                    gates: [
                        .init(
                            device: "fridge", reading: "mixing_chamber_k", max: 0.02, unit: "K", action: .suspend,
                            settle: 300),
                        .init(device: "alice-reference", reading: "reference_locked", min: 1, unit: "1"),
                        .init(
                            .measured("bob.thermal_population", every: .seconds(3600)), max: 0.05, action: .suspend,
                            settle: 600),
                        .init(
                            .measured("alice.drive_detuning", every: .blocks(30)), change: 20000, unit: "Hz",
                            action: .calibrate),
                    ]))
        let sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")
        let back = try SealedPlan(json: try JSON(parsing: sealed.json.text))
        #expect(back == sealed)
        #expect(back.json.text == sealed.json.text)
        #expect(sealed.json["calibration"]?["may_use_outcomes"] == false)
        // A gate on a device is sealed as ever: no hash of an older plan changes.
        #expect(
            sealed.json["calibration"]?["gates"]?.arrayValue?[1] == [
                "device": "alice-reference", "reading": "reference_locked", "min": 1.0, "max": .null, "unit": "1",
                "action": "wait", "for_s": 0.0,
            ])
    }

    @Test("a plan that says nothing of it is sealed as it always was")
    func absent() throws {
        let plan = try plan("")
        #expect(plan.maintenance == nil)
        let sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")
        #expect(sealed.json["calibration"] == nil)
    }

    @Test(
        "what cannot be meant is refused with its line",
        arguments: [
            ("calibration: {check: [{routine: ramsey}]}", "every"),
            ("calibration: {check: [{every: 30min}]}", "routine"),
            ("calibration: {check: [{routine: a, value: alice.t1, every: 1h}]}", "routine"),
            ("calibration: {check: [{routine: a, every: 1h, every_blocks: 3}]}", "every"),
            ("calibration: {check: [{routine: a, every: 0s}]}", "every"),
            ("calibration: {check: [{routine: a, every: soon}]}", "every"),
            ("calibration: {check: [{routine: a, every_blocks: 0}]}", "every_blocks"),
            ("calibration: {check: [{routine: a, when: drift, tolerance: 1}]}", "tolerance"),
            ("calibration: {check: [{value: alice.t1, when: drift}]}", "tolerance"),
            ("calibration: {check: [{routine: a, every: 1h, tolerance: 1}]}", "tolerance"),
            ("calibration: {check: [{routine: a, every: 1h, when: never}]}", "when"),
            ("calibration: {check: [{routine: a, every: 1h, node: carol}]}", "node"),
            ("calibration: {may_use_outcomes: true}", "may_use_outcomes"),
            ("calibration: {fallback: [pray]}", "fallback"),
            ("calibration: {fallback: [{wait: 1min, rerun: x}]}", "wait"),
            ("calibration: {accept: perhaps}", "accept"),
            ("gates: [{device: fridge, reading: t, unit: K}]", "min"),
            ("gates: [{device: fridge, reading: t, min: 2, max: 1}]", "max"),
            ("gates: [{device: fridge, reading: t, max: 1, action: hope}]", "action"),
            ("gates: [{measure: alice.t1, max: 1}]", "every"),
            ("gates: [{measure: alice.t1, every: 1h}]", "min"),
            ("gates: [{measure: alice.t1, every: 1h, change: 0}]", "change"),
            ("gates: [{measure: alice.t1, every: 1h, max: 1, device: fridge}]", "measure"),
            ("gates: [{measure: alice.t1, every: 1h, max: 1, action: calibrate}]", "action"),
            ("gates: [{device: fridge, reading: t, max: 1, every: 1h}]", "every"),
            ("gates: [{device: fridge, reading: t, max: 1, change: 1}]", "change"),
            ("gates: [{device: fridge, reading: t, max: 1, action: calibrate}]", "action"),
        ])
    func refused(text: String, key: String) throws {
        let error = try #require(throws: BellError.self) { try plan(text + "\n") }
        #expect(error.place?.contains(key) == true, "\(error)")
        #expect(error.place?.hasPrefix("plan.yaml:7") == true, "\(error)")
    }

    @Test(
        "a sealed policy with values that no plan can have is refused",
        arguments: [
            ("accept", "perhaps"), ("may_use_outcomes", true), ("on_failure", 1), ("check", [["what": "a"]]),
            ("fallback", [["do": "pray"]]), ("fallback", [["do": "wait", "seconds": -1]]), ("gates", [1]),
            ("spare", 1),
        ] as [(String, JSON)])
    func sealed(key: String, value: JSON) throws {
        let plan = try plan(Self.policy)
        let sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")
        var members = try #require(sealed.json.objectValue)
        var policy = try #require(members["calibration"]?.objectValue)
        policy[key] = value
        members["calibration"] = .object(policy)
        let error = #expect(throws: BellError.self) { try SealedPlan(json: .object(members)) }
        #expect(error?.place?.hasPrefix("plan.calibration") == true)
    }
}
