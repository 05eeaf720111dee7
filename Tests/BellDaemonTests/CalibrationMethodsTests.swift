import BellCalibration
import BellModel
import BellSequence
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// What people ask of calibrations through the control socket of a whole daemon, with simulated boards.
@Suite(.blocking) struct CalibrationMethodsTests {
    private static let amplitude = CalibrationPath(.node(.alice), "readout_amplitude")

    /// readout proposes an amplitude, clouds needs it, trials needs both nodes.
    private static func routines(slow: Bool = false) -> [any CalibrationRoutine] {
        [
            ScriptedRoutine(
                name: "readout", proposes: ["readout_amplitude"], points: slow ? 20_000 : 2,
                judge: { context, measured throws(BellError) in
                    let path = CalibrationPath(.node(context.node), "readout_amplitude")
                    return RoutineReport(
                        .good, "found", proposals: [.init(path, value: 0.75, uncertainty: 0.01)],
                        metrics: [.init("shots", Double(measured.first?.count ?? 0))])
                }),
            ScriptedRoutine(
                name: "clouds", dependencies: ["readout"],
                judge: { context, _ throws(BellError) in
                    let value = context.values.nodes[context.node].values[.readoutAmplitude]?.value
                    return RoutineReport(value == 0.75 ? .good : .badData, "amplitude \(value ?? 0)")
                }),
            ScriptedRoutine(name: "trials", scope: .link, dependencies: ["clouds"], count: 500),
        ]
    }

    private func items(_ answer: JSON) -> [String] {
        (answer["items"]?.arrayValue ?? []).map {
            "\($0["item"]?.stringValue ?? "") \($0["outcome"]?.stringValue ?? "")"
        }
    }

    @Test("a bring-up calibrates both nodes and the link, accepts, and tells what it did")
    func bringUp() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call("calibrate.run", ["mode": "bring-up", "by": "eve"])
        #expect(
            items(answer) == [
                "alice/readout calibrated", "bob/readout calibrated", "alice/clouds calibrated",
                "bob/clouds calibrated", "link/trials calibrated",
            ])
        #expect(answer["good"] == true && answer["exit"] == 0 && answer["simulated"] == true)
        #expect(answer["accepted"]?.arrayValue?.count == 2)
        #expect(book.state.withLock { $0.accepted.map(\.by) } == ["bring-up", "bring-up"])
        #expect(try book.values().nodes.bob.values[.readoutAmplitude]?.value == 0.75)
        let runs = book.state.withLock { $0.finished.map(\.run) }
        #expect(runs.count == 5 && runs.allSatisfy { $0.begun.isSimulated && $0.begun.person == "eve" })
        #expect(runs.last?.shots == 1000 && runs.last?.points == 2)
        let shown = try daemon.call("status")["calibration"]
        #expect(shown?["state"] == "ended" && shown?["good"] == true)
        #expect(shown?["done"] == 5 && shown?["total"] == 5)
        await daemon.end()
    }

    @Test("without acceptance proposals wait, and later routines of the same calibration build on them")
    func propose() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call(
            "calibrate.run", ["what": ["alice/readout", "alice/clouds"], "force": true, "by": "eve"])
        #expect(items(answer) == ["alice/readout calibrated", "alice/clouds calibrated"])
        #expect(answer["pending"]?.arrayValue?.count == 1, "clouds proposes nothing")
        #expect(answer["accepted"] == [])
        #expect(book.state.withLock { $0.accepted.isEmpty })
        #expect(try book.values().nodes.alice.values[.readoutAmplitude]?.value == 1, "the old value is in force")
        await daemon.end()
    }

    @Test("forced and not accepted: the value waits under the name of its run, and accepting it puts it into force")
    func acceptLater() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call("calibrate.run", ["what": ["alice/readout"], "force": true, "by": "eve"])
        #expect(items(answer) == ["alice/readout calibrated"])
        let run = try #require(answer["pending"]?.arrayValue?.first?.stringValue)
        #expect(try book.values().nodes.alice.values[.readoutAmplitude]?.value == 1)
        let accepted = try daemon.call("calibrate.accept", ["what": .string(run), "by": "eve"])
        #expect(accepted["values"]?.arrayValue?.first?["path"] == "alice.readout_amplitude")
        #expect(try book.values().nodes.alice.values[.readoutAmplitude]?.value == 0.75)
        #expect(book.state.withLock { $0.accepted.first?.by } == "eve")
        await daemon.end()
    }

    @Test("a value outside of its bounds is refused: its item fails, the other node's does not")
    func bounds() async throws {
        let laboratory = try TestLaboratory()
        let (_, values) = try ExperimentBench.values(laboratory)
        let book = MemoryBook(values, bounded: Self.amplitude)
        let (kit, _) = try ExperimentBench.kit(laboratory, Self.routines(), book: book)
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call("calibrate.run", ["mode": "bring-up"])
        #expect(
            items(answer) == [
                "alice/readout failed", "bob/readout calibrated", "alice/clouds blocked", "bob/clouds calibrated",
                "link/trials blocked",
            ])
        #expect(answer["exit"] == 1)
        #expect(answer["items"]?.arrayValue?.first?["reason"] == "alice.readout_amplitude is out of bounds")
        await daemon.end()
    }

    @Test("one at a time: a second calibration, a campaign, settings and checks are refused, and the first is named")
    func busy() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines(slow: true))
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let plan = try laboratory.plan(trials: 1000)
        let first = try daemon.begin("calibrate.run", ["mode": "bring-up", "by": "eve"])
        try daemon.wait("both measure") { status in
            let active = status["calibration"]?["active"]?.arrayValue ?? []
            return active.count == 2 && active.allSatisfy { ($0["point"]?.intValue ?? 0) > 0 }
        }
        let active = try #require(try daemon.call("status")["calibration"]?["active"]?.arrayValue)
        #expect(active.map { $0["item"] } == ["alice/readout", "bob/readout"], "both boards are at work")
        #expect(active.first?["note"] == "round 1" && active.first?["points"] == 20_000)
        let second = try daemon.refusal("calibrate.run", ["mode": "bring-up", "by": "bert"])
        #expect(second.code == .calibrationBusy)
        #expect(second.what == "eve calibrates everything (bring-up) just now.")
        #expect(second.code.exit == .usage)
        let since = try #require(second.cause)
        #expect(since.hasPrefix("it began at 20") && since.hasSuffix("s ago; 0 of 5 are done"), "\(since)")
        #expect(second.fix?.contains("bellctl calibrate cancel") == true)
        for (method, params) in [
            ("campaign.start", ["plan_path": .string(plan)]), ("device.check", ["device": "alice"]),
            ("device.safe", ["device": "bob"]),
        ] as [(String, JSON)] {
            let error = try daemon.refusal(method, params)
            #expect(error.code.name == "campaign.busy", "\(method): \(error)")
            #expect(error.what.contains("eve calibrates everything"), "\(error)")
        }
        #expect(try daemon.refusal("calibrate.accept", ["what": "x", "by": "bert"]).code == .calibrationBusy)
        #expect(try daemon.call("calibrate.status")["running"]?["by"] == "eve")
        #expect(try daemon.call("calibrate.cancel")["by"] == "eve")
        let answer = try first.wait()
        #expect(answer["cancelled"] == true && answer["exit"] == 130 && answer["good"] == false)
        #expect(book.state.withLock { $0.accepted.isEmpty && $0.abandoned.count == 2 })
        #expect(try daemon.refusal("calibrate.cancel").code == .calibrationNone)
        // The boards are free again, at once.
        try daemon.start(plan)
        try daemon.wait(for: "finishing")
        await daemon.end()
    }

    @Test("while a campaign's block is open calibrations are refused; one that is paused between blocks minds not")
    func campaign() async throws {
        let laboratory = try TestLaboratory()
        let (kit, _) = try ExperimentBench.kit(laboratory, Self.routines())
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        try daemon.start(try laboratory.plan(trials: 10_000_000))
        let error = try daemon.refusal("calibrate.run", ["what": ["readout"]])
        #expect(error.code.name == "campaign.busy")
        #expect(error.what.contains("is under way"))
        _ = try daemon.call("campaign.pause")
        let paused = try daemon.wait(for: "paused")
        let answer = try daemon.call("calibrate.run", ["mode": "bring-up"])
        #expect(answer["good"] == true, "\(answer.prettyText)")
        _ = try daemon.call("campaign.resume")
        try daemon.wait(forMoreThan: paused["done"]?.countValue ?? 0)
        #expect(await daemon.end(signals: 2) == .interrupted)
    }

    @Test("the daemon's end ends a calibration, and the values stay")
    func shutdown() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines(slow: true))
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let first = try daemon.begin("calibrate.run", ["mode": "bring-up"])
        try daemon.wait("it measures") { !($0["calibration"]?["active"]?.arrayValue ?? []).isEmpty }
        #expect(await daemon.end() == .ok)
        #expect(book.state.withLock { $0.accepted.isEmpty && $0.abandoned.count == 2 })
        withExtendedLifetime(first) {}
    }

    @Test("a book that cannot keep a run ends the calibration with its error, not with a verdict")
    func brokenBook() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        book.state.withLock { $0.isBroken = true }
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call("calibrate.run", ["mode": "bring-up"])
        #expect(answer["error"]?["code"] == "disk.full")
        #expect(answer["exit"] == 70)
        #expect(answer["accepted"] == [])
        await daemon.end()
    }

    @Test("a routine that never ends is stopped, and one that wants another node's board is refused")
    func badRoutines() async throws {
        let laboratory = try TestLaboratory()
        let (kit, _) = try ExperimentBench.kit(
            laboratory,
            [
                ScriptedRoutine(name: "endless", points: 1, count: 1, rounds: .max),
                ScriptedRoutine(name: "huge", points: 1, count: .max),
            ])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        for name in ["endless", "huge"] {
            let answer = try daemon.call("calibrate.run", ["what": [.string(name)], "node": "alice", "force": true])
            #expect(answer["error"]?["code"] == "calibration.routine", "\(answer.prettyText)")
            #expect(answer["exit"] == 70)
        }
        await daemon.end()
    }

    @Test("routines and status are told; a mistyped name has its suggestion, other parameters are refused")
    func showing() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        book.state.withLock { $0.states[CalibrationItem(.node(.alice), "readout")] = ItemState(verified: 1) }
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let routines = try #require(try daemon.call("calibrate.routines")["routines"]?.arrayValue)
        #expect(routines.compactMap { $0["name"]?.stringValue } == ["readout", "clouds", "trials"])
        #expect(routines.last?["scope"] == "link" && routines.last?["needs"] == ["clouds"])
        let status = try daemon.call("calibrate.status")
        #expect(status["laboratory"] == "mocklab" && status["running"] == .null)
        let rows = try #require(status["items"]?.arrayValue)
        #expect(rows.count == 5)
        #expect(rows.first?["stale"] == "too old" && rows.first?["passes"] == false)
        #expect(rows.first?["values"]?.arrayValue?.first?["path"] == "alice.readout_amplitude")
        #expect(rows.first?["values"]?.arrayValue?.first?["unit"] == "1")
        #expect(rows.last?["stale"] == "never measured")
        let typo = try daemon.refusal("calibrate.run", ["what": ["cluods"]])
        #expect(typo.fix?.hasPrefix("did you mean clouds?") == true)
        #expect(typo.code.exit == .usage)
        for params in [
            ["node": "carol"], ["what": "readout"], ["mode": "check"], ["by": "a\nb"], ["what": [1]], ["forc": true],
        ] as [JSON] {
            #expect(try daemon.refusal("calibrate.run", params).code.exit == .usage, "\(params.text)")
        }
        let item = try daemon.refusal("calibrate.history", ["path": "alice/readout"])
        #expect(item.what == "alice/readout is a routine, not a value.")
        #expect(item.fix == "name what it measures: alice.readout_amplitude")
        let history = try daemon.call("calibrate.history", ["path": "alice.readout_amplitude", "since": 5])
        #expect(history["since"]?.doubleValue == 5)
        await daemon.end()
    }

    @Test("a check looks at what was named and changes nothing")
    func check() async throws {
        let laboratory = try TestLaboratory()
        let (kit, book) = try ExperimentBench.kit(laboratory, Self.routines())
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let answer = try daemon.call("calibrate.check", ["what": ["clouds"], "by": "eve"])
        #expect(items(answer) == ["alice/clouds checked", "bob/clouds checked"])
        #expect(answer["items"]?.arrayValue?.first?["verdict"] == "bad-data")
        #expect(answer["items"]?.arrayValue?.first?["reason"] == "amplitude 1.0")
        #expect(answer["exit"] == 1)
        #expect(book.state.withLock { $0.finished.allSatisfy { $0.run.begun.isCheck } })
        await daemon.end()
    }
}
