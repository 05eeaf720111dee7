import BellModel
import Testing

@testable import BellCalibration

@Suite("Gates on values that are measured between blocks") struct MeasuredGateTests {
    private let ramsey = CalibrationItem(.node(.alice), "ramsey")

    private func detuning(_ hertz: Double?, at time: Double, unit: String = "Hz", of item: CalibrationItem? = nil)
        -> GateMeasurement
    {
        GateMeasurement(
            item: item ?? ramsey, value: hertz, uncertainty: 500, unit: unit, run: "alice-ramsey-20261121-0001",
            problem: hertz == nil ? "no fringes" : nil, time: time, block: UInt64(time / 60))
    }

    private func gate(_ action: MaintenancePlan.Gate.Action, settle: Double = 0) -> MaintenancePlan.Gate {
        .init(
            .measured("alice.drive_detuning", every: .seconds(1800)), change: 20_000, unit: "Hz", action: action,
            settle: settle)
    }

    @Test("a value is measured at its cadence, and judged only once it was")
    func cadence() {
        var watch = GateWatch([gate(.wait)])
        #expect(watch.judge([], now: 0).isEmpty)
        #expect(watch.due(now: 0, block: 0) == [0])
        watch.take(detuning(1000, at: 0), at: 0)
        #expect(watch.due(now: 1799, block: 30).isEmpty)
        #expect(watch.due(now: 1800, block: 30) == [0])
        var blocks = GateWatch([.init(.measured("alice.t1", every: .blocks(5)), min: 1000, unit: "ns")])
        blocks.take(detuning(1, at: 600), at: 0)
        #expect(blocks.due(now: 1e9, block: 14).isEmpty)
        #expect(blocks.due(now: 600, block: 15) == [0])
        #expect(blocks.due(now: 600, block: 3) == [0], "a restarted campaign never waits for blocks that are behind it")
    }

    @Test("a jump beyond the limit holds until two measurements agree again; a drift below it does not")
    func jump() throws {
        var watch = GateWatch([gate(.wait)])
        for (step, hertz) in [0.0, 9000, 18_000, 37_000, 20_000].enumerated() {
            watch.take(detuning(hertz, at: Double(step) * 1800), at: 0)
            #expect(watch.judge([], now: Double(step) * 1800).isEmpty, "\(hertz) Hz")
        }
        watch.take(detuning(-5000, at: 9000), at: 0)
        let finding = try #require(watch.judge([], now: 9000).first)
        #expect(finding.action == .wait && finding.gate == "alice.drive_detuning" && finding.place == 0)
        #expect(
            finding.reason == "alice.drive_detuning has moved by -25000.0 Hz to -5000.0 Hz since it was measured last, "
                + "allowed: 20000.0 Hz")
        #expect(watch.due(now: 9001, block: 151) == [0], "what holds a block is measured at each look")
        watch.take(detuning(-5100, at: 9001), at: 0)
        #expect(watch.judge([], now: 9001).isEmpty)
        #expect(watch.due(now: 9002, block: 151).isEmpty)
    }

    @Test("a changed value that is to be calibrated stands only until it was, and keeps nothing closed")
    func calibrate() {
        var watch = GateWatch([gate(.calibrate, settle: 600)])
        watch.take(detuning(0, at: 0), at: 0)
        watch.take(detuning(50_000, at: 1800), at: 0)
        #expect(watch.judge([], now: 1800).map(\.action) == [.calibrate])
        #expect(watch.judge([], now: 1810).map(\.action) == [.calibrate], "a calibration that failed is tried again")
        #expect(watch.due(now: 1810, block: 30).isEmpty)
        watch.settle(0)
        #expect(watch.judge([], now: 1820).isEmpty)
        watch.take(detuning(51_000, at: 3600), at: 0)
        #expect(watch.judge([], now: 3600).isEmpty)
    }

    @Test("a population above its limit holds, and must be well for as long as the plan says, in laboratory time")
    func limit() {
        var watch = GateWatch([
            .init(
                .measured("alice.thermal_population", every: .seconds(3600)), max: 0.05, action: .suspend, settle: 600)
        ])
        func take(_ part: Double, _ time: Double) -> [MaintenancePlan.Gate.Action] {
            watch.take(
                GateMeasurement(item: ramsey, value: part, unit: "1", time: time, block: 1), at: 0)
            return watch.judge([], now: time).map(\.action)
        }
        #expect(take(0.004, 0).isEmpty)
        #expect(take(0.09, 3600) == [.suspend])
        #expect(take(0.004, 3700) == [.wait])
        #expect(take(0.004, 4200) == [.wait])
        #expect(take(0.004, 4300).isEmpty)
    }

    @Test("a measurement that says nothing, or is in another unit, is not well; it hides no change either")
    func nothing() {
        var watch = GateWatch([gate(.wait)])
        watch.take(detuning(0, at: 0), at: 0)
        watch.take(detuning(nil, at: 1800), at: 0)
        #expect(watch.judge([], now: 1800).first?.reason.contains("cannot be measured: no fringes") == true)
        watch.take(detuning(90_000, at: 1801), at: 0)
        #expect(watch.judge([], now: 1801).first?.reason.contains("has moved by 90000.0 Hz") == true)
        watch.take(detuning(90_000, at: 1802, unit: "MHz"), at: 0)
        #expect(watch.judge([], now: 1802).first?.reason.contains("is in MHz") == true)
    }

    @Test("a warning is said, and the value is looked at no more often for it")
    func warning() {
        var watch = GateWatch([gate(.warn)])
        watch.take(detuning(0, at: 0), at: 0)
        watch.take(detuning(90_000, at: 1800), at: 0)
        #expect(watch.judge([], now: 1800).map(\.action) == [.warn])
        #expect(watch.due(now: 1900, block: 31).isEmpty)
    }

    @Test("a phase goes the short way round, and what different routines measured is not compared")
    func change() {
        let before = detuning(3.1, at: 0, unit: "rad")
        let change = detuning(-3.1, at: 1, unit: "rad").change(since: before) ?? .nan
        #expect(abs(change - (2 * Double.pi - 6.2)) < 1e-12)
        #expect(detuning(3.0, at: 1).change(since: before) == nil)
        let other = CalibrationItem(.node(.alice), "qubit-spectroscopy")
        #expect(detuning(3.0, at: 1, of: other).change(since: detuning(0, at: 0)) == nil)
        #expect(detuning(3.0, at: 1).change(since: nil) == nil)
    }

    @Test("what the shipped routines' checks measure can be watched; the one that measured last does it")
    func shipped() throws {
        let graph = try CalibrationGraph(RoutineTable.all.map { .init($0) })
        func policy(_ path: String, _ unit: String) throws -> MaintenancePolicy {
            let gate = MaintenancePlan.Gate(.measured(path, every: .seconds(3600)), max: 1, unit: unit)
            return try MaintenancePolicy(MaintenancePlan(gates: [gate]), graph: graph)
        }
        let phase = try policy("link.link_phase", "rad").watched[0]
        #expect(phase?.item(inForce: nil)?.description == "link/bell-phase")
        let thermal = try policy("bob.thermal_population", "1").watched[0]
        #expect(thermal?.item(inForce: "by-hand")?.description == "bob/thermal-population")
        let frequency = try policy("alice.drive_detuning", "Hz").watched[0]
        #expect(frequency?.item(inForce: "ramsey")?.description == "alice/ramsey")
        #expect(frequency?.item(inForce: "qubit-spectroscopy")?.description == "alice/qubit-spectroscopy")
        for (path, unit, fix) in [
            ("alice.thermal_populaton", "1", "alice.thermal_population"), ("carol.t1", "ns", "a gate can measure"),
            ("alice.drive_detuning", "kHz", "write unit: Hz"), ("alice.t2_star", "ns", "a gate can measure"),
        ] {
            let error = #expect(throws: BellError.self) { _ = try policy(path, unit) }
            #expect(error?.code == .calibrationNoItem)
            #expect(error?.fix?.contains(fix) == true, "\(String(describing: error))")
        }
    }
}
