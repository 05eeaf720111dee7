import BellModel
import BellSequence
import Testing

@testable import BellCalibration

@Suite("The link's times are those of the experiments' files")
struct LinkSceneTests {
    /// Nanoseconds from the reset's start to the first event of a kind.
    private func start(_ program: NodeProgram, _ kind: ProgramEvent.Kind) throws -> Double {
        let reset = try #require(program.events.first { $0.kind == .reset })
        let event = try #require(program.events.first { $0.kind == kind })
        return (Double(event.tick) - Double(reset.tick)) * 1e9 / program.tickRate.hertz
    }

    private func programs(_ name: String, _ context: RoutineContext, _ parameters: [String: Double] = [:]) throws
        -> PerNode<NodeProgram>
    {
        let made = try LinkFiles.experiment(name).compile(
            .both, parameters: parameters, calibration: context.values, limits: context.limits)
        return PerNode(alice: try #require(made.alice), bob: try #require(made.bob))
    }

    @Test("of the link's sweeps", arguments: ["link-delay", "absorption", "emission-shape"])
    func sweeps(name: String) throws {
        let context = try LinkFiles.context()
        let made = try programs(name, context, ["delay_ns": 91.5])
        #expect(try start(made.alice, .emit) == LinkScene.emissionStart)
        #expect(try start(made.bob, .absorb) == LinkScene.emissionStart + 91.5)
        for node in Node.allCases {
            #expect(try start(made[node], .readout) == LinkScene.readoutStart)
            let reset = try #require(made[node].events.first { $0.kind == .reset })
            #expect(Double(reset.duration) * 1e9 / made[node].tickRate.hertz == LinkScene.resetEnd)
        }
        // From the middle of each pulse to the readout, as the references wait: 1 ns is relaxation's own.
        let scene = try LinkScene(context)
        #expect(scene.senderWait == LinkScene.readoutStart - LinkScene.emissionStart - 80 - 1)
        #expect(
            scene.receiverWait(startToStart: 91.5) == LinkScene.readoutStart - LinkScene.emissionStart - 91.5 - 160 - 1)
    }

    @Test("of the Bell state's experiments", arguments: ["bell-phase", "tomography"])
    func bell(name: String) throws {
        // Tomography without an angle idles.
        let turns = name == "tomography" ? ["alice_angle_deg": 90.0, "bob_angle_deg": 90] : [:]
        let made = try programs(name, LinkFiles.context(), turns)
        #expect(try start(made.alice, .emit) == LinkScene.bellEmissionStart)
        #expect(try start(made.bob, .absorb) == LinkScene.bellEmissionStart + LinkScene.bellDelay)
        for node in Node.allCases { #expect(try start(made[node], .drive) == LinkScene.bellRotation) }
    }

    @Test("of the reference that waits for decay")
    func relaxation() throws {
        let context = try LinkFiles.context()
        let made = try LinkFiles.experiment("relaxation").compile(
            .one(.alice), parameters: ["wait_ns": 100], calibration: context.values, limits: context.limits)
        let program = try #require(made.alice)
        let last = try #require(program.events.last { $0.kind == .drive })
        let end = try start(program, .drive) + 12 + 12
        #expect(program.events.filter { $0.kind == .drive }.count == 2 && last.duration == 96)
        #expect(try start(program, .readout) == end + 100 + 1)
    }

    @Test("the sweeps' bounds can be played")
    func bounds() throws {
        let context = try LinkFiles.context()
        let scene = try LinkScene(context)
        for gap in [scene.possible.lowerBound, scene.possible.upperBound] {
            _ = try programs("link-delay", context, ["delay_ns": gap])
        }
    }

    @Test(
        "beside a photon that the trials' pulse meets the phase is right; beside another nothing is said",
        arguments: [(142.0, true), (158, true), (138, false), (163, false), (-40, false), (3000, false)])
    func reach(arrival: Double, fits: Bool) throws {
        var world = LinkWorld(seed: 31)
        world.arrival = arrival
        world.phase = 1.4
        // In the schedule's time both lines and triggers take 0.3 ns.
        let context = try LinkFiles.context().setting(CalibrationPath(.link, "link_delay"), arrival + 0.3)
            .setting(CalibrationPath(.link, "bell_fidelity"), 0.9)
        guard fits else {
            for routine in [BellPhaseRoutine(), TomographyRoutine()] as [any CalibrationRoutine] {
                for check in [false, true] {
                    let (report, rounds) = try world.perform(routine, context, check: check)
                    #expect(report.verdict == .badData && report.proposals.isEmpty && rounds.isEmpty)
                    #expect(report.reason.contains("link_delay"))
                }
            }
            return
        }
        let report = try world.perform(BellPhaseRoutine(), context).report
        let phase = try #require(report.proposals.first, "\(report.reason)")
        #expect((phase.value - 1.4).magnitude < 4 * phase.uncertainty)
        let s = try #require(report.metrics.first { $0.name == "s_largest" })
        // Of the amplitude 1 % is lost at most.
        #expect((s.value - 2.0.squareRoot() * 2 * world.visibility * 0.96 * 0.95).magnitude < 0.04)
    }
}
