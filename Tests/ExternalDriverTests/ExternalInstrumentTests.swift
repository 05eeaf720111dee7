import BellHost
import BellModel
import BellZeroMQ
import DriverKit
import ExternalDriver
import Synchronization
import Testing

/// Time-outs here are long: a test that waits for an answer must not fail on a busy machine.
private let patient = InstrumentTimeouts(request: .seconds(60), action: .seconds(60))
/// And these are short, for answers that never come.
private let brief = InstrumentTimeouts(request: .seconds(60), action: .milliseconds(300))

@Suite("An instrument in a Python process", .serialized)
struct ExternalInstrumentTests {
    private func with(
        _ options: [String] = [], timeouts: InstrumentTimeouts = patient, serial: String? = nil,
        _ body: (ExternalInstrument, PythonProcess) async throws -> Void
    ) async throws {
        let process = try PythonProcess("example_instrument", options)
        let reactor = try Reactor(context: ZeroMQContext(), name: "test")
        defer { reactor.shutdown() }
        let instrument = ExternalInstrument(
            name: "alice/lo", reactor: reactor, endpoint: process.endpoint, serial: serial, timeouts: timeouts)
        try await body(instrument, process)
        await instrument.close()
        process.kill()
    }

    @Test("it is greeted, read, set, read back, asked for problems and made safe")
    func whole() async throws {
        try await with { source, _ in
            #expect(await source.settings().isEmpty)
            let identity = try await source.connect()
            #expect(identity.model == "example source" && identity.isSimulated && identity.serial == "EXAMPLE-1")
            #expect(
                await source.settings().map(\.key)
                    == ["frequency_hz", "power_dbm", "output", "reference", "averages", "reference_locked"])
            #expect(try await source.read("power_dbm") == .number(-30))
            #expect(try await source.set("power_dbm", to: .number(3.001)) == .number(3))
            #expect(try await source.set("output", to: .toggle(true)) == .toggle(true))
            #expect(try await source.set("averages", to: .integer(64)) == .integer(64))
            #expect(try await source.problems().isEmpty)
            _ = try await source.set("reference", to: .choice("external"))
            #expect(try await source.problems() == ["reference not locked"])
            try await source.makeSafe()
            #expect(try await source.read("output") == .toggle(false))
            try await source.ping()
            #expect(await source.surplusMessages == 0)
            #expect(await source.boots == 1)
        }
    }

    @Test("a call that waits when the driver process ends fails at once, with how it ended")
    func processEnded() async throws {
        let reactor = try Reactor(context: ZeroMQContext(), name: "test")
        defer { reactor.shutdown() }
        // Nobody serves it: the greeting would wait for a minute.
        let source = ExternalInstrument(
            name: "alice/lo", reactor: reactor, endpoint: "ipc:///tmp/belld-no-such-driver", timeouts: patient)
        let start = ContinuousClock.now
        let waiting = Task { () -> BellError? in
            do throws(BellError) {
                _ = try await source.connect()
                return nil
            } catch { return error }
        }
        // Again and again, because the call may not wait yet.
        let ender = Task {
            while !Task.isCancelled {
                await source.processEnded("by signal 9\u{1b}")
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
        let error = await waiting.value
        ender.cancel()
        #expect(error?.code == .instrumentProcessEnded)
        #expect(error?.what == "The instrument's driver process ended by signal 9\u{FFFD}.")
        #expect(error?.place == "alice/lo")
        #expect(start.duration(to: .now) < .seconds(50), "it did not wait for its time-out")
        #expect(await code { try await source.read("power_dbm") } == .instrumentNotConnected)
    }

    @Test("a setting that is under way fails at once when its driver process ends, and the next process is connected")
    func diesWhileSetting() async throws {
        try await with(["--misbehave", "hang"]) { source, process in
            _ = try await source.connect()
            let setting = Task { await code { try await source.set("power_dbm", to: .number(3)) } }
            process.kill()
            let ender = Task {
                while !Task.isCancelled {
                    await source.processEnded("by signal 9")
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            let found = await setting.value
            ender.cancel()
            #expect(found == .instrumentProcessEnded || found == .instrumentNotConnected)
        }
    }

    @Test("what cannot be is refused before it is sent, and what the instrument refuses says why")
    func refusals() async throws {
        try await with { source, _ in
            #expect(await code { try await source.read("power_dbm") } == .instrumentNotConnected)
            _ = try await source.connect()
            #expect(await code { try await source.set("power_dbm", to: .number(21)) } == .instrumentRange)
            #expect(await code { try await source.set("power_dbm", to: .toggle(true)) } == .instrumentRange)
            #expect(await code { try await source.set("reference_locked", to: .toggle(true)) } == .instrumentReadOnly)
            #expect(await code { try await source.set("power_dbn", to: .number(1)) } == .instrumentUnknownSetting)
            _ = try await source.set("reference", to: .choice("external"))
            do throws(BellError) {
                _ = try await source.set("output", to: .toggle(true))
                Issue.record("the output was switched on without a reference")
            } catch {
                #expect(error.code == .instrumentFault && error.fix == "wait until reference_locked is on")
                #expect(error.place?.hasPrefix("alice/lo") == true)
            }
        }
    }

    @Test("many calls at once are performed one after the other")
    func concurrent() async throws {
        try await with { source, _ in
            _ = try await source.connect()
            try await withThrowingTaskGroup(of: InstrumentValue.self) { group in
                for place in 1...40 { group.addTask { try await source.set("averages", to: .integer(place)) } }
                var seen: Set<String> = []
                for try await value in group { seen.insert(value.text) }
                #expect(seen.count == 40)
            }
            #expect(await source.surplusMessages == 0)
        }
    }

    @Test("another serial number than lab.yaml's is the wrong device")
    func serial() async throws {
        try await with(["--serial", "17"], serial: "18") { source, _ in
            #expect(await code { try await source.connect() } == .instrumentWrongDevice)
            #expect(await code { try await source.ping() } == .instrumentNotConnected)
        }
    }

    @Test("a value that is read back otherwise is an error")
    func lie() async throws {
        try await with(["--misbehave", "lie"]) { source, _ in
            _ = try await source.connect()
            #expect(await code { try await source.set("power_dbm", to: .number(3)) } == .instrumentReadBack)
        }
    }

    @Test("a driver that floods loses its link with an error that says so", arguments: ["flood", "garbage"])
    func flood(_ how: String) async throws {
        try await with(["--misbehave", how]) { source, _ in
            _ = try await source.connect()
            #expect(await code { try await source.ping() } == .instrumentFlood)
            #expect(await source.surplusMessages > UInt64(InstrumentLinkMachine.surplusLimit))
            #expect(await code { try await source.ping() } == .instrumentNotConnected)
        }
    }

    @Test("a driver that hangs times out, and after its restart the next connection is a second boot")
    func hang() async throws {
        try await with(["--misbehave", "hang"], timeouts: brief) { source, process in
            _ = try await source.connect()
            #expect(await code { try await source.set("power_dbm", to: .number(3)) } == .instrumentTimeout)
            try process.restart()
            _ = try await source.connect()
            #expect(await source.boots == 2)
            #expect(try await source.read("power_dbm") == .number(-30))
        }
    }

    @Test("a driver that dies in a call times out, and its successor on the same link is seen as a reboot")
    func death() async throws {
        try await with(["--misbehave", "die"], timeouts: brief) { source, process in
            _ = try await source.connect()
            #expect(await code { try await source.set("power_dbm", to: .number(3)) } == .instrumentTimeout)
            #expect(process.ending(withinMilliseconds: 30_000) == .exited(7))
            try process.restart()
            // libzmq connects again by itself; the question reaches another process than was greeted.
            #expect(await code { try await source.read("power_dbm") } == .instrumentRebooted)
            _ = try await source.connect()
            #expect(await source.boots == 2)
        }
    }

    @Test("a probe is answered beside a connection, and not by a frozen or dead process")
    func probe() async throws {
        try await with { source, process in
            _ = try await source.connect()
            let probe = DriverProbe(context: try ZeroMQContext(), endpoint: process.endpoint, dialect: .instrument)
            #expect(!probe.takeAnswer())
            try probe.ask()
            #expect(await answered(probe, within: .seconds(60)))
            #expect(!probe.takeAnswer())
            #expect(try await source.read("averages") == .integer(1))
            #expect(await source.surplusMessages == 0)
            process.freeze()
            try probe.ask()
            #expect(await !answered(probe, within: .milliseconds(300)))
            process.kill()
            try probe.ask()
            #expect(await !answered(probe, within: .milliseconds(300)))
            try process.restart()
            #expect(await answered(probe, within: .seconds(60)))
        }
    }
}

/// The code that a call fails with.
func code(_ call: () async throws -> some Sendable) async -> BellError.Code? {
    do {
        _ = try await call()
        return nil
    } catch { return (error as? BellError)?.code }
}

/// Looks for an answer as a supervisor does.
func answered(_ probe: DriverProbe, within time: Duration) async -> Bool {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end {
        if probe.takeAnswer() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return false
}
