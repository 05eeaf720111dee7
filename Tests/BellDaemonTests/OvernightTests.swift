import BellCalibration
import BellCampaign
import BellHost
import BellJournal
import BellModel
import BellStream
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// What happens between the blocks of a whole daemon's campaign, with simulated boards.
@Suite(.blocking) struct OvernightTests {
    /// What the scripted routine finds now.
    private final class Mood: Sendable {
        let verdict = Mutex(RoutineReport.Verdict.good)
    }

    private static func routine(_ mood: Mood, points: Int = 1) -> ScriptedRoutine {
        ScriptedRoutine(
            name: "readout", proposes: ["readout_amplitude"], points: points,
            judge: { context, _ throws(BellError) in
                let path = CalibrationPath(.node(context.node), "readout_amplitude")
                return RoutineReport(
                    mood.verdict.withLock { $0 }, "as the test wants",
                    proposals: [.init(path, value: 0.75, uncertainty: 0.01)])
            })
    }

    private func events(_ laboratory: TestLaboratory, _ id: CampaignID) throws -> [JSON] {
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        return try journal.events().filter { $0.kind == "maintenance" }.map(\.detail)
    }

    private func policy(_ more: String = "") -> String {
        "calibration: {check: [{routine: readout, node: alice, every_blocks: 2}], \(more)}"
    }

    @Test("what is due is calibrated between blocks, accepted in the plan's name, and recorded with its basis")
    func due() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(Mood())])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 5 * 2048, more: policy()))
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.blocks[id]?.count == 5)
        #expect(sink.arms[id]?.last?.nextIndex == 5 * 2048)
        // Before the blocks 0, 2 and 4; each decision first, then what came of it.
        let events = try events(laboratory, id)
        #expect(
            events.map { "\($0["block"]?.intValue ?? -1) \($0["decision"]?.stringValue ?? "")" }
                == ["0 calibrate", "0 done", "2 calibrate", "2 done", "4 calibrate", "4 done"])
        let basis = events.compactMap { $0["due"]?.arrayValue?.first?["basis"] }
        #expect(basis.map { $0["age_blocks"] } == [nil, 2, 2])
        #expect(events[1]["values"]?.arrayValue?.first?["path"] == "alice.readout_amplitude")
        #expect(events[1]["values"]?.arrayValue?.first?["old"] == 1)
        #expect(events[1]["values"]?.arrayValue?.first?["new"] == 0.75)
        #expect(events[1]["runs"]?.arrayValue?.count == 1)
        #expect(book.state.withLock { $0.accepted.map(\.by) } == Array(repeating: "policy:campaign-1", count: 3))
        await daemon.end()
    }

    @Test("a plan that wants proposals to wait changes nothing")
    func never() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(Mood())])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 2048, more: policy("accept: never")))
        try daemon.certify(TestSink())
        #expect(book.state.withLock { $0.accepted.isEmpty && $0.finished.count == 1 })
        #expect(try events(laboratory, id).last?["pending"]?.arrayValue?.count == 1)
        await daemon.end()
    }

    @Test("a calibration that goes on failing suspends, calls a person once, and goes on when it is mended")
    func person() async throws {
        let laboratory = try TestLaboratory()
        let calls = laboratory.folder.file("calls")
        let lab = try readText(laboratory.lab)
        try writeFileAtomically(
            laboratory.lab,
            text: lab + "\ncall_person: [/bin/sh, -c, 'echo \"$1\" >> \(calls)', horn, \"{message}\"]\n")
        let mood = Mood()
        mood.verdict.withLock { $0 = .outOfSpec }
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(mood)])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 2048, more: policy("fallback: [{wait: 1s}]")))
        let status = try daemon.wait("a person is needed") { $0["campaign"]?["needs_person"] == true }
        #expect(status["campaign"]?["state"] == "suspended")
        #expect(status["campaign"]?["error"]?["code"] == "campaign.calibration-failed")
        #expect(try daemon.call("campaign.show", ["campaign": .string(id.description)])["needs_person"] == true)
        try daemon.wait("the horn has sounded") { _ in fileExists(calls) }
        mood.verdict.withLock { $0 = .good }
        _ = try daemon.call("campaign.resume")
        try daemon.certify(TestSink())
        #expect(try readText(calls).split(separator: "\n").count == 1)
        #expect(try readText(calls).hasPrefix("campaign 1 needs a person: The calibration"))
        #expect(try events(laboratory, id).count { $0["needs_person"] == true } == 1)
        #expect(book.state.withLock { $0.accepted.count } == 1)
        #expect(try daemon.campaign["needs_person"] == false)
        await daemon.end()
    }

    @Test("with the last good values as fallback the campaign goes on, and the record says so")
    func lastGood() async throws {
        let laboratory = try TestLaboratory()
        let mood = Mood()
        mood.verdict.withLock { $0 = .badData }
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(mood)])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(
            try laboratory.plan(trials: 2 * 2048, more: policy("fallback: [use-last-good]")))
        try daemon.certify(TestSink())
        #expect(try events(laboratory, id).count { $0["decision"] == "use-last-good" } == 1)
        #expect(book.state.withLock { $0.accepted.isEmpty })
        await daemon.end()
    }

    @Test(
        "a request in the midst of a calibration ends it, and the old values stay in force",
        arguments: ["pause", "stop"])
    func request(what: String) async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(Mood(), points: 90_000)])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(try laboratory.plan(trials: 4096, more: policy()))
        try daemon.wait("it is being calibrated") {
            $0["campaign"]?["maintaining"] == true && $0["calibration"]?["state"] == "running"
        }
        // Nobody else has the boards meanwhile.
        #expect(try daemon.refusal("calibrate.run").code.name == "calibration.busy")
        _ = try daemon.call("campaign.\(what)")
        if what == "pause" {
            try daemon.wait(for: "paused")
        } else {
            try daemon.certify(TestSink())
            #expect(try daemon.campaign["state"] == "stopped")
        }
        #expect(book.state.withLock { $0.accepted.isEmpty && $0.abandoned.count == 1 && $0.finished.isEmpty })
        #expect(try Journal.openReadOnly(at: laboratory.store.journal(of: id)).nextIndex == 0)
        await daemon.end()
    }

    @Test("a Ctrl-C in the midst of a calibration ends the daemon, and the campaign can go on")
    func interrupt() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, [Self.routine(Mood(), points: 90_000)])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        try daemon.start(try laboratory.plan(trials: 4096, more: policy()))
        try daemon.wait("it is being calibrated") { $0["calibration"]?["state"] == "running" }
        #expect(await daemon.end() == .interrupted)
        #expect(book.state.withLock { $0.accepted.isEmpty })
    }

    @Test(
        "a policy about what is not there is refused before anything is sealed",
        arguments: [
            ("calibration: {check: [{routine: readuot, every_blocks: 2}]}", "calibration.no-item", "readout"),
            ("gates: [{device: fridge, reading: still_k, max: 1, unit: K}]", "device.unknown", "instruments"),
        ])
    func unknown(text: String, code: String, fix: String) async throws {
        let laboratory = try TestLaboratory()
        let (kit, _) = try ExperimentBench.kit(laboratory, [Self.routine(Mood())])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let error = try daemon.refusal(
            "campaign.start", ["plan_path": .string(try laboratory.plan(trials: 1000, more: text))])
        #expect(error.code.name == code)
        #expect(error.fix?.contains(fix) == true)
        #expect(try daemon.call("campaign.list")["campaigns"] == [])
        await daemon.end()
    }

    @Test("what is filled into a call is never taken for a place, and no shell sees it")
    func arguments() {
        #expect(
            PersonCall.arguments(
                ["/bin/x", "a {message} b", "{json}", "-"], message: "$(rm) {json}", json: "{\"m\": \"{message}\"}")
                == ["a $(rm) {json} b", "{\"m\": \"{message}\"}", "-"])
    }
}
