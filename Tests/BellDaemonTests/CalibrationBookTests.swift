import BellCalibration
import BellHost
import BellModel
import BellPlot
import BellSequence
import TestSupport
import Testing

@testable import BellDaemon

/// The laboratory's own files and history behind the daemon's calibrations.
@Suite struct CalibrationBookTests {
    private let laboratory: TestLaboratory
    private let graph: CalibrationGraph
    private let rabi = CalibrationItem(.node(.alice), "rabi-amplitude")
    private let path = CalibrationPath(.node(.alice), "half_pi_amplitude")
    /// 2026-11-21T10:00:00Z, a day after the shipped values.
    private let noon = 1_795_255_200.0

    init() throws {
        laboratory = try TestLaboratory()
        graph = try CalibrationGraph([
            .init(name: "ramsey", scope: .node, proposes: ["drive_detuning"]),
            .init(
                name: "rabi-amplitude", scope: .node, dependencies: ["ramsey"], proposes: ["half_pi_amplitude"],
                validity: 3600), .init(name: "allxy", scope: .node, dependencies: ["rabi-amplitude"]),
            .init(name: "fine-pi", scope: .node, dependencies: ["ramsey"], proposes: ["pi_amplitude"]),
        ])
    }

    private func book(at time: Double) throws -> LaboratoryBook {
        try LaboratoryBook(
            laboratory: laboratory.lab, history: laboratory.state.file(CalibrationHistory.fileName), clock: { time })
    }

    /// Keeps a run of rabi that took ten seconds.
    private func run(
        _ book: LaboratoryBook, at time: Double, _ value: Double?, uncertainty: Double = 0.001, isCheck: Bool = false,
        item: CalibrationItem? = nil
    ) throws -> String {
        let begun = BegunRun(
            item: item ?? rabi, isCheck: isCheck, began: time - 10, isSimulated: true, person: "eve")
        let name = try book.begin(begun, inputs: try book.values())
        let proposals = value.map { [RoutineReport.Proposal(path, value: $0, uncertainty: uncertainty)] } ?? []
        let report = RoutineReport(
            isCheck || value != nil || item != nil ? .good : .badData, "seen", proposals: proposals,
            metrics: [.init("visibility", 0.9, 0.01)],
            figures: [Figure(title: "t", xLabel: "x", yLabel: "y", series: [.init("d", x: [1], y: [2])])])
        try book.finish(name, FinishedRun(begun: begun, ended: time, report: report, points: 3, shots: 300))
        return name
    }

    @Test("a proposal waits, comes into force with who accepted it, and is shown with its plot")
    func accept() throws {
        let book = try book(at: noon)
        let name = try run(book, at: noon, 0.76)
        #expect(name == "alice-rabi-amplitude-20261121-0001")
        #expect(try book.values().nodes.alice.values[.halfPiAmplitude]?.value == 0.757576)
        #expect(try book.latest(of: graph).pending.map { $0["path"] } == ["alice.half_pi_amplitude"])
        let shown = try book.show(name)
        #expect(shown["item"] == "alice/rabi-amplitude" && shown["verdict"] == "good" && shown["simulated"] == true)
        #expect(shown["proposals"]?.arrayValue?.first?["state"] == "proposed")
        #expect(shown["metrics"]?.arrayValue?.first?["name"] == "visibility")
        #expect(shown["figures"]?.arrayValue?.first?["title"] == "t" && shown["points"] == 3)
        let accepted = try book.accept("alice.half_pi_amplitude", by: "eve", allowsSimulated: true)
        #expect(accepted["run"]?.stringValue == name)
        #expect(accepted["values"]?.arrayValue?.first?["accepted_by"] == "eve")
        let value = try #require(try book.values().nodes.alice.values[.halfPiAmplitude])
        #expect(value.value == 0.76 && value.run == name && value.acceptedBy == .person("eve"))
        #expect(try book.latest(of: graph).pending.isEmpty)
        #expect(try book.latest(of: graph).runs[rabi]?["run"]?.stringValue == name)
        #expect(try readText(laboratory.folder.file("alice.yaml")).hasPrefix("# What was measured at alice"))
    }

    @Test("simulated values do not come into force for real boards; unknown runs and paths are named")
    func refusals() throws {
        let book = try book(at: noon)
        let name = try run(book, at: noon, 0.76)
        let real = try #require(throws: BellError.self) { try book.accept(name, by: "eve", allowsSimulated: false) }
        #expect(real.what.contains("simulated"))
        for what in ["nobody", "bob.half_pi_amplitude", "alice.half_pi_amplitud"] {
            #expect(throws: BellError.self) { try book.accept(what, by: "eve", allowsSimulated: true) }
        }
        #expect(throws: BellError.self) { try book.accept(name, by: "a\nb", allowsSimulated: true) }
        _ = try book.refuse(name, by: "eve")
        #expect(try book.latest(of: graph).pending.isEmpty)
        #expect(try book.values().nodes.alice.values[.halfPiAmplitude]?.value == 0.757576)
        #expect(throws: BellError.self) { try book.show("nobody") }
    }

    @Test("a value outside of its quantity's range is the measurement's fault: exit code 1")
    func outOfRange() throws {
        let book = try book(at: noon)
        let name = try run(book, at: noon, 1.2)
        let error = try #require(throws: BellError.self) {
            try book.accept(name, by: "bring-up", allowsSimulated: true)
        }
        #expect(error.code.exit == .experiment)
    }

    @Test("states come from the files and from what was checked since")
    func states() throws {
        let book = try book(at: noon)
        let shipped = try #require(UTCTime("2026-11-20T06:12:00Z")?.seconds)
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: shipped, calibrated: shipped))
        #expect(try book.states(of: graph)[CalibrationItem(.node(.alice), "allxy")] == nil)
        // A good check makes it count anew and moves nothing.
        _ = try run(book, at: noon, nil, isCheck: true)
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: noon, calibrated: shipped))
        // A failed calibration counts until something passes.
        _ = try run(book, at: noon + 10, nil)
        #expect(try book.states(of: graph)[rabi]?.hasFailed == true)
        _ = try run(book, at: noon + 20, nil, isCheck: true)
        #expect(try book.states(of: graph)[rabi]?.hasFailed == false)
        // A proposal that nobody accepted changes nothing.
        let name = try run(book, at: noon + 30, 0.8)
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: noon + 20, calibrated: shipped))
        _ = try book.accept(name, by: "eve", allowsSimulated: true)
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: noon + 30, calibrated: noon + 30))
        // What proposes nothing is verified by a good run.
        let allxy = CalibrationItem(.node(.alice), "allxy")
        _ = try run(book, at: noon + 40, nil, item: allxy)
        #expect(try book.states(of: graph)[allxy] == ItemState(verified: noon + 40))
    }

    @Test("a routine whose values a finer one has measured since did its part")
    func finer() throws {
        let book = try book(at: noon)
        let fine = CalibrationItem(.node(.alice), "fine-half-pi")
        for (place, item) in [rabi, fine].enumerated() {
            let name = try run(book, at: noon + Double(place), 0.8, item: item)
            _ = try book.accept(name, by: "eve", allowsSimulated: true)
        }
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: noon, calibrated: noon))
        let open = try run(book, at: noon + 5, 0.9)
        #expect(try book.show(open)["verdict"] == "good")
        #expect(try book.states(of: graph)[rabi] == nil, "its last proposal was not accepted")
    }

    @Test("a finer routine whose value a coarser one has replaced must measure again, whatever its checks said before")
    func coarser() throws {
        let graph = try CalibrationGraph([
            .init(name: "rabi-amplitude", scope: .node, proposes: ["half_pi_amplitude"]),
            .init(
                name: "fine-half-pi", scope: .node, dependencies: ["rabi-amplitude"], proposes: ["half_pi_amplitude"]),
        ])
        let book = try book(at: noon)
        let fine = CalibrationItem(.node(.alice), "fine-half-pi")
        for (place, item) in [rabi, fine].enumerated() {
            let name = try run(book, at: noon + Double(place), 0.8, item: item)
            _ = try book.accept(name, by: "bring-up", allowsSimulated: true)
        }
        _ = try run(book, at: noon + 5, nil, isCheck: true, item: fine)
        #expect(try book.states(of: graph)[fine]?.verified == noon + 5)
        let name = try run(book, at: noon + 9, 0.7)
        _ = try book.accept(name, by: "bring-up", allowsSimulated: true)
        let states = try book.states(of: graph)
        #expect(states[fine]?.verified == nil && states[fine]?.replacedBy == "rabi-amplitude")
        #expect(states[rabi]?.verified == noon + 9)
        #expect(
            graph.staleness(of: fine, states, now: noon + 10)?.text == "rabi-amplitude has replaced its value since")
        // A check of what is in force now counts again.
        _ = try run(book, at: noon + 20, nil, isCheck: true, item: fine)
        #expect(try book.states(of: graph)[fine]?.verified == noon + 20)
    }

    @Test("a good run that had nothing to propose is right from then on, and moves nothing")
    func nothingToSet() throws {
        let book = try book(at: noon)
        let fine = CalibrationItem(.node(.alice), "fine-pi")
        #expect(try book.states(of: graph)[fine] == nil)
        _ = try run(book, at: noon + 5, nil, item: fine)
        #expect(try book.states(of: graph)[fine] == ItemState(verified: noon + 5))
    }

    @Test("a value that was measured again and found where it was does not count as moved")
    func unmoved() throws {
        let book = try book(at: noon)
        for (place, value) in [0.8, 0.8005, 0.8012].enumerated() {
            let name = try run(book, at: noon + Double(place), value)
            _ = try book.accept(name, by: "eve", allowsSimulated: true)
        }
        #expect(try book.states(of: graph)[rabi] == ItemState(verified: noon + 2, calibrated: noon))
        let name = try run(book, at: noon + 9, 0.81)
        _ = try book.accept(name, by: "eve", allowsSimulated: true)
        #expect(try book.states(of: graph)[rabi]?.calibrated == noon + 9)
    }

    @Test("the history of a value and of a metric, from a time on; what has none is answered with the nearest name")
    func history() throws {
        let book = try book(at: noon)
        for (place, value) in [0.7, 0.71, 0.72].enumerated() { _ = try run(book, at: noon + Double(place), value) }
        let all = try book.history("alice.half_pi_amplitude", since: nil)
        #expect(all["unit"] == "1" && all["points"]?.arrayValue?.count == 3)
        let late = try book.history("alice.half_pi_amplitude", since: noon + 1)
        #expect(late["points"]?.arrayValue?.compactMap { $0["value"]?.doubleValue } == [0.71, 0.72])
        #expect(try book.history("alice.visibility", since: nil)["points"]?.arrayValue?.count == 3)
        #expect(try book.history("bob.t1", since: nil)["points"] == [])
        for spoken in ["alice.pi2.amplitude", "alice.pi2_amplitude", "alice.half_pi.amplitude"] {
            let same = try book.history(spoken, since: nil)
            #expect(same["path"] == "alice.half_pi_amplitude" && same["points"]?.arrayValue?.count == 3, "\(spoken)")
        }
        #expect(try book.history("bob.switch_delay", since: nil)["path"] == "timing.bob.switch_delay")
        let placeless = try #require(throws: BellError.self) { try book.history("half_pi_amplitude", since: nil) }
        #expect(placeless.fix == "say where: alice.half_pi_amplitude or bob.half_pi_amplitude")
        let typo = try #require(throws: BellError.self) { try book.history("alice.visibilty", since: nil) }
        #expect(typo.fix == "did you mean alice.visibility?")
        #expect(throws: BellError.self) { try book.history("", since: .nan) }
    }

    @Test("a run that came to no verdict is no last run")
    func abandoned() throws {
        let book = try book(at: noon)
        let begun = BegunRun(item: rabi, isCheck: false, began: noon, isSimulated: true, person: "eve")
        let name = try book.begin(begun, inputs: try book.values())
        try book.abandon(name, reason: "cancelled")
        #expect(try book.show(name)["reason"] == "cancelled")
        #expect(try book.latest(of: graph).runs[rabi] == nil)
        #expect(try book.states(of: graph)[rabi]?.hasFailed == false)
    }
}
