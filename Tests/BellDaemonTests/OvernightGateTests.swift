import BellCalibration
import BellHost
import BellJournal
import BellModel
import BellStream
import Synchronization
import TestSupport
import Testing

@testable import BellDaemon

/// Gates on values that a whole daemon measures between the blocks of a campaign.
@Suite(.blocking) struct OvernightGateTests {
    /// What the scripted checks find, one after the other; the last one for ever.
    private final class Truth: Sendable {
        let values: Mutex<[Double]>
        init(_ values: [Double]) { self.values = Mutex(values) }
        func next() -> Double { values.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    private static func routine(_ truth: Truth, _ name: String, _ quantity: String, _ unit: String) -> ScriptedRoutine {
        ScriptedRoutine(
            name: name, proposes: [quantity], watched: [quantity], points: 1,
            judge: { context, _ throws(BellError) in
                let value = truth.next()
                return RoutineReport(
                    .good, "as the test wants",
                    proposals: [.init(CalibrationPath(.node(context.node), quantity), value: value, uncertainty: 0.01)],
                    metrics: [.init(quantity, value, 0.01, unit: unit)])
            })
    }

    private func events(_ laboratory: TestLaboratory, _ id: CampaignID) throws -> [JSON] {
        let journal = try Journal.openReadOnly(at: laboratory.store.journal(of: id))
        return try journal.events().filter { $0.kind == "maintenance" }.map(\.detail)
    }

    private func summary(_ events: [JSON]) -> [String] {
        events.map { "\($0["block"]?.intValue ?? -1) \($0["decision"]?.stringValue ?? "")" }
    }

    @Test("a value is measured at its cadence, recorded with its limits, shown, and changes nothing in force")
    func healthy() async throws {
        let laboratory = try TestLaboratory()
        let routine = Self.routine(Truth([0.004]), "thermal", "thermal_population", "1")
        let (kit, book) = try ExperimentBench.kit(laboratory, [routine])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(
            try laboratory.plan(
                trials: 5 * 2048, more: "gates: [{measure: alice.thermal_population, every_blocks: 2, max: 0.05}]"))
        let sink = TestSink()
        try daemon.certify(sink)
        #expect(sink.blocks[id]?.count == 5)
        let events = try events(laboratory, id)
        #expect(
            summary(events) == ["0 measure", "0 measured", "2 measure", "2 measured", "4 measure", "4 measured"])
        let measured = try #require(events[3]["values"]?.arrayValue?.first)
        #expect(measured["gate"] == "alice.thermal_population" && measured["value"] == 0.004)
        #expect(measured["max"] == 0.05 && measured["item"] == "alice/thermal" && measured["moved"] == 0)
        #expect(events[2]["due"]?.arrayValue?.first?["limit_blocks"] == 2)
        #expect(book.state.withLock { $0.accepted.isEmpty && $0.finished.allSatisfy(\.run.begun.isCheck) })
        let shown = try daemon.call("status")["gates"]?.arrayValue
        #expect(shown?.count == 1)
        #expect(shown?.first?["open"] == true && shown?.first?["value"] == 0.004)
        #expect(shown?.first?["next_block"] == 6 && shown?.first?["looked_at"]?.doubleValue ?? 0 > 1.7e9)
        #expect(shown?.first?["age_s"]?.doubleValue.map { $0 >= 0 && $0 < 600 } == true)
        await daemon.end()
    }

    @Test(
        "a population above its limit holds the block until it is measured well again, and the record shows the numbers"
    )
    func hold() async throws {
        let laboratory = try TestLaboratory()
        let routine = Self.routine(Truth([0.004, 0.2, 0.15, 0.004]), "thermal", "thermal_population", "1")
        let (kit, _) = try ExperimentBench.kit(laboratory, [routine])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(
            try laboratory.plan(
                trials: 2 * 2048, more: "gates: [{measure: bob.thermal_population, every_blocks: 1, max: 0.05}]"))
        try daemon.certify(TestSink())
        let events = try events(laboratory, id)
        #expect(
            summary(events) == [
                "0 measure", "0 measured", "1 measure", "1 measured", "1 hold", "1 measure", "1 measured", "1 measure",
                "1 measured", "1 go-on",
            ])
        let hold = try #require(events.first { $0["decision"] == "hold" })
        #expect(hold["message"]?.stringValue?.contains("bob.thermal_population is 0.2, allowed: at most 0.05") == true)
        #expect(hold["basis"]?["value"] == 0.2 && hold["basis"]?["max"] == 0.05)
        #expect(hold["basis"]?["run"]?.stringValue?.isEmpty == false)
        await daemon.end()
    }

    @Test("a frequency that jumps is calibrated before the next block, and the new one counts from there")
    func jump() async throws {
        let laboratory = try TestLaboratory()
        // Two checks, the second after a jump; the calibration that follows; a check that finds it where it was put.
        let routine = Self.routine(Truth([1e5, 3e5, 3e5]), "ramsey", "drive_detuning", "Hz")
        let (kit, book) = try ExperimentBench.kit(laboratory, [routine])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        let id = try daemon.start(
            try laboratory.plan(
                trials: 4 * 2048,
                more:
                    "gates: [{measure: alice.drive_detuning, every_blocks: 1, change: 20000, unit: Hz, action: calibrate}]"
            ))
        try daemon.certify(TestSink())
        let events = try events(laboratory, id)
        #expect(
            summary(events) == [
                "0 measure", "0 measured", "1 measure", "1 measured", "1 calibrate", "1 done", "2 measure",
                "2 measured",
                "3 measure", "3 measured",
            ])
        let jump = try #require(events.first { $0["decision"] == "calibrate" })
        #expect(jump["basis"]?["moved"] == 200_000 && jump["basis"]?["change"] == 20_000)
        #expect(events[5]["values"]?.arrayValue?.first?["new"] == 300_000)
        #expect(book.state.withLock { $0.accepted.map(\.by) } == ["policy:campaign-1"])
        await daemon.end()
    }

    @Test("a person's gate on what cannot be measured, or in another unit, is refused before anything is sealed")
    func refused() async throws {
        let laboratory = try TestLaboratory()
        let (kit, _) = try ExperimentBench.kit(
            laboratory, [Self.routine(Truth([1]), "thermal", "thermal_population", "1")])
        let daemon = try RunningDaemon(laboratory, calibration: kit)
        for gate in [
            "{measure: alice.t1, every: 1h, max: 1, unit: ns}",
            "{measure: alice.thermal_population, every: 1h, max: 1, unit: Hz}",
        ] {
            let plan = try laboratory.plan(trials: 2048, more: "gates: [\(gate)]")
            #expect(
                try daemon.refusal("campaign.start", ["plan_path": .string(plan)]).code.name == "calibration.no-item")
        }
        #expect(try daemon.call("campaign.list")["campaigns"] == [])
        await daemon.end()
    }
}
