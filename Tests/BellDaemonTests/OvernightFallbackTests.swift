import BellCalibration
import BellHost
import BellJournal
import BellModel
import BellSequence
import BellStream
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// A calibration between two blocks that fails, and a bring-up as the plan's fallback, in a whole daemon.
@Suite(.blocking) struct OvernightFallbackTests {
    /// A readout that is bad until the mixer is right, which only a bring-up touches: neither builds on the other.
    private final class World: Sendable {
        struct State {
            var isReadoutGood = true
            /// Whether calibrating the mixer mends the readout.
            var isMendable = true
            var mixed = 0
        }
        let state = Mutex(State())

        var routines: [any CalibrationRoutine] {
            [
                ScriptedRoutine(
                    name: "mixer", points: 1,
                    judge: { [self] _, _ throws(BellError) in
                        state.withLock { state in
                            state.mixed += 1
                            if state.isMendable { state.isReadoutGood = true }
                        }
                        return RoutineReport(.good, "mixed")
                    }),
                ScriptedRoutine(
                    name: "readout", proposes: ["readout_amplitude"], points: 1,
                    judge: { [self] context, _ throws(BellError) in
                        guard state.withLock({ $0.isReadoutGood }) else { return RoutineReport(.badData, "one cloud") }
                        let path = CalibrationPath(.node(context.node), "readout_amplitude")
                        return RoutineReport(.good, "fine", proposals: [.init(path, value: 0.75, uncertainty: 0.01)])
                    }),
            ]
        }
    }

    private static let policy = """
        calibration:
          check: [{routine: readout, node: alice, every_blocks: 1}]
          fallback: [{rerun: bring-up}]
        """

    private func decisions(_ laboratory: TestLaboratory, _ id: CampaignID) throws -> [String] {
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        return try journal.events().filter { $0.kind == "maintenance" }.map { event in
            guard let what = event.detail["decision"]?.stringValue else { return "person" }
            let good = event.detail["good"]?.boolValue.map { $0 ? " good" : " bad" } ?? ""
            return "\(event.detail["block"]?.intValue ?? -1) \(what)\(good)"
        }
    }

    @Test("when calibrating again does not help, everything is brought up anew and the campaign goes on by itself")
    func mended() async throws {
        let laboratory = try TestLaboratory()
        let world = World()
        world.state.withLock { $0.isReadoutGood = false }
        let (kit, book) = try ExperimentBench.kit(laboratory, world.routines)
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 2 * 2048, more: Self.policy))
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.blocks[id]?.count == 2)
        // Once, once more, then the fallback; what is due is then seen to as ever.
        #expect(
            try decisions(laboratory, id) == [
                "0 calibrate", "0 done bad", "0 calibrate", "0 done bad", "0 rerun", "0 done good", "0 calibrate",
                "0 done good", "1 calibrate", "1 done good",
            ])
        #expect(world.state.withLock { $0.mixed } == 2, "at both nodes, once")
        #expect(book.state.withLock { Set($0.accepted.map(\.by)) } == ["policy:campaign-1"])
        #expect(try daemon.campaign["needs_person"] == false)
        await daemon.end()
    }

    @Test("when the bring-up fails, too, a person is called, and what the person mends lets it go on")
    func person() async throws {
        let laboratory = try TestLaboratory()
        let calls = laboratory.folder.file("calls")
        try writeFileAtomically(
            laboratory.lab,
            text: try readText(laboratory.lab)
                + "\ncall_person: [/bin/sh, -c, 'echo \"$1\" >> \(calls)', horn, \"{message}\"]\n")
        let world = World()
        world.state.withLock { ($0.isReadoutGood, $0.isMendable) = (false, false) }
        let (kit, book) = try ExperimentBench.kit(laboratory, world.routines)
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 2048, more: Self.policy))
        let status = try daemon.wait("a person is needed") { $0["campaign"]?["needs_person"] == true }
        #expect(status["campaign"]?["state"] == "suspended")
        #expect(status["campaign"]?["error"]?["cause"] == "one cloud")
        #expect(world.state.withLock { $0.mixed } == 2)
        try daemon.wait("the horn has sounded") { _ in fileExists(calls) }
        #expect(
            try decisions(laboratory, id) == [
                "0 calibrate", "0 done bad", "0 calibrate", "0 done bad", "0 rerun", "0 done bad", "person",
            ])
        #expect(book.state.withLock { $0.accepted.allSatisfy { !$0.run.contains("readout") } })
        world.state.withLock { $0.isReadoutGood = true }
        _ = try daemon.call("campaign.resume")
        try daemon.certify(TestSink())
        #expect(try readText(calls).split(separator: "\n").count == 1)
        #expect(try daemon.campaign["needs_person"] == false)
        await daemon.end()
    }

    @Test("what the policy would accept outside of the file's bounds is refused, and the old value stays in force")
    func bounds() async throws {
        let laboratory = try TestLaboratory()
        let path = CalibrationPath(.node(.alice), "readout_amplitude")
        let values = try ExperimentBench.values(laboratory).1
        let book = MemoryBook(values, bounded: path)
        let (kit, _) = try ExperimentBench.kit(laboratory, World().routines, book: book)
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let policy = Self.policy.replacing("{rerun: bring-up}", with: "use-last-good")
        let id = try daemon.start(try laboratory.plan(trials: 2048, more: policy))
        try daemon.certify(TestSink())
        #expect(
            try decisions(laboratory, id) == [
                "0 calibrate", "0 done bad", "0 calibrate", "0 done bad", "0 use-last-good",
            ])
        #expect(try book.values()[path]?.value == values[path]?.value)
        #expect(book.state.withLock { $0.accepted.isEmpty })
        await daemon.end()
    }
}
