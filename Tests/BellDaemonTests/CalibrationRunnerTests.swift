import BellCalibration
import BellCampaign
import BellModel
import BellSequence
import Board
import DriverKit
import MockLab
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// Points on the boards of a daemon's own keeper, without the rest of the daemon.
@Suite struct CalibrationRunnerTests {
    /// A keeper with connected boards, and a runner that has their lease.
    private struct Bench {
        let laboratory: TestLaboratory
        let keeper: DeviceKeeper
        let runner: ExperimentRunner
        let arms: JointArm
        let values: CalibrationSet

        /// - Parameter compile: Instead of one that knows the Bell sequence alone.
        init(
            _ laboratory: TestLaboratory, timeouts: BoardTimeouts = TestLaboratory.patient,
            compile: ExperimentRunner.Compile? = nil
        ) async throws {
            self.laboratory = laboratory
            let (lab, values) = try ExperimentBench.values(laboratory)
            self.values = values
            let virtual = laboratory.virtual
            keeper = DeviceKeeper(
                laboratory: lab,
                openers: PerNode(alice: Self.opener(virtual, .alice), bob: Self.opener(virtual, .bob)),
                timeouts: timeouts, telemetry: { _, _ in }, standing: { _ in .unknown })
            await keeper.listen()
            for node in Node.allCases { _ = try await keeper.boards[node].connect() }
            arms = JointArm(campaign: try .newCalibration())
            runner = ExperimentRunner(
                boards: keeper.boards, triggerMaster: lab.triggerMaster, arms: arms, timeouts: timeouts,
                stall: .seconds(20), longestRequest: .milliseconds(80),
                compile: try compile ?? ExperimentBench.compile(laboratory)
            )
            await keeper.beginCalibration(arms)
        }

        private static func opener(_ lab: VirtualLab, _ node: Node) -> TransportOpener {
            { () async throws(BellError) in try lab.transport(to: node) }
        }

        func end() async {
            await runner.makeSafe()
            await keeper.endCalibration()
            await keeper.stop()
        }
    }

    @Test("shots come in pieces, one point each, and are judged by the program's own discriminator")
    func shots() async throws {
        let bench = try await Bench(try TestLaboratory())
        let seen = Mutex<[Int]>([])
        let point = ExperimentPoint(.shots(.alice), "bell-chsh", count: 2500)
        let measured = try await bench.runner.measure(point, values: bench.values, generation: 0) { done in
            seen.withLock { $0.append(done) }
        }
        guard case .shots(let set) = measured else { throw Unexpected() }
        #expect(set.count == 2500 && set.q.count == 2500)
        #expect(set.ones > 100 && set.ones < 2400, "half of a Bell pair is found in either state")
        let pieces = seen.withLock { $0 }
        #expect(pieces.last == 2500)
        // 80 ms, at 80 µs each.
        #expect(pieces.count == 3 && pieces.first.map { (990...1000).contains($0) } == true, "\(pieces)")
        #expect(bench.runner.work == (compilations: 1, loads: 1))
        await bench.end()
    }

    @Test("the same point again is neither compiled nor loaded anew; other values or overrides are")
    func caches() async throws {
        let bench = try await Bench(try TestLaboratory())
        var point = ExperimentPoint(.shots(.bob), "bell-chsh", count: 10)
        for _ in 0..<3 { _ = try await bench.runner.measure(point, values: bench.values, generation: 0) }
        #expect(bench.runner.work == (compilations: 1, loads: 1))
        _ = try await bench.runner.measure(point, values: bench.values, generation: 1)
        #expect(bench.runner.work == (compilations: 2, loads: 1), "equal programs are loaded once")
        point.overrides = [CalibrationPath(.node(.bob), "readout_amplitude"): 0.5]
        _ = try await bench.runner.measure(point, values: bench.values, generation: 1)
        #expect(bench.runner.work == (compilations: 3, loads: 2))
        await bench.runner.makeSafe()
        _ = try await bench.runner.measure(point, values: bench.values, generation: 1)
        #expect(bench.runner.work == (compilations: 3, loads: 3), "a board that was made safe has forgotten")
        await bench.end()
    }

    @Test("an override that cannot be is the routine's mistake, not the board's")
    func overrides() async throws {
        let bench = try await Bench(try TestLaboratory())
        for (path, value) in [
            (CalibrationPath(.node(.alice), "readout_amplitude"), 1.5),
            (CalibrationPath(.node(.alice), "readout_amplitude"), .nan), (CalibrationPath(.link, "half_pi_drag"), 0),
        ] {
            let point = ExperimentPoint(.shots(.alice), "bell-chsh", count: 1, overrides: [path: value])
            let error = await #expect(throws: BellError.self) {
                try await bench.runner.measure(point, values: bench.values, generation: 0)
            }
            #expect(error?.code == .calibrationRoutine)
        }
        await bench.end()
    }

    @Test("joint trials have both halves in order, random bits of both, and leave nothing in the boards")
    func joint() async throws {
        let bench = try await Bench(try TestLaboratory())
        let measured = try await bench.runner.measure(
            ExperimentPoint(.joint, "bell-chsh", count: 20_000), values: bench.values, generation: 0)
        guard case .joint(let set) = measured else { throw Unexpected() }
        for node in Node.allCases {
            #expect(set.settings[node].count == 20_000 && set.i[node].count == 20_000)
            let ones = set.settings[node].reduce(0) { $0 + Int($1) }
            #expect(abs(ones - 10_000) < 430, "6 standard deviations of fair bits")
        }
        #expect(set.lost == 0)
        #expect(abs(chsh(set)) > 2, "it is the Bell sequence that was played")
        for node in Node.allCases {
            // The board acts on an acknowledgement when it comes, and tells nobody.
            var used: UInt32 = 1
            for _ in 0..<200 where used > 0 {
                used = try await bench.keeper.boards[node].status().spoolUsed
                if used > 0 { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(used == 0)
        }
        await bench.end()
    }

    @Test(
        "clock records of every pulse come with a joint point, and tell the boards' jitter", arguments: [false, true])
    func clocks(slips: Bool) async throws {
        let laboratory = try TestLaboratory(of: "cold-start", faults: slips ? ["slip:bob:80@6000"] : [])
        let kit = try Daemon.calibration(LaboratoryFiles(path: laboratory.lab), laboratory.state)
        let bench = try await Bench(laboratory, compile: kit.compile())
        let context = RoutineContext(
            node: .alice, values: bench.values, limits: PerNode { _ in .typical })
        let routine = try #require(RoutineTable.all.first { $0.name == "trigger" })
        guard case .measure(let points, _) = try routine.calibrate(context, []) else { throw Unexpected() }
        let measured = try await bench.runner.measure(points[0], values: bench.values, generation: 0)
        guard case .joint(let set) = measured else { throw Unexpected() }
        for node in Node.allCases { #expect(set.clocks.reduce(0) { $0 + $1[node].count } == points[0].count) }
        guard case .finish(let report) = try routine.calibrate(context, [[measured]]) else { throw Unexpected() }
        await bench.end()
        guard !slips else {
            #expect(report.verdict == .badData && report.reason.contains("bob"), "\(report.reason)")
            return
        }
        #expect(report.verdict == .good && report.proposals.count == 2, "\(report.reason)")
        for proposal in report.proposals {
            // The virtual boards' own: 30 ps.
            #expect((proposal.value - 0.03).magnitude < 4 * proposal.uncertainty && proposal.uncertainty < 0.003)
        }
    }

    @Test("no campaign can have a calibration's identifier")
    func identifiers() throws {
        let id = try CampaignID.newCalibration()
        #expect(id.isCalibration)
        #expect(try CampaignID.newCalibration() != id)
        #expect(id.description.hasPrefix("62656c6c63616c00"))
        #expect(CampaignID(hex: "62656c6c63616c0100000000000000ff")?.isCalibration == false)
    }

    @Test("a board that goes away ends the point with its error")
    func lost() async throws {
        let bench = try await Bench(try TestLaboratory())
        _ = try await bench.runner.measure(
            ExperimentPoint(.shots(.bob), "bell-chsh", count: 10), values: bench.values, generation: 0)
        await bench.keeper.boards.bob.close()
        for kind in [ExperimentPoint.Kind.shots(.bob), .joint] {
            let error = await #expect(throws: BellError.self) {
                try await bench.runner.measure(
                    ExperimentPoint(kind, "bell-chsh", count: 10), values: bench.values, generation: 0)
            }
            #expect(error?.code.exit == .hardware)
            #expect(error?.what == "bob's board is not connected.")
        }
        _ = try await bench.runner.measure(
            ExperimentPoint(.shots(.alice), "bell-chsh", count: 10), values: bench.values, generation: 0)
        await bench.end()
    }

    @Test("a cancelled point ends before its next piece, and the next one is played as ever")
    func cancelled() async throws {
        let bench = try await Bench(try TestLaboratory())
        for kind in [ExperimentPoint.Kind.shots(.alice), .joint] {
            let task = Task { () -> BellError? in
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(BellError) {
                    _ = try await bench.runner.measure(
                        ExperimentPoint(kind, "bell-chsh", count: 1000), values: bench.values, generation: 0)
                    return nil
                } catch {
                    return error
                }
            }
            #expect(await task.value?.code == .calibrationCancelled)
        }
        _ = try await bench.runner.measure(
            ExperimentPoint(.joint, "bell-chsh", count: 1000), values: bench.values, generation: 0)
        await bench.end()
    }

    @Test("what a routine must not ask for is refused", arguments: [0, -1, Int.max])
    func counts(_ count: Int) async throws {
        let bench = try await Bench(try TestLaboratory())
        let error = await #expect(throws: BellError.self) {
            try await bench.runner.measure(
                ExperimentPoint(.shots(.alice), "bell-chsh", count: count), values: bench.values, generation: 0)
        }
        #expect(error?.code == .calibrationRoutine)
        await bench.end()
    }

    // MARK: Pairing

    private func chunk(_ node: Node, _ first: UInt64, pulse: UInt64, _ records: [TrialRecord]) -> HalfChunk {
        HalfChunk(node: node, firstIndex: first, firstPulse: pulse, bootID: 1, records: TrialRecord.bytes(of: records))
    }

    private func record(_ index: UInt64, _ setting: UInt8, _ outcome: UInt8, _ flags: TrialFlags = []) -> TrialRecord {
        TrialRecord(
            index: index, startTick: 0, stopDelta: 0, i: Int16(index), q: -1, setting: setting, outcome: outcome,
            flags: flags)
    }

    @Test("only trials with two sound halves of one pulse count")
    func pairing() {
        var collector = ArmCollector(arm: Arm(number: 0, block: 0, firstIndex: 10, count: 6))
        _ = collector.add(
            chunk(.bob, 10, pulse: 5, [record(10, 0, 1), record(11, 1, 0), record(12, 0, 0), record(13, 2, 0)]))
        _ = collector.add(chunk(.alice, 12, pulse: 8, [record(12, 1, 1), record(13, 1, 1)]))
        _ = collector.add(chunk(.alice, 10, pulse: 5, [record(10, 1, 0), record(11, 1, 1, .saturated)]))
        _ = collector.add(chunk(.alice, 14, pulse: 9, [record(14, 1, 1)]))
        let set = JointPairing.pair(collector)
        // 11 saturated, 12 by other pulses, 13 no bit, 14 without bob, 15 without anybody.
        #expect(set.lost == 5)
        #expect(set.settings == PerNode(alice: [1], bob: [0]))
        #expect(set.outcomes == PerNode(alice: [0], bob: [1]))
        #expect(set.i == PerNode(alice: [10], bob: [10]))
    }

    /// S of all trials.
    private func chsh(_ set: JointSet) -> Double {
        var sums = [Double](repeating: 0, count: 4)
        var counts = [Double](repeating: 0, count: 4)
        for place in set.settings.alice.indices {
            let pair = Int(set.settings.alice[place]) * 2 + Int(set.settings.bob[place])
            sums[pair] += set.outcomes.alice[place] == set.outcomes.bob[place] ? 1 : -1
            counts[pair] += 1
        }
        let e = zip(sums, counts).map { $0 / max($1, 1) }
        return e[0] + e[1] + e[2] - e[3]
    }

    private struct Unexpected: Error {}
}
