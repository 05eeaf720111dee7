import BellModel
import BellYAML
import BellZeroMQ
import DriverKit
import Testing

@testable import MockLab

@Suite("Gauges of the virtual laboratory")
struct GaugeTests {
    private static let text = """
        time_factor: 46
        gauges:
          fridge:
            model: fridge
            readings:
              mixing_chamber_k: {value: 0.02, process: ou, std: 0.001, correlation: 1h}
              compressor: {fail_at: 3h, fail_for: 30min}
          alice-lock: {model: reference-lock, serial: REF-1, readings: {reference_locked: {fail_at: 1h}}}
          amplifier: {model: amplifier, readings: {gain_db: {jumps: {rate_per_hour: 20, std: 0.5}}}, silent_at: 2h, silent_for: 1h}
        """

    private func lab(seed: UInt64 = 3) throws -> LabCore {
        LabCore(profile: try DriftProfileTests.profile(adding: GaugeTests.text), seed: seed, pace: .max) { 1 }
    }

    /// Picoseconds of laboratory time at an hour of drift.
    private func time(_ hours: Double) -> UInt64 { UInt64(hours * 3600e12 / 46) }

    @Test("They drift in their range, each in its own stream, and answer the same when asked again")
    func drift() throws {
        var (book, again) = (try lab().gauges, try lab().gauges)
        let gaussian = GaussianTable()
        var temperatures: [Double] = []
        for minute in 0..<170 {
            let now = time(Double(minute) / 60)
            guard case .number(let kelvin)? = book.read("fridge", "mixing_chamber_k", time: now, gaussian: gaussian)
            else { return #expect(Bool(false), "no temperature") }
            temperatures.append(kelvin)
            #expect(book.read("fridge", "mixing_chamber_k", time: now, gaussian: gaussian) == .number(kelvin))
            #expect(book.read("fridge", "compressor", time: now, gaussian: gaussian) == .toggle(true))
        }
        #expect(temperatures[0] == 0.02)
        #expect(temperatures.allSatisfy { abs($0 - 0.02) < 0.005 })
        #expect(Set(temperatures).count == 170)
        #expect(
            again.read("fridge", "mixing_chamber_k", time: time(169.0 / 60), gaussian: gaussian)
                == .number(temperatures[169]), "asked once or often")
        var other = try lab(seed: 4).gauges
        #expect(
            other.read("fridge", "mixing_chamber_k", time: time(1), gaussian: gaussian) != .number(temperatures[60]))
        #expect(book.read("fridge", "bias_ma", time: 0, gaussian: gaussian) == nil)
        #expect(book.read("stove", "still_k", time: 0, gaussian: gaussian) == nil)
    }

    @Test("A compressor that stops warms the fridge, and cools it when it runs again")
    func compressor() throws {
        var book = try lab().gauges
        let gaussian = GaussianTable()
        func read(_ key: String, _ hours: Double) -> Double {
            if case .number(let value)? = book.read("fridge", key, time: time(hours), gaussian: gaussian) {
                value
            } else {
                .nan
            }
        }
        let cold = read("four_kelvin_k", 2.99)
        #expect(book.problems("fridge", time: time(2.99), gaussian: gaussian) == [])
        #expect(book.problems("fridge", time: time(3.01), gaussian: gaussian) == ["the compressor is off"])
        let warm = read("four_kelvin_k", 3.49)
        // Half an hour at 10 min to 1/e, towards 12 K.
        #expect(abs(warm - (12 - (12 - cold) * 0.0527)) < 0.1, "\(cold) K to \(warm) K")
        #expect(read("helium_bar", 3.49) < 16)
        #expect(read("mixing_chamber_k", 3.49) > 0.5)
        #expect(book.problems("fridge", time: time(3.51), gaussian: gaussian) == [])
        #expect(read("four_kelvin_k", 5) < 3.8)
    }

    @Test("Their time goes on with the wall clock while nothing is played, once something was; the qubits' does not")
    func rest() {
        var rest = GaugeRest()
        let second: UInt64 = 1_000_000_000
        #expect(rest.picoseconds(now: 3600 * second) == 0, "an evening does not pass before anybody begins")
        rest.end(now: 100 * second)
        #expect(rest.picoseconds(now: 102 * second) == 0, "what happens between two blocks is no rest")
        #expect(rest.picoseconds(now: 112 * second) == 10_000_000_000_000)
        rest.end(now: 112 * second)
        #expect(rest.picoseconds(now: 113 * second) == 10_000_000_000_000)
        #expect(rest.picoseconds(now: 50 * second) == 10_000_000_000_000, "nothing goes backwards")
        #expect(rest.picoseconds(now: 124 * second) == 20_000_000_000_000)
        rest.end(now: 100 * second)
        #expect(rest.picoseconds(now: .max) > 20_000_000_000_000)
    }

    @Test("A fridge that failed is cold again although nobody plays a trial")
    func recovers() throws {
        var core = LabCore(
            profile: try DriftProfileTests.profile(
                adding: "time_factor: 46\ngauges: {fridge: {model: fridge, readings: {compressor: "
                    + "{fail_at: 1s, fail_for: 30min}}}}"), seed: 3, pace: .max
        ) { 1 }
        let second: UInt64 = 1_000_000_000
        #expect(core.gaugeProblems("fridge", now: 5000 * second) == [])
        core.rest.end(now: 5000 * second)
        // A second of rest is 46 of drift.
        #expect(core.gaugeProblems("fridge", now: 5003 * second) == ["the compressor is off"])
        #expect(core.gaugeProblems("fridge", now: 5042 * second) == [])
        #expect(core.time == 0)
    }

    @Test("As instruments they tell who they are, complain, fall silent and come back")
    func instrument() async throws {
        let profile = try DriftProfileTests.profile(adding: GaugeTests.text)
        let lab = VirtualLab(profile: profile, seed: 3)
        let gauges = Dictionary(uniqueKeysWithValues: lab.gauges.map { ($0.name, $0) })
        let amplifier = MockGauge(name: "amp", gauge: try #require(gauges["amplifier"]), laboratory: lab)
        let lock = MockGauge(name: "lock", gauge: try #require(gauges["alice-lock"]), laboratory: lab)
        await #expect(throws: BellError.self) { _ = try await amplifier.read("gain_db") }
        let identity = try await amplifier.connect()
        #expect(identity.model == "simulated amplifier" && identity.isSimulated)
        #expect(try await lock.connect().serial == "REF-1")
        #expect(
            try await amplifier.readings() == [
                InstrumentReading(key: "gain_db", value: .number(39), unit: "dB"),
                InstrumentReading(key: "bias_ma", value: .number(18), unit: "mA"),
            ])
        await #expect(throws: BellError.self) { _ = try await amplifier.set("gain_db", to: .number(3)) }
        await #expect(throws: BellError.self) { _ = try await amplifier.read("gain_bd") }
        #expect(try await lock.problems() == [])
        try await pass(hours: 1.01, in: lab)
        #expect(try await lock.problems() == ["the 10 MHz reference is not locked"])
        #expect(try await lock.read("reference_locked") == .toggle(false))
        #expect(try await amplifier.read("gain_db") != .number(39))
        try await pass(hours: 1.01, in: lab)
        let error = await #expect(throws: BellError.self) { _ = try await amplifier.read("gain_db") }
        #expect(error?.code == .instrumentNotConnected)
        await #expect(throws: BellError.self) { _ = try await amplifier.connect() }
        try await pass(hours: 1, in: lab)
        _ = try await amplifier.connect()
        _ = try await amplifier.read("bias_ma")
        await amplifier.close()
        await #expect(throws: BellError.self) { _ = try await amplifier.problems() }
        lab.stop()
        await #expect(throws: BellError.self) { _ = try await lock.read("reference_locked") }
    }

    /// Lets drift hours pass by shots at one board.
    private func pass(hours: Double, in lab: VirtualLab) async throws {
        let transport = try lab.transport(to: .alice)
        defer { transport.close() }
        let goal = lab.driftTime + hours * 3600
        let program = try HandMadeProgram().program(.alice).encoded()
        var sequence: UInt32 = 0
        func send(_ message: BoardMessage) throws {
            sequence += 1
            try transport.send(message.encoded(sequence: sequence))
        }
        try send(.hello(Hello(software: "test")))
        try send(.program(program))
        var frames = transport.incoming.makeAsyncIterator()
        while lab.driftTime < goal {
            try send(.shotsRequest(ShotsRequest(count: 16_384, averaged: true)))
            while let bytes = try await frames.next() {
                if case .shots? = try? BoardMessage(try Frame.decode(bytes)) { break }
            }
        }
    }

    @Test("Over ZeroMQ they speak the instrument protocol; nonsense gets no answer, silence neither")
    func service() throws {
        let gauge = try #require(try lab().gauges.truths.first)
        let speaking = GaugeService(
            gauge: gauge, bootID: "b1", read: { $0 == "compressor" ? .toggle(true) : .number(0.5) }, problems: { [] })
        let silent = GaugeService(gauge: gauge, bootID: "b1", read: { _ in nil }, problems: { nil })
        func ask(_ service: GaugeService, _ text: String) -> JSON? {
            service.answer(Array(text.utf8)).flatMap { try? JSON(parsing: $0) }
        }
        let hello = ask(speaking, #"{"id":1,"method":"hello","params":{"protocol":1,"host":"x"}}"#)
        #expect(hello?["result"]?["settings"]?.arrayValue?.count == 5)
        #expect(hello?["result"]?["settings"]?.arrayValue?.first?["unit"] == "K")
        #expect(hello?["result"]?["identity"]?["simulated"] == true)
        #expect(hello?["boot_id"] == "b1")
        #expect(
            ask(speaking, #"{"id":2,"method":"read","params":{"key":"still_k"}}"#)?["result"]?["value"]?.doubleValue
                == 0.5)
        for (text, code) in [
            (#"{"id":3,"method":"hello","params":{"protocol":9}}"#, "instrument.wrong-version"),
            (#"{"id":3,"method":"read","params":{"key":7}}"#, "instrument.unknown-setting"),
            (#"{"id":3,"method":"set","params":{"key":"still_k","value":1}}"#, "instrument.read-only"),
            (#"{"id":3,"method":"dance"}"#, "instrument.unknown-method"),
        ] { #expect(ask(speaking, text)?["error"]?["code"]?.stringValue == code) }
        for text in [
            "", "{}", "[]", #"{"id":1}"#, #"{"id":"1","method":"ping"}"#, String(repeating: "[", count: 70_000),
        ] {
            #expect(ask(speaking, text) == nil)
        }
        #expect(ask(silent, #"{"id":1,"method":"hello","params":{"protocol":1}}"#) == nil)
        #expect(ask(silent, #"{"id":1,"method":"read","params":{"key":"still_k"}}"#) == nil)
        #expect(ask(silent, #"{"id":1,"method":"ping"}"#)?["result"] != nil, "the process lives")
    }
}
