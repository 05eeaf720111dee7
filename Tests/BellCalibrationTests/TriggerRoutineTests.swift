import BellModel
import BellSequence
import Testing

@testable import BellCalibration

@Suite("Jitter of the shared pulse, from clock records")
struct TriggerRoutineTests {
    /// A report of made clock records, which `change` may damage.
    private func report(
        _ world: LinkWorld, _ context: RoutineContext? = nil, check: Bool = false,
        _ change: (inout PerNode<[ClockRecord]>) -> Void = { _ in }
    ) throws -> RoutineReport {
        var world = world
        let context = try context ?? LinkFiles.context()
        let routine = TriggerRoutine()
        guard case .measure(let points, _) = try check ? routine.check(context, []) : routine.calibrate(context, []),
            case .joint(var set) = try world.measure(points[0], context)
        else { throw BellError(.calibrationMissing, "no joint point") }
        change(&set.clocks[0])
        let rounds = [[BellCalibration.Measurement.joint(set)]]
        guard case .finish(let report) = try check ? routine.check(context, rounds) : routine.calibrate(context, rounds)
        else { throw BellError(.calibrationMissing, "goes on") }
        return report
    }

    private func proposals(_ report: RoutineReport) -> PerNode<RoutineReport.Proposal?> {
        PerNode { node in
            report.proposals.first { $0.path == CalibrationPath(.timing(node), "trigger_jitter") }
        }
    }

    @Test("finds the jitter without the ticks' rounding", arguments: 0..<16)
    func finds(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.pulseJitter = PerNode(alice: 0.1 * Double(1 + seed % 8), bob: seed < 8 ? 0.24 : 1.4)
        if seed.isMultiple(of: 3) { world.drift.alice = -43e-6 }
        let report = try report(world)
        #expect(report.verdict == .good && report.figures.count == 2, "\(report.reason)")
        let found = proposals(report)
        for node in Node.allCases {
            let proposal = try #require(found[node])
            let truth = 0.125 * world.pulseJitter[node]
            #expect(
                (proposal.value - truth).magnitude < 4 * proposal.uncertainty,
                "\(node.name) \(proposal.value) ± \(proposal.uncertainty), truth \(truth)")
            #expect(proposal.uncertainty < 0.006)
        }
        let rate = try #require(report.metrics.first { $0.name == "clock_rate_difference" })
        let truth = 1e9 * ((1 + world.drift.alice) / (1 + world.drift.bob) - 1)
        #expect((rate.value - truth).magnitude < 4 * (rate.uncertainty ?? 0) + 0.001, "\(rate.value), truth \(truth)")
    }

    @Test("uncertainties are what the values scatter by")
    func honest() throws {
        var (values, sigmas): ([Double], [Double]) = ([], [])
        for seed in 100..<140 {
            let proposal = try #require(proposals(report(LinkWorld(seed: seed))).alice)
            values.append(proposal.value)
            sigmas.append(proposal.uncertainty)
        }
        let mean = values.reduce(0, +) / 40
        let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39).squareRoot()
        let typical = sigmas.reduce(0, +) / 40
        // 40 values tell a standard deviation to 11 %; the allowance for unfinished rounding may make ours larger.
        #expect(typical > 0.7 * spread && typical < 3 * spread, "\(typical) against \(spread)")
        #expect((mean - 0.03).magnitude < 0.0005)
    }

    @Test("of a counter in step with the pulse a bound is told, and nothing proposed", arguments: 0..<12)
    func inStep(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        let jitter = [0.03, 0.1, 0.2, 0.5][seed % 4]
        let phase = [0.01, 0.5, 0.8][seed / 4]
        let context = try LinkFiles.context()
        let report = try report(world, context) { clocks in
            clocks.alice = world.dice.clock(clocks.alice.count, jitter: jitter, drift: 0, phase: phase)
        }
        #expect(report.verdict == .good && proposals(report).alice == nil && proposals(report).bob != nil)
        let bound = try #require(report.metrics.first { $0.name == "alice_trigger_jitter_bound" })
        #expect(bound.value > 0.125 * jitter && bound.value < 0.125 * 1.1, "\(bound.value), truth \(0.125 * jitter)")
        #expect(report.reason.contains("in step"))
    }

    @Test(
        "a clock that slips is bad data, wherever it does",
        arguments: [
            (1, 0.5), (-1, 0.4), (3, 0.2), (3, 0.95), (80, 0.01), (80, 0.25), (80, 0.5), (-80, 0.997), (100_000, 0.5),
        ])
    func slips(ticks: Int, part: Double) throws {
        let report = try report(LinkWorld(seed: 3)) { clocks in
            for k in clocks.bob.indices where Double(k) > part * Double(clocks.bob.count) {
                clocks.bob[k].tick = UInt64(Int(clocks.bob[k].tick) + ticks)
            }
        }
        #expect(report.verdict == .badData && report.proposals.isEmpty, "\(report.reason)")
        #expect(report.reason.contains("bob"), "\(report.reason)")
    }

    @Test("an oscillator that wanders is bad data")
    func wanders() throws {
        let report = try report(LinkWorld(seed: 4)) { clocks in
            for k in clocks.alice.indices {
                let part = Double(k) / Double(clocks.alice.count) - 0.5
                clocks.alice[k].tick += UInt64(16 * part * part)
            }
        }
        #expect(report.verdict == .badData && report.reason.contains("wanders"), "\(report.reason)")
    }

    @Test("missing, repeated and contradictory records are bad data", arguments: 0..<6)
    func damaged(kind: Int) throws {
        let report = try report(LinkWorld(seed: 5)) { clocks in
            let all = clocks.alice
            switch kind {
            case 0: clocks.alice = []
            case 1: clocks.alice = all.enumerated().filter { $0.offset.isMultiple(of: 64) }.map(\.element)
            case 2: clocks.alice[7].pulse = clocks.alice[6].pulse
            case 3: clocks.alice[7].tick = clocks.alice[6].tick
            case 4: clocks.alice[all.count - 1].tick = .max
            default: clocks.alice = all.map { ClockRecord(pulse: $0.pulse &* 0x1000_0000_0000, tick: $0.tick) }
            }
        }
        #expect(report.verdict == .badData && report.proposals.isEmpty, "\(report.reason)")
        #expect(report.reason.contains("alice"), "\(report.reason)")
    }

    @Test("arms too short for a standard deviation are bad data; the longest one counts")
    func arms() throws {
        var world = LinkWorld(seed: 6)
        let context = try LinkFiles.context()
        guard case .measure(let points, _) = try TriggerRoutine().calibrate(context, []),
            case .joint(var set) = try world.measure(points[0], context)
        else { throw BellError(.calibrationMissing, "no joint point") }
        let all = set.clocks[0]
        for (size, verdict) in [(400, RoutineReport.Verdict.badData), (4000, .good)] {
            set.clocks = stride(from: 0, to: all.alice.count, by: size).map { from in
                PerNode { Array(all[$0][from..<min(from + size, all[$0].count)]) }
            }
            guard case .finish(let report) = try TriggerRoutine().calibrate(context, [[.joint(set)]]) else { return }
            #expect(report.verdict == verdict, "\(report.reason)")
        }
    }

    @Test("single stray records are left out and counted")
    func stray() throws {
        let report = try report(LinkWorld(seed: 7)) { clocks in
            for k in [77, 5000, 11_000] { clocks.alice[k].tick += 30 }
        }
        let proposal = try #require(proposals(report).alice)
        #expect((proposal.value - 0.03).magnitude < 4 * proposal.uncertainty)
        #expect(report.metrics.first { $0.name == "alice_stray_pulses" }?.value == 3)
    }

    @Test("a large jitter and rates that cannot be are out of spec")
    func outOfSpec() throws {
        var world = LinkWorld(seed: 8)
        world.pulseJitter.bob = 3
        #expect(try report(world).verdict == .outOfSpec)
        world = LinkWorld(seed: 8)
        world.drift.bob = 200e-6
        let report = try report(world)
        #expect(report.verdict == .outOfSpec && report.proposals.isEmpty && report.reason.contains("ppm"))
    }

    @Test("the check compares with what is in force", arguments: [(0.03, true), (0.06, false), (0.005, false)])
    func check(value: Double, good: Bool) throws {
        var world = LinkWorld(seed: 9)
        world.pulseJitter.bob = 0.24
        let context = try LinkFiles.context().setting(CalibrationPath(.timing(.alice), "trigger_jitter"), value, 0.001)
        let report = try report(world, context, check: true)
        #expect((report.verdict == .good) == good && report.proposals.isEmpty, "\(report.reason)")
    }
}
