import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration

@Suite("Routines of timing, on formulas")
struct TimingRoutineTests {
    @Test("switch-delay finds the edge of a switch that opens at once", arguments: 0..<10)
    func sharp(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.switchOpens = 0.4 + 0.37 * Double(seed)
        let report = try world.perform(SwitchDelayRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good, "\(report.reason)")
        let proposal = try #require(report.proposals.first)
        #expect(proposal.path.description == "timing.alice.switch_delay")
        let sweep = try #require(report.metrics.first { $0.name == "switch_delay_less_line" })
        #expect((sweep.uncertainty ?? 1) < 0.15)
        #expect((sweep.value - world.switchOpens).magnitude < 4 * (sweep.uncertainty ?? 0))
        // switch_line is 1.6.
        #expect(
            (proposal.value - world.switchOpens - 1.6).magnitude < 4 * proposal.uncertainty,
            "\(proposal.value) ± \(proposal.uncertainty), truth \(world.switchOpens + 1.6)")
    }

    @Test("switch-delay counts a transient up to 90 %", arguments: 0..<8)
    func soft(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.switchOpens = 1.1
        world.switchRise = 1 + 0.3 * Double(seed)
        let report = try world.perform(SwitchDelayRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good, "\(report.reason)")
        let proposal = try #require(report.proposals.first)
        let truth = 1.1 + 1.6 + log(10) * world.switchRise
        #expect(
            (proposal.value - truth).magnitude < 4 * proposal.uncertainty,
            "\(proposal.value) ± \(proposal.uncertainty), truth \(truth)")
        let rise = try #require(report.proposals.last)
        #expect(rise.path.description == "timing.alice.switch_rise")
        #expect((rise.value - world.switchRise).magnitude < 4 * rise.uncertainty)
    }

    @Test(
        "the time of 90 % lies within switch_delay's uncertainty, however fast the switch",
        arguments: [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1], 20..<24)
    func hidden(rise: Double, seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.switchOpens = 1.1 + 0.13 * Double(seed - 20)
        world.switchRise = rise
        let report = try world.perform(SwitchDelayRoutine(), LinkFiles.context()).report
        let proposal = try #require(report.proposals.first, "\(report.reason)")
        let truth = world.switchOpens + 1.6 + log(10) * rise
        // √3 is the most that an allowance for 0…a leaves; the rest is the shots' scatter.
        #expect(
            (proposal.value - truth).magnitude < 2.5 * proposal.uncertainty,
            "\(proposal.value) ± \(proposal.uncertainty), truth \(truth)")
        // An allowance for everything would say nothing: 0.8 ns of rise are as much as a sharp switch can hide.
        #expect(proposal.uncertainty < (rise <= 0.2 ? 0.8 : 1.2))
    }

    @Test("switch-delay widens its sweep once", arguments: [60.0, 100])
    func wide(opens: Double) throws {
        var world = LinkWorld(seed: 3)
        world.switchOpens = opens
        let (report, rounds) = try world.perform(SwitchDelayRoutine(), LinkFiles.context())
        #expect(rounds.count == 3 && report.verdict == .good, "\(report.reason)")
        #expect(((report.proposals.first?.value ?? 0) - opens - 1.6).magnitude < 0.5)
    }

    @Test("a stuck switch is named and proposes nothing", arguments: [true, false])
    func stuck(open: Bool) throws {
        var world = LinkWorld(seed: 4)
        world.switchIsStuck = open
        let report = try world.perform(SwitchDelayRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .outOfSpec && report.proposals.isEmpty)
        #expect(report.reason.contains(open ? "stuck open" : "stuck closed"))
        #expect(try world.perform(SwitchDelayRoutine(), LinkFiles.context(), check: true).report.verdict == .outOfSpec)
    }

    @Test("the switch's check sees a shift", arguments: [(0.0, true), (1.5, false), (-1.5, false)])
    func check(shift: Double, good: Bool) throws {
        var world = LinkWorld(seed: 6)
        world.switchOpens = 1.6 + shift
        let report = try world.perform(SwitchDelayRoutine(), LinkFiles.context(), check: true).report
        #expect((report.verdict == .good) == good, "\(report.reason)")
        let error = try #require(report.metrics.first)
        #expect((error.value - shift).magnitude < 4 * (error.uncertainty ?? 0) + 0.1)
    }

    @Test("the switch's check knows how slow the switch is", arguments: [0.0, 0.3, 1, 2], 0..<4)
    func slowCheck(rise: Double, seed: Int) throws {
        var world = LinkWorld(seed: 40 + seed)
        world.switchOpens = 1.6 - rise * log(10)
        world.switchRise = rise
        let context = try LinkFiles.context().setting(CalibrationPath(.timing(.alice), "switch_rise"), rise)
        let report = try world.perform(SwitchDelayRoutine(), context, check: true).report
        #expect(report.verdict == .good, "\(report.reason)")
        world.switchOpens += seed.isMultiple(of: 2) ? 1.5 : -1.5
        let moved = try world.perform(SwitchDelayRoutine(), context, check: true).report
        #expect(moved.verdict == .outOfSpec, "\(moved.reason)")
    }

    @Test("readout-delay finds the tone's front", arguments: 0..<8, [false, true])
    func front(seed: Int, window: Bool) throws {
        var world = LinkWorld(seed: seed)
        world.front = -2 + 0.7 * Double(seed)
        world.seesWindow = window
        let report = try world.perform(ReadoutDelayRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good, "\(report.reason)")
        let proposal = try #require(report.proposals.first)
        #expect(proposal.path.description == "timing.alice.readout_in")
        // drive_line is 14.1 ± 0.05.
        #expect(
            (proposal.value - 14.1 - world.front).magnitude < 4 * proposal.uncertainty,
            "\(proposal.value) ± \(proposal.uncertainty), truth \(14.1 + world.front)")
        #expect(proposal.uncertainty < 0.3)
        #expect(report.reason.contains(window ? "window" : "front"))
    }

    @Test("readout-delay widens once, and gives up where there is no edge")
    func wideFront() throws {
        var world = LinkWorld(seed: 2)
        world.front = 120
        let (report, rounds) = try world.perform(ReadoutDelayRoutine(), LinkFiles.context())
        #expect(rounds.count == 3 && report.verdict == .good, "\(report.reason)")
        world.front = 3000
        let lost = try world.perform(ReadoutDelayRoutine(), LinkFiles.context()).report
        #expect(lost.verdict == .outOfSpec && lost.proposals.isEmpty)
    }

    @Test("the readout's check sees a shift", arguments: [(-0.4, true), (2.6, false)])
    func frontCheck(front: Double, good: Bool) throws {
        var world = LinkWorld(seed: 8)
        world.front = front
        let report = try world.perform(ReadoutDelayRoutine(), LinkFiles.context(), check: true).report
        #expect((report.verdict == .good) == good, "\(report.reason)")
    }

    @Test("drive-delay tells the paths apart by their phase", arguments: [-12.0, -0.3, 0, 0.4, 9])
    func paths(delay: Double) throws {
        var world = LinkWorld(seed: 9)
        world.switchedPath = delay
        let report = try world.perform(DriveDelayRoutine(), LinkFiles.context()).report
        let found = try #require(report.metrics.first)
        #expect((found.value - delay).magnitude < 4 * (found.uncertainty ?? 0))
        #expect((found.uncertainty ?? 1) < 0.2)
        #expect((report.verdict == .good) == (delay.magnitude < 1) && report.proposals.isEmpty)
    }

    @Test("latch sees bits that are not those that acted", arguments: [(0.0, true), (0.15, false)])
    func latch(wrong: Double, good: Bool) throws {
        var world = LinkWorld(seed: 10)
        world.wrongBits = wrong
        let report = try world.perform(LatchRoutine(), LinkFiles.context()).report
        #expect((report.verdict == .good) == good, "\(report.reason)")
        #expect(report.metrics.count == 6)
    }

    @Test("clock-alignment says unknown where photons go one way only")
    func oneWay() throws {
        var world = LinkWorld(seed: 12)
        world.arrival = 149.7
        let report = try world.perform(ClockAlignmentRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good && report.proposals.isEmpty)
        #expect(report.reason.contains("unknown"))
        let change = try #require(report.metrics.first)
        #expect((change.value - 0).magnitude < 4 * (change.uncertainty ?? 0))
    }

    @Test("delays both ways tell the offset, and their mean the link")
    func twoWay() {
        let offset = ClockOffset(forward: Uncertain(152, 0.3), backward: Uncertain(148, 0.4))
        #expect(offset.error == Uncertain(2, 0.25) && offset.delay == Uncertain(150, 0.25))
    }

    @Test("clock-alignment measures both ways where it can", arguments: 0..<4)
    func both(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        var context = try LinkFiles.context().setting(CalibrationPath(.node(.bob), "emission_amplitude"), 0.78)
            .setting(CalibrationPath(.node(.alice), "absorption_amplitude"), 0.89)
        context.values.nodes.bob.pulses[.emission] = context.values.nodes.alice.pulses[.emission]
        context.values.nodes.alice.pulses[.absorption] = context.values.nodes.bob.pulses[.absorption]
        let (report, rounds) = try world.perform(ClockAlignmentRoutine(), context)
        #expect(rounds.first?.contains { if case .joint = $0 { true } else { false } } == true)
        // In the schedule both ways take 149.9; the lines' 0.3 make them 150.2 and 149.6.
        let error = try #require(report.metrics.first { $0.name == "clock_offset_error" })
        #expect((error.value - 0.3).magnitude < 4 * (error.uncertainty ?? 0))
    }

    @Test("points that come back empty are bad data", arguments: TimingRoutines.all.map(\.name))
    func empty(name: String) throws {
        let routine = try #require(TimingRoutines.all.first { $0.name == name })
        let context = try LinkFiles.context()
        guard case .measure(let points, _) = try routine.calibrate(context, []) else {
            Issue.record("no points")
            return
        }
        let nothing = BellCalibration.Measurement.shots(ShotSet(i: [], q: [], ones: 0))
        for round in [[], points.map { _ in nothing }] {
            guard case .finish(let report) = try routine.calibrate(context, [round]) else {
                Issue.record("goes on")
                continue
            }
            #expect(report.verdict == .badData && report.proposals.isEmpty)
        }
    }

    @Test("what was never surveyed is named")
    func missing() throws {
        var context = try LinkFiles.context()
        context.values.timing.alice[.switchLine] = nil
        let error = #expect(throws: BellError.self) { try SwitchDelayRoutine().calibrate(context, []) }
        #expect(error?.what.contains("timing.alice.switch_line") == true)
    }

    @Test("envelopes give their areas")
    func areas() throws {
        let half = EnvelopeArea(try LinkFiles.context().values.nodes.alice.pulse(.halfPi))
        #expect((half.area - 6).magnitude < 1e-9 && (half.share(0.5) - 0.5).magnitude < 1e-9)
        let two = EnvelopeArea(twice: half)
        #expect(two.duration == 24 && (two.area - 12).magnitude < 1e-9)
        #expect((two.share(0.5) - 0.5).magnitude < 1e-9 && (two.share(0.25) - 0.25).magnitude < 1e-9)
        #expect(two.share(-1) == 0 && two.share(2) == 1)
    }
}
