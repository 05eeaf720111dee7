import BellHost
import BellModel
import BellSequence
import BellZeroMQ
import DriverKit
import ExternalDriver
import Foundation
import Testing

@testable import BellControlTool
import TestSupport

@Suite("Programs that serve devices", .serialized, .blocking)
struct DriverFleetTests {
    private static let second: UInt64 = 1_000_000_000

    /// A laboratory whose alice is served by a shell script, and the fleet's clock, which the test moves.
    private final class Stage {
        let bench: DeviceBench
        let state: StateDirectory
        let run: RunDirectory
        let context: ZeroMQContext
        var said: [String] = []
        var complained = ""
        /// What belld was told of programs that ended.
        var ended: [String] = []
        /// Ahead of the system's clock by what the test has skipped.
        var skipped: UInt64 = 0
        var now: UInt64 { monotonicNanoseconds() + skipped }

        init(_ script: String?, run words: String? = "[./driver, --at, '@run/x', two]") throws {
            bench = try DeviceBench(alice: "zmq+ipc://@run/alice" + (words.map { "\n    run: \($0)" } ?? ""))
            state = try StateDirectory(path: bench.state)
            run = try RunDirectory(for: state)
            context = try ZeroMQContext()
            guard let script else { return }
            let path = "\(bench.folder)/driver"
            try script.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: run.path) }

        func fleet() throws -> DriverFleet {
            let console = Console(write: { self.said.append($0) }, complain: { self.complained += $0 })
            return try DriverFleet(
                laboratory: try LabFile.laboratory(text: try readText(bench.lab), source: bench.lab),
                runDirectory: run.path, directory: state, context: context, console: console,
                ended: { device, how in self.ended.append("\(device) \(how)") })
        }

        /// Looks until something holds.
        func look(_ fleet: DriverFleet, _ what: Comment, until holds: () throws -> Bool) throws {
            for _ in 0..<1500 {
                fleet.look(now: now)
                if try holds() { return }
                pause(milliseconds: 10)
            }
            Issue.record("waited in vain: \(what); said \(said)")
        }

        func log() throws -> String { try readText("\(state.path)/logs/driver-alice.log") }
        func hasSaid(_ text: String) -> Bool { said.contains { $0.contains(text) } }
    }

    private static let patient = """
        #!/bin/sh
        echo "begun $*"
        trap 'echo ended; exit 0' TERM
        while :; do sleep 0.02; done
        """

    @Test("a program is started with its arguments and its log, and ended when the laboratory ends")
    func start() throws {
        let stage = try Stage(Self.patient)
        let fleet = try stage.fleet()
        #expect(fleet.processIDs.isEmpty)
        fleet.begin(now: stage.now)
        let id = try #require(fleet.processIDs[.driver("alice")])
        try stage.look(fleet, "it has begun") { try stage.log().contains("begun") }
        #expect(try stage.log() == "begun --at \(stage.run.path)/x two\n")
        #expect(stage.hasSaid("started the driver of alice (pid \(id)), log \(stage.state.path)/logs/driver-alice.log"))
        fleet.end()
        #expect(stage.ended.isEmpty, "an end that was asked for is none to tell of")
        #expect(try stage.log().hasSuffix("ended\n"))
        #expect(kill(id, 0) == -1, "it is gone and has been waited for")
        #expect(fleet.processIDs.isEmpty)
        #expect(stage.complained.isEmpty)
        // Again: nothing is left to do.
        fleet.end()
    }

    @Test("a program that dies is started again after a pause that grows")
    func dies() throws {
        let stage = try Stage("#!/bin/sh\necho again\nexit 4\n")
        let fleet = try stage.fleet()
        fleet.begin(now: stage.now)
        try stage.look(fleet, "its end is seen") {
            stage.hasSaid("the driver of alice ended with status 4; starting it again in 1.0 s")
        }
        #expect(fleet.processIDs.isEmpty)
        #expect(stage.ended == ["alice with status 4"], "belld is told at once")
        stage.skipped += Self.second
        try stage.look(fleet, "it was started again") { stage.hasSaid("starting it again in 1.5 s") }
        #expect(try stage.log() == "again\nagain\n")
        fleet.end()
        #expect(stage.said.count { $0.hasPrefix("started the driver") } == 2)
    }

    @Test("a program killed with SIGKILL is started again")
    func killed() throws {
        let stage = try Stage(Self.patient)
        let fleet = try stage.fleet()
        fleet.begin(now: stage.now)
        let id = try #require(fleet.processIDs[.driver("alice")])
        kill(id, SIGKILL)
        try stage.look(fleet, "its end is seen") { stage.hasSaid("ended by signal 9; starting it again in 1.0 s") }
        stage.skipped += Self.second
        try stage.look(fleet, "it runs again") { fleet.processIDs[.driver("alice")].map { $0 != id } ?? false }
        fleet.end()
        #expect(fleet.processIDs.isEmpty)
    }

    @Test("a program that never answers is ended, if need be by SIGKILL, and started again")
    func silent() throws {
        let stage = try Stage("#!/bin/sh\ntrap '' TERM\necho begun\nwhile :; do sleep 0.02; done\n")
        let fleet = try stage.fleet()
        fleet.begin(now: stage.now)
        try stage.look(fleet, "it has begun") { try stage.log().contains("begun") }
        stage.skipped += 121 * Self.second
        try stage.look(fleet, "its silence is seen") { stage.hasSaid("pings in a row; ending it") }
        #expect(fleet.processIDs[.driver("alice")] != nil, "it does not listen to SIGTERM")
        stage.skipped += 6 * Self.second
        try stage.look(fleet, "it was killed") { stage.hasSaid("ended by signal 9; starting it again in 1.0 s") }
        stage.skipped += Self.second
        try stage.look(fleet, "it was started again") { fleet.processIDs[.driver("alice")] != nil }
        if let id = fleet.processIDs[.driver("alice")] { kill(id, SIGKILL) }
        fleet.end()
    }

    @Test("a program that does not end is named and not waited for without end")
    func stays() throws {
        let stage = try Stage("#!/bin/sh\ntrap '' TERM\necho begun\nwhile :; do sleep 0.02; done\n")
        let fleet = try stage.fleet()
        fleet.begin(now: stage.now)
        try stage.look(fleet, "it has begun") { try stage.log().contains("begun") }
        let id = try #require(fleet.processIDs[.driver("alice")])
        fleet.end(patience: 0)
        #expect(stage.complained.contains("The driver of alice does not end."))
        #expect(stage.complained.contains("pid \(id)"))
        #expect(DriverFleet.patience > SupervisionPolicy().grace)
        kill(id, SIGKILL)
        fleet.end()
        #expect(fleet.processIDs.isEmpty)
    }

    @Test("an answer to its ping makes a program ready, and it is not ended while it answers")
    func answers() throws {
        let stage = try Stage(Self.patient)
        let fleet = try stage.fleet()
        let router = try Socket(stage.context, kind: .router)
        _ = try router.bind("ipc://\(stage.run.path)/alice")
        fleet.begin(now: stage.now)
        var pings = 0
        for _ in 0..<4 {
            let before = pings
            for _ in 0..<1500 where pings == before {
                fleet.look(now: stage.now)
                guard let parts = try router.receive(timeoutMilliseconds: 10) else { continue }
                let frame = try Frame.decode(try #require(parts.last))
                let answer = BoardMessage.error(ErrorReport(code: .helloRequired, text: "HELLO first"))
                try router.send([parts[0], answer.encoded(sequence: 1, replyTo: frame.sequence)])
                pings += 1
            }
            if before == 0 { try stage.look(fleet, "it is ready") { stage.hasSaid("the driver of alice answers") } }
            for _ in 0..<20 {
                fleet.look(now: stage.now)
                pause(milliseconds: 10)
            }
            // The next question is due: 4 × 31 s are more than a silent program would have.
            stage.skipped += 31 * Self.second
        }
        #expect(pings == 4)
        #expect(!stage.hasSaid("ending it"))
        fleet.end()
    }

    @Test(
        "a program that is not there is refused at its line",
        arguments: [
            ("[./nobody]", "no executable file"), ("[belld-no-such-program]", "not on the path"),
            ("[./lab.yaml]", "no executable file"),
        ])
    func missing(words: String, says: String) throws {
        let stage = try Stage(nil, run: words)
        let error = #expect(throws: BellError.self) { try stage.fleet() }
        #expect(error?.code == .labMissingProgram)
        #expect(error?.cause?.contains(says) == true)
        #expect(error?.place?.contains("lab.yaml:") == true)
        #expect(error?.place?.hasSuffix("devices.alice.run") == true)
    }

    @Test("a bare word is looked for on the path, and devices without a program need none")
    func path() throws {
        let stage = try Stage(nil, run: "[sh, -c, 'echo from the path; exit 0']")
        let fleet = try stage.fleet()
        fleet.begin(now: stage.now)
        try stage.look(fleet, "its end is seen") { stage.hasSaid("ended with status 0") }
        #expect(try stage.log() == "from the path\n")
        fleet.end()
        let none = try Stage(nil, run: nil)
        let empty = try none.fleet()
        empty.begin(now: none.now)
        empty.end()
        #expect(empty.processIDs.isEmpty)
        #expect(none.said.isEmpty)
    }
}
