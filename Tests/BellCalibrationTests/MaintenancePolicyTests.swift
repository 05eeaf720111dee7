import BellModel
import Testing

@testable import BellCalibration

@Suite("What is due between two blocks") struct MaintenancePolicyTests {
    private let graph: CalibrationGraph
    private let path = CalibrationPath(.node(.alice), "drive_detuning")

    init() throws {
        graph = try CalibrationGraph([
            .init(name: "rabi", scope: .node, proposes: ["half_pi_amplitude"]),
            .init(name: "ramsey", scope: .node, dependencies: ["rabi"], proposes: ["drive_detuning"]),
            .init(name: "fine", scope: .node, dependencies: ["ramsey"], proposes: ["half_pi_amplitude"]),
            .init(name: "phase", scope: .link, dependencies: ["fine"], proposes: ["link_phase"]),
        ])
    }

    private func policy(_ checks: [MaintenancePlan.Check], _ fallbacks: [MaintenancePlan.Fallback] = []) throws
        -> MaintenancePolicy
    { try MaintenancePolicy(MaintenancePlan(checks: checks, fallbacks: fallbacks), graph: graph) }

    private func at(_ text: String) throws -> CalibrationItem { try #require(CalibrationItem(text)) }

    @Test("by age an item is due exactly once it is that old, and the record says how old")
    func age() throws {
        let policy = try policy([.init("phase", when: .age, every: .seconds(1800))])
        let phase = try at("link/phase")
        var known = MaintenanceKnowledge(now: 2799, block: 3, verified: [phase: 1000])
        #expect(policy.due(known).isEmpty)
        known.now = 2800
        let due = try #require(policy.due(known).first)
        #expect(due.items == [phase])
        #expect(due.action == .calibrate)
        #expect(due.reason == "30 min old, at most 30 min")
        #expect(
            due.basis == [
                "age_s": 1800.0, "limit_s": 1800.0, "when": "age", "block": 3, "laboratory_time": 2800.0,
            ])
        known.seen[0] = .init(block: 3, time: 2800)
        #expect(policy.due(known).isEmpty, "what was seen to counts anew, even where nothing was verified")
    }

    @Test("the oldest of both nodes decides; --node narrows; what was never measured or failed is due at once")
    func nodes() throws {
        let both = try policy([.init("ramsey", when: .shots, every: .seconds(600))])
        let (alice, bob) = (try at("alice/ramsey"), try at("bob/ramsey"))
        var known = MaintenanceKnowledge(now: 1000, block: 0, verified: [alice: 900])
        var due = both.due(known)
        #expect(due.map(\.items) == [[alice, bob]])
        #expect(due.map(\.action) == [.check])
        #expect(due.map(\.reason) == ["bob/ramsey: never measured"])
        known.verified[bob] = 300
        #expect(both.due(known).map(\.reason) == ["11 min old, at most 10 min"])
        known.verified[bob] = 950
        #expect(both.due(known).isEmpty)
        known.failed = [bob]
        due = both.due(known)
        #expect(due.map(\.reason) == ["bob/ramsey: the last calibration failed"])
        let one = try policy([.init("ramsey", node: .alice, when: .shots, every: .seconds(600))])
        #expect(one.due(known).isEmpty)
    }

    @Test("every n blocks means n blocks, from the first of the campaign on")
    func blocks() throws {
        let policy = try policy([.init("phase", when: .shots, every: .blocks(30))])
        var known = MaintenanceKnowledge(now: 0, block: 5, verified: [try at("link/phase"): 0])
        #expect(policy.due(known).count == 1)
        known.seen[0] = .init(block: 5, time: 0)
        known.block = 34
        #expect(policy.due(known).isEmpty)
        known.block = 35
        #expect(policy.due(known).map(\.reason) == ["30 blocks old"])
        // A restarted campaign never counts backwards.
        known.block = 2
        #expect(policy.due(known).isEmpty)
    }

    /// A steady drift of 1 Hz a second, measured to 10 Hz every 600 s.
    private var steady: DriftEstimate? {
        DriftEstimate(
            (0..<10).map { .init(time: Double($0) * 600, value: Double($0) * 600, uncertainty: 10) })
    }

    @Test("a drifting value is due when its history predicts the tolerance, not before and not later")
    func drift() throws {
        #expect(steady != nil)
        let policy = try policy([.init("alice.drive_detuning", when: .drift, tolerance: 1000)])
        var known = MaintenanceKnowledge(now: 10_000 + 900, block: 9)
        known.values[path] = .init(measured: 10_000, routine: "ramsey", drift: steady)
        #expect(policy.due(known).isEmpty)
        known.now = 10_000 + 1100
        let due = try #require(policy.due(known).first)
        #expect(due.items == [try at("alice/ramsey")])
        #expect(due.action == .calibrate)
        let predicted = try #require(due.basis["predicted"]?.doubleValue)
        #expect(abs(predicted - 1100) < 20)
        #expect(due.basis["rests_on"] == 10)
    }

    @Test("without a history a drifting value goes by its age, and one that nobody measured is due")
    func noHistory() throws {
        let policy = try policy([.init("alice.drive_detuning", when: .drift, every: .seconds(3600), tolerance: 1)])
        var known = MaintenanceKnowledge(now: 10_000, block: 0)
        #expect(policy.due(known).map(\.reason) == ["alice.drive_detuning: never measured"])
        known.values[path] = .init(measured: 7000)
        #expect(policy.due(known).isEmpty)
        known.now = 10_600
        #expect(policy.due(known).map(\.reason) == ["60 min old, at most 60 min"])
    }

    @Test("a value whose measurement is coarser than its tolerance is not measured before every block")
    func coarse() throws {
        let policy = try policy([.init("alice.drive_detuning", when: .drift, tolerance: 1)])
        var known = MaintenanceKnowledge(now: 10_000, block: 9)
        known.values[path] = .init(measured: 10_000, drift: steady)
        #expect(policy.due(known).isEmpty)
    }

    @Test("a value is measured by the routine that it is from, else by the last that can", arguments: [nil, "rabi"])
    func routine(name: String?) throws {
        let policy = try policy([.init("bob.half_pi_amplitude", when: .age, every: .seconds(1))])
        let path = CalibrationPath(.node(.bob), "half_pi_amplitude")
        let known = MaintenanceKnowledge(now: 10_000, block: 9, values: [path: .init(routine: name)])
        #expect(policy.due(known).map(\.items) == [[try at("bob/\(name ?? "fine")")]])
        #expect(policy.watchedPaths == [path])
    }

    @Test("what builds on a value that has moved is checked at once, once, and its own age goes on")
    func follow() throws {
        let policy = try policy([.init("phase", when: .age, every: .seconds(1800))])
        let phase = try at("link/phase")
        var known = MaintenanceKnowledge(now: 1100, block: 3, verified: [phase: 1000])
        known.confirmed = [phase: 500]
        known.moved = [try at("bob/rabi"): 499, phase: 900]
        #expect(policy.due(known).isEmpty, "what moved before it was confirmed, or is itself, does not matter")
        known.moved[try at("bob/ramsey")] = 501
        let due = try #require(policy.due(known).first)
        #expect(due.items == [phase] && due.action == .check && due.isFollowing)
        #expect(due.reason == "bob/ramsey has moved since link/phase was seen to")
        #expect(due.basis["moved"] == ["bob/ramsey"])
        known.followed[0] = 502
        #expect(policy.due(known).isEmpty)
        known.now = 2800
        #expect(policy.due(known).map(\.action) == [.calibrate])
    }

    @Test("words that no routine knows are refused, all at once")
    func unknown() throws {
        let error = #expect(throws: BellError.self) {
            try policy(
                [.init("ramsy", when: .age, every: .seconds(1)), .init("phase", when: .age, every: .seconds(1))],
                [.rerun("bring-up"), .rerun("everything")])
        }
        #expect(error?.code == .calibrationNoItem)
        #expect(error?.others.count == 1)
    }

    @Test("tending calibrates what is due and what its check shows out of spec, and leaves the rest alone")
    func tend() throws {
        var world = GraphWorld(off: ["alice/ramsey"])
        let (alice, bob, phase) = (try at("alice/ramsey"), try at("bob/ramsey"), try at("link/phase"))
        var machine = GraphMachine(graph, .tend(check: [alice, bob], calibrate: [phase]))
        let report = try #require(world.walk(&machine, graph: graph))
        #expect(
            Set(world.log) == [
                "check alice/ramsey", "calibrate alice/ramsey", "check bob/ramsey", "calibrate link/phase",
            ])
        #expect(report.rows.map(\.item) == [alice, bob, phase])
        #expect(report.rows.map(\.outcome) == [.calibrated, .inSpec, .calibrated])
        #expect(report.isGood)
    }

    @Test("data that say nothing lead down to what moved below, though nobody asked for it")
    func tendBelow() throws {
        var world = GraphWorld(off: ["bob/rabi"])
        var machine = GraphMachine(graph, .tend(check: [try at("bob/ramsey")], calibrate: []))
        let report = try #require(world.walk(&machine, graph: graph))
        #expect(world.log.contains("calibrate bob/rabi"))
        #expect(report.isGood)
    }
}

@Suite("The laboratory's clock") struct LaboratoryClockTests {
    @Test("a real laboratory has the wall clock")
    func wall() {
        var clock = LaboratoryClock(factor: nil, wall: 100)
        clock.played(50, until: 110)
        #expect(clock.time(at: 105) == 105)
        #expect(clock.time(at: 1000) == 1000)
    }

    @Test("a simulated one ages with its trials, times their factor, and stands still without")
    func simulated() {
        var clock = LaboratoryClock(factor: 46, wall: 1000)
        clock.played(1.3, until: 1010)
        clock.played(0, until: 1015)
        clock.played(2, until: 1020)
        #expect(clock.time(at: 900) == 900, "before it began both went alike")
        #expect(abs(clock.time(at: 1005) - (1000 + 0.65 * 46)) < 1e-9)
        #expect(abs(clock.time(at: 1012) - (1000 + 1.3 * 46)) < 1e-9)
        #expect(abs(clock.time(at: 2000) - (1000 + 3.3 * 46)) < 1e-9)
        clock.played(-1, until: 1030)
        clock.played(1, until: 1000)
        #expect(abs(clock.time(at: 2000) - (1000 + 3.3 * 46)) < 1e-9, "nothing goes backwards")
    }

    @Test("while a campaign waits, a simulated laboratory's time goes on as its gauges' does")
    func waits() {
        var clock = LaboratoryClock(factor: 46, wall: 1000)
        clock.played(1, until: 1001)
        clock.waited(until: 1011)
        #expect(abs(clock.time(at: 1011) - (1000 + 11 * 46)) < 1e-9)
        clock.waited(until: 1000)
        #expect(abs(clock.time(at: 1011) - (1000 + 11 * 46)) < 1e-9, "nothing goes backwards")
        clock.played(1, until: 1012)
        #expect(abs(clock.time(at: 1012) - (1000 + 12 * 46)) < 1e-9)
        var real = LaboratoryClock(factor: nil, wall: 100)
        real.waited(until: 110)
        #expect(real.time(at: 110) == 110)
    }

    @Test("its memory is bounded, and its last time stays right")
    func bounded() {
        var clock = LaboratoryClock(factor: 2, wall: 0)
        for i in 1...50_000 { clock.played(1, until: Double(i)) }
        #expect(clock.time(at: 50_000) == 100_000)
        #expect(abs(clock.time(at: 25_000) - 50_000) < 4)
    }
}

@Suite("Gates between blocks") struct GateWatchTests {
    private let fridge = MaintenancePlan.Gate(
        device: "fridge", reading: "mixing_chamber_k", max: 0.02, unit: "K", action: .wait, settle: 300)

    private func reading(_ kelvin: Double?, complaints: [String] = []) -> GateReading {
        GateReading(
            device: "fridge", values: kelvin.map { ["mixing_chamber_k": $0] } ?? [:], units: ["mixing_chamber_k": "K"],
            complaints: complaints)
    }

    @Test("a warm fridge holds the campaign until it has been cold for as long as the plan says")
    func settle() {
        var watch = GateWatch([fridge])
        #expect(watch.judge([reading(0.011)], now: 0).isEmpty)
        #expect(
            watch.judge([reading(0.9)], now: 10) == [
                GateFinding(
                    gate: "fridge.mixing_chamber_k", place: 0, action: .wait,
                    reason: "fridge.mixing_chamber_k is 0.9 K, allowed: at most 0.02 K")
            ])
        #expect(watch.judge([reading(0.012)], now: 100).map(\.action) == [.wait])
        #expect(watch.judge([reading(0.012)], now: 399).count == 1)
        // A relapse starts the time anew.
        #expect(watch.judge([reading(0.03)], now: 399.5).count == 1)
        #expect(watch.judge([reading(0.012)], now: 400).count == 1)
        #expect(watch.judge([reading(0.012)], now: 699).count == 1)
        #expect(watch.judge([reading(0.012)], now: 700).isEmpty)
    }

    @Test("what cannot be read, or is in another unit, is not well")
    func unreadable() {
        var watch = GateWatch([fridge])
        func reason(_ readings: [GateReading]) -> String? { watch.judge(readings, now: 0).first?.reason }
        #expect(reason([])?.contains("no instrument") == true)
        #expect(reason([GateReading(device: "fridge", unreachable: "silent")])?.contains("silent") == true)
        #expect(reason([reading(nil)])?.contains("no readings") == true)
        #expect(reason([reading(.nan)]) != nil)
        let celsius = GateReading(
            device: "fridge", values: ["mixing_chamber_k": 0.01], units: ["mixing_chamber_k": "°C"])
        #expect(reason([celsius])?.contains("°C") == true)
    }

    @Test("a lost lock holds the campaign without any gate, and a gate on its device says otherwise")
    func complaints() {
        let lost = GateReading(
            device: "bob-reference", values: ["reference_locked": 0], complaints: ["the 10 MHz reference is not locked"]
        )
        var plain = GateWatch([])
        #expect(
            plain.judge([lost], now: 0) == [
                GateFinding(
                    gate: "bob-reference", action: .wait,
                    reason: "bob-reference reports: the 10 MHz reference is not locked")
            ])
        var strict = GateWatch([
            .init(device: "bob-reference", reading: "reference_locked", min: 1, unit: "1", action: .suspend)
        ])
        #expect(strict.judge([lost], now: 0).map(\.action) == [.suspend, .suspend])
        #expect(strict.judge([GateReading(device: "bob-reference", values: ["reference_locked": 1])], now: 1).isEmpty)
    }

    @Test(
        "a campaign begins a block only when all that is left fits on the disk",
        arguments: [
            (400 << 20, 1000, 50.0, true), (300 << 20, 1_000_000, 50.0, false), (255 << 20, 0, nil, false),
            (0, .max, nil, false), (.max, 1_000_000_000, 65, true),
        ] as [(UInt64, UInt64, Double?, Bool)])
    func disk(free: UInt64, left: UInt64, bytes: Double?, fits: Bool) {
        #expect((GateWatch.disk(free: free, left: left, bytesPerTrial: bytes) == nil) == fits)
    }
}
