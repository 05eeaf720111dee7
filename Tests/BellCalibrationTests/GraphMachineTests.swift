import BellCalibration
import BellModel
import Testing

@Suite("Walking through the calibration graph") struct GraphMachineTests {
    private let graph: CalibrationGraph
    init() throws { graph = try CalibrationGraph(sampleTable()) }

    private func walk(
        _ goal: GraphMachine.Goal, _ world: inout GraphWorld, _ states: [CalibrationItem: ItemState], attempts: Int = 3
    ) throws -> GraphReport {
        var machine = GraphMachine(graph, goal, states: states, attempts: attempts)
        return try #require(world.walk(&machine, graph: graph), "the walk has an end")
    }

    // MARK: The paper's cases

    @Test("where every state passes nothing is measured")
    func fresh() throws {
        var world = GraphWorld()
        let report = try walk(.maintain([item("link/phase")]), &world, allKnown(graph))
        #expect(world.log.isEmpty)
        #expect(report.rows.map(\.outcome) == Array(repeating: .fresh, count: 9))
        #expect(report.isGood && report.exit == .ok)
    }

    @Test("what nobody has measured is calibrated without a check, which a designer's wide uncertainty would pass")
    func neverMeasured() throws {
        var world = GraphWorld(off: ["alice/rabi", "alice/drag"])
        var states = allKnown(graph)
        states[item("alice/rabi")] = nil
        states[item("alice/drag")] = ItemState(hasFailed: true)
        let report = try walk(.maintain([item("alice/drag")]), &world, states)
        #expect(world.log == ["calibrate alice/rabi", "calibrate alice/drag"])
        #expect(report.isGood && world.off.isEmpty)
    }

    @Test("an old value that is still right costs a check, and counts anew")
    func inSpec() throws {
        var world = GraphWorld()
        var states = allKnown(graph)
        states[item("bob/rabi")]?.verified = 1
        let report = try walk(.maintain([item("link/phase")]), &world, states)
        #expect(world.log == ["check bob/rabi"])
        #expect(report[item("bob/rabi")] == .inSpec)
        #expect(report[item("link/phase")] == .fresh, "a check changes no value, so nothing above is affected")
    }

    @Test("a value out of spec is calibrated, and what needs it is checked")
    func outOfSpec() throws {
        var world = GraphWorld(off: ["alice/rabi"])
        var states = allKnown(graph)
        states[item("alice/rabi")]?.verified = 1
        let report = try walk(.maintain([item("link/phase")]), &world, states)
        #expect(world.log == ["check alice/rabi", "calibrate alice/rabi", "check alice/drag"])
        #expect(report[item("alice/rabi")] == .calibrated)
        #expect(report[item("alice/drag")] == .inSpec)
        #expect(report[item("link/phase")] == .fresh)
    }

    @Test("bad data lead down to the value that moved, though its state passed, and up again")
    func diagnosis() throws {
        // Spectroscopy jumped within its validity: only rabi's check sees that something is wrong.
        var world = GraphWorld(off: ["alice/spectroscopy"])
        var states = allKnown(graph)
        states[item("alice/rabi")]?.verified = 1
        let report = try walk(.maintain([item("alice/drag")]), &world, states)
        #expect(
            world.log == [
                "check alice/rabi", "check alice/spectroscopy", "calibrate alice/spectroscopy", "calibrate alice/rabi",
                "check alice/drag",
            ])
        #expect(report[item("alice/spectroscopy")] == .calibrated)
        #expect(report.isGood)
        #expect(world.off.isEmpty)
    }

    @Test("a diagnosis goes down through bad data, and does not calibrate what nothing below explains")
    func deepDiagnosis() throws {
        var world = GraphWorld(off: ["alice/spectroscopy"])
        var states = allKnown(graph)
        states[item("link/phase")]?.verified = 1
        let report = try walk(.maintain([item("link/phase")]), &world, states)
        #expect(
            world.log == [
                "check link/phase", "check alice/drag", "check alice/rabi", "check alice/spectroscopy",
                "calibrate alice/spectroscopy", "calibrate alice/rabi", "check alice/readout", "calibrate alice/drag",
                "check bob/drag", "calibrate link/phase",
            ])
        #expect(report.isGood)
    }

    @Test("bad data of a check that nothing below explains lead to a calibration, and that one's to a failure")
    func unexplained() throws {
        var world = GraphWorld()
        let rabi = item("alice/rabi")
        // Only the item itself is blind: its dependencies check good.
        world.dead = [rabi]
        var states = allKnown(graph)
        states[rabi] = ItemState(verified: 1, calibrated: 1)
        world.off = [rabi]
        let report = try walk(.maintain([item("alice/drag"), item("bob/drag")]), &world, states)
        #expect(world.log == ["check alice/rabi", "calibrate alice/rabi", "check alice/spectroscopy"])
        #expect(report[rabi] == .failed(.badData, "flat"))
        #expect(report[item("alice/drag")] == .blocked(by: rabi))
        #expect(report[item("bob/drag")] == .fresh, "bob's chain does not suffer")
        #expect(report.exit == .experiment)
    }

    @Test("when the dependency itself cannot be calibrated, it is named, and all above it is blocked")
    func failedDependency() throws {
        var world = GraphWorld(off: ["alice/spectroscopy"])
        world.dead = [item("alice/spectroscopy")]
        var states = allKnown(graph)
        states[item("alice/rabi")]?.verified = 1
        let report = try walk(.maintain([item("link/phase")]), &world, states)
        #expect(report[item("alice/spectroscopy")] == .failed(.badData, "flat"))
        #expect(report[item("alice/rabi")] == .blocked(by: item("alice/spectroscopy")))
        #expect(report[item("link/phase")] == .blocked(by: item("alice/spectroscopy")))
        #expect(report[item("bob/drag")] == .fresh)
    }

    // MARK: Bounds

    @Test("no walk is endless, however the checks and calibrations lie", arguments: 0..<64)
    func bounded(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var machine = GraphMachine(
            graph, seed % 2 == 0 ? .maintain(graph.order) : .bringUp(graph.order), states: [:], attempts: 3)
        var waiting = machine.begin(now: 0)
        var count = 0
        var calibrations: [CalibrationItem: Int] = [:]
        var ends = 0
        while !waiting.isEmpty, count < 5000 {
            count += 1
            // Any of the actions under way may end first.
            let action = waiting.remove(at: Int(random.next() % UInt64(waiting.count)))
            let verdict = [RoutineReport.Verdict.good, .outOfSpec, .badData][Int(random.next() % 3)]
            switch action {
            case .check(let item): waiting += machine.handle(.checked(item, verdict, "?"), now: Double(count))
            case .calibrate(let item):
                calibrations[item, default: 0] += 1
                waiting += machine.handle(.calibrated(item, verdict, "?"), now: Double(count))
            case .accept(let item):
                waiting += machine.handle(
                    random.next() % 4 == 0 ? .refused(item, "no") : .accepted(item), now: Double(count))
            case .finish: ends += 1
            }
        }
        #expect(ends == 1 && waiting.isEmpty)
        #expect(calibrations.values.allSatisfy { $0 <= 3 }, "\(calibrations)")
        #expect(count < 400)
    }

    @Test("after as many calibrations as are allowed the reason says so")
    func attempts() throws {
        // Spectroscopy moves again after each calibration, so rabi's data stay bad.
        var machine = GraphMachine(graph, .maintain([item("alice/rabi")]), states: allKnown(graph, at: 1), attempts: 2)
        var actions = machine.begin(now: 500)
        var report: GraphReport?
        for step in 0..<100 {
            guard let action = actions.first else { break }
            switch action {
            case .check(let item):
                let verdict: RoutineReport.Verdict = item.routine == "rabi" ? .badData : .outOfSpec
                actions = machine.handle(.checked(item, verdict, "moved"), now: 500 + Double(step))
            case .calibrate(let item):
                let verdict: RoutineReport.Verdict = item.routine == "rabi" ? .badData : .good
                actions = machine.handle(.calibrated(item, verdict, "moved"), now: 500 + Double(step))
            case .accept(let item): actions = machine.handle(.accepted(item), now: 500 + Double(step))
            case .finish(let end):
                report = end
                actions = []
            }
        }
        #expect(report?[item("alice/rabi")] == .failed(.badData, "moved"))
        #expect(report?[item("alice/spectroscopy")] == .calibrated)
    }

    // MARK: Force, check, bring-up

    @Test("with force the named one is calibrated though it is fresh, and what it needs only maintained")
    func force() throws {
        var world = GraphWorld()
        let report = try walk(.maintain([item("bob/drag")], isForced: true), &world, allKnown(graph))
        #expect(world.log == ["calibrate bob/drag"])
        #expect(report[item("bob/rabi")] == .fresh)
        #expect(report[item("bob/drag")] == .calibrated)
    }

    @Test("a check changes nothing and looks at everything that was named")
    func check() throws {
        var world = GraphWorld(off: ["alice/rabi"])
        let report = try walk(.check(graph.order), &world, allKnown(graph))
        #expect(world.log.count == 9 && world.log.allSatisfy { $0.hasPrefix("check ") })
        #expect(report[item("alice/rabi")] == .checked(.outOfSpec, ""))
        #expect(report[item("alice/drag")] == .checked(.badData, "noise"))
        #expect(report[item("bob/drag")] == .checked(.good, ""))
        #expect(!report.isGood && report.exit == .experiment)
        #expect(world.off == [item("alice/rabi")])
    }

    @Test("a bring-up calibrates all in order without checks, and once more what later ones improve")
    func bringUp() throws {
        var world = GraphWorld(off: graph.order.map(\.description))
        // Readout stands before rabi in the order only if the table says so.
        let table = [sampleTable()[2], sampleTable()[0], sampleTable()[1], sampleTable()[3], sampleTable()[4]]
        let graph = try CalibrationGraph(table)
        var machine = GraphMachine(graph, .bringUp(graph.order))
        let report = try #require(world.walk(&machine, graph: graph))
        #expect(world.log.allSatisfy { $0.hasPrefix("calibrate ") })
        #expect(
            world.log.filter { $0.contains("alice") } == [
                "calibrate alice/readout", "calibrate alice/spectroscopy", "calibrate alice/rabi",
                "calibrate alice/readout", "calibrate alice/drag",
            ])
        #expect(world.log.last == "calibrate link/phase")
        #expect(report.isGood)
        #expect(world.off.isEmpty)
    }

    @Test("a value that must not be is refused: the item fails and its old value counts")
    func refused() throws {
        var world = GraphWorld(off: ["alice/rabi"])
        world.absurd = [item("alice/rabi")]
        let report = try walk(.bringUp([item("alice/drag")]), &world, [:])
        #expect(report[item("alice/rabi")] == .failed(.outOfSpec, "1.2 is above 1"))
        #expect(report[item("alice/drag")] == .blocked(by: item("alice/rabi")))
        #expect(world.off.contains(item("alice/rabi")))
    }

    // MARK: Both nodes

    @Test("alice's and bob's actions are under way together; one of the link is alone")
    func parallel() {
        var machine = GraphMachine(graph, .bringUp(graph.order))
        let first = machine.begin(now: 0)
        #expect(first == [.calibrate(item("alice/spectroscopy")), .calibrate(item("bob/spectroscopy"))])
        // Bob alone goes on as far as he can.
        var actions = machine.handle(.calibrated(item("bob/spectroscopy"), .good, ""), now: 1)
        #expect(actions == [.accept(item("bob/spectroscopy"))])
        for name in ["rabi", "readout", "drag"] {
            actions = machine.handle(.accepted(actions.first?.item ?? item("")), now: 2)
            #expect(actions == [.calibrate(item("bob/\(name)"))])
            actions = machine.handle(.calibrated(item("bob/\(name)"), .good, ""), now: 2)
        }
        actions = machine.handle(.accepted(item("bob/drag")), now: 3)
        #expect(actions.isEmpty, "the link waits for alice")
        #expect(machine.progress == (4, 9))
    }

    // MARK: Endings

    @Test("a person ends it: nothing more is begun, nothing is accepted, and the rest was not reached")
    func cancelled() throws {
        var world = GraphWorld(off: graph.order.map(\.description))
        world.cancelBefore = .accept(item("bob/spectroscopy"))
        let report = try walk(.bringUp(graph.order), &world, [:])
        #expect(report.isCancelled && report.error == nil)
        #expect(report.exit == .interrupted)
        #expect(report[item("alice/spectroscopy")] == .calibrated)
        #expect(report[item("bob/spectroscopy")] == .notReached)
        #expect(world.off.contains(item("bob/spectroscopy")))
        #expect(report[item("link/phase")] == .notReached)
    }

    @Test("a device that is gone ends it with its error; what is under way at the other node ends first")
    func lost() throws {
        var world = GraphWorld(off: graph.order.map(\.description))
        world.unplugged = [item("bob/rabi")]
        let report = try walk(.bringUp(graph.order), &world, [:])
        #expect(report.error?.what == "gone")
        #expect(report.exit == .hardware)
        #expect(report[item("bob/rabi")] == .notReached)
        #expect(report[item("link/phase")] == .notReached)
    }

    @Test("an event that belongs to nothing under way changes nothing")
    func strayEvents() {
        var machine = GraphMachine(graph, .bringUp([item("alice/rabi")]))
        _ = machine.begin(now: 0)
        #expect(machine.handle(.accepted(item("alice/rabi")), now: 1).isEmpty)
        #expect(machine.handle(.calibrated(item("bob/rabi"), .good, ""), now: 1).isEmpty)
        #expect(machine.states.isEmpty)
    }

    @Test("where nothing is wanted the end comes at once")
    func nothing() {
        var machine = GraphMachine(graph, .maintain([]))
        #expect(machine.begin(now: 0) == [.finish(GraphReport(rows: []))])
    }
}

/// Numbers that are the same on each run (Steele et al., OOPSLA 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
