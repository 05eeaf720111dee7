import BellModel
import DriverConformance
import DriverKit
import MockLab
import Testing

@Suite("The conformance kit on instruments")
struct InstrumentConformanceTests {
    private func run(
        _ instrument: FakeInstrument, allowSetting: Bool = true, allowOutput: Bool = false
    ) async -> ConformanceReport {
        await InstrumentConformance(
            instrument,
            options: InstrumentConformanceOptions(allowSetting: allowSetting, allowOutput: allowOutput, reads: 5)
        ).run()
    }

    @Test("A sound instrument passes, and is as before but safe")
    func sound() async {
        let instrument = FakeInstrument()
        let before = await instrument.present
        let report = await run(instrument)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report.checks.count == InstrumentConformance.checkCount)
        #expect(await instrument.present == before)
        #expect(report.isSimulated)
    }

    @Test("A simulated gauge is a sound instrument", arguments: GaugeModel.allCases)
    func gauge(model: GaugeModel) async throws {
        var profile = try SyncLab.profile()
        let gauge = GaugeTruth(name: "g", model: model)
        profile.gauges = [gauge]
        let report = await InstrumentConformance(
            MockGauge(name: "g", gauge: gauge, laboratory: VirtualLab(profile: profile, seed: 1)),
            options: InstrumentConformanceOptions(allowSetting: true, allowOutput: true, reads: 5)
        ).run()
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report.isSimulated)
    }

    @Test("Without permission nothing but present values is set")
    func readOnly() async {
        let instrument = FakeInstrument()
        let report = await run(instrument, allowSetting: false)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["instrument.set"]?.verdict == .skipped("not run: needs --allow-output"))
        #expect(report["instrument.safe"]?.verdict == .skipped("not run: needs --allow-output"))
        #expect(await instrument.log == ["frequency_hz=5800000000.0", "port=2", "output=off", "reference=internal"])
    }

    @Test("An output is switched on only when that is allowed", arguments: [true, false])
    func output(isAllowed: Bool) async {
        let instrument = FakeInstrument()
        let report = await run(instrument, allowOutput: isAllowed)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(await instrument.log.contains("output=on") == isAllowed)
        #expect(await instrument.present["output"] == .toggle(false))
        let log = await instrument.log
        // The last things that are done to it: on only with permission, and safe in any case.
        #expect(Array(log.suffix(2)) == (isAllowed ? ["output=on", "safe"] : ["reference=internal", "safe"]))
        #expect(
            report["instrument.safe"]?.verdict
                == (isAllowed ? .passed : .note("no output was switched on before: needs --allow-output")))
        #expect(log.contains("frequency_hz=1000000.0") && log.contains("frequency_hz=20000000000.0"))
    }

    private static let flaws: [(FakeInstrument.Flaw, Set<String>)] = [
        (.noSerial, ["instrument.identify"]),
        (.sameKeys, ["instrument.settings"]),
        (.unreadable, ["instrument.read"]),
        (.outOfLimits, ["instrument.read", "instrument.set-present", "instrument.set"]),
        (.takesUnknownKeys, ["instrument.unknown-key"]),
        (.takesOtherKinds, ["instrument.range"]),
        (.takesPastLimits, ["instrument.range"]),
        (.setsReadOnly, ["instrument.read-only"]),
        (.sticks, ["instrument.set"]),
        (.returnsOther, ["instrument.set-present", "instrument.set"]),
        (.wordlessProblem, ["instrument.problems"]),
        (.forgetsAtConnect, ["instrument.reconnect"]),
        (.answersWhenClosed, ["instrument.closed"]),
        (.leavesOutputOn, ["instrument.safe"]),
        (.safeDoesNothing, ["instrument.safe"]),
        (.outputStaysOff, ["instrument.set", "instrument.safe"]),
    ]

    @Test("Each broken promise is caught by its checks", arguments: flaws)
    func flaw(flaw: FakeInstrument.Flaw, caught: Set<String>) async {
        let report = await run(FakeInstrument(flaw), allowOutput: true)
        #expect(Set(report.failures.map(\.id)).isSuperset(of: caught), "\(report.text)")
        // A value past a limit stays in the instrument, and later checks stumble over it.
        if flaw != .takesPastLimits && flaw != .sticks && flaw != .forgetsAtConnect {
            #expect(Set(report.failures.map(\.id)) == caught, "\(report.text)")
        }
        #expect(report.exitCode == .hardware)
    }

    @Test("A safe state with an output on is caught also without permission to switch one on")
    func unsafe() async {
        let report = await run(FakeInstrument(.leavesOutputOn))
        #expect(report.failures.map(\.id) == ["instrument.safe"], "\(report.text)")
    }

    @Test("No check of an instrument is without a flaw that it has caught")
    func complete() {
        let caught = InstrumentConformanceTests.flaws.reduce(into: Set<String>()) { $0.formUnion($1.1) }
        let ids = Set(InstrumentConformance.catalogue.map(\.id))
        #expect(ids.subtracting(caught) == ["instrument.latency"])
        #expect(Set(InstrumentConformanceTests.flaws.map(\.0)).count == FakeInstrument.Flaw.allCases.count - 1)
    }

    @Test("An instrument that is not there fails once")
    func absent() async {
        let report = await InstrumentConformance(AbsentInstrument()).run()
        #expect(report.failures.map(\.id) == ["instrument.identify"])
        #expect(report.count("skipped") == InstrumentConformance.checkCount - 1)
    }
}

/// Nobody answers.
private actor AbsentInstrument: Instrument {
    nonisolated let name = "absent"
    func connect() throws(BellError) -> InstrumentIdentity { throw BellError(.transportClosed, "nobody answers") }
    func settings() -> [InstrumentSetting] { [] }
    func read(_ key: String) throws(BellError) -> InstrumentValue { throw BellError(.instrumentNotConnected, "no") }
    func set(_ key: String, to value: InstrumentValue) throws(BellError) -> InstrumentValue {
        throw BellError(.instrumentNotConnected, "no")
    }
    func problems() throws(BellError) -> [String] { throw BellError(.instrumentNotConnected, "no") }
    func makeSafe() throws(BellError) {}
    func close() {}
}
