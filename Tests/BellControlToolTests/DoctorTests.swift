import BellModel
import Testing

@testable import BellControlTool

@Suite("Doctor")
struct DoctorTests {
    private var healthy: MachineFacts {
        var facts = MachineFacts()
        facts.packages = Set(Doctor.packages.map(\.name))
        facts.pythonZeroMQ = true
        facts.programs = ["belld": "/b/belld", "bellcert": "/b/bellcert", "mocklab": "/b/mocklab"]
        facts.stateDirectory = "/home/lab/.belld"
        facts.stateMode = 0o40700
        facts.stateWritable = true
        facts.freeBytes = 100 << 30
        facts.longestSocketPath = "/tmp/belld-1000/0123abcd/telemetry"
        facts.wallClock = Doctor.earliestTime
        facts.clockSynchronised = true
        facts.cores = 2
        return facts
    }

    private func broken(_ change: (inout MachineFacts) -> Void) -> [Doctor.Check] {
        var facts = healthy
        change(&facts)
        return Doctor.checks(facts, trials: 1 << 20).filter { $0.verdict != .ok }
    }

    @Test("a healthy machine misses nothing")
    func ok() {
        let text = DoctorText.render(Doctor.checks(healthy, trials: 1 << 20))
        #expect(
            text == """
                ok       libraries            libzmq5 libsqlite3-0 libsodium23 libyaml-0-2 libzstd1
                ok       headers (to build)   libzmq3-dev libsqlite3-dev libsodium-dev libyaml-dev libzstd-dev
                ok       python3-zmq (tests)  imports
                ok       programs             /b/belld /b/bellcert /b/mocklab
                ok       state directory      /home/lab/.belld
                ok       disk                 1 048 576 trials need about 12.0 MiB (12 bytes a trial), free 100.0 GiB
                ok       socket paths         /tmp/belld-1000/0123abcd/telemetry (34 of at most 107 bytes)
                ok       XDG_RUNTIME_DIR      not set: sockets are below /tmp
                ok       wall clock           plausible
                ok       processors           2
                nothing is missing

                """)
    }

    @Test("each defect has one finding with a remedy")
    func defects() {
        let changes: [(String, (inout MachineFacts) -> Void)] = [
            ("libraries", { $0.packages.remove("libzmq5") }),
            ("headers (to build)", { $0.packages.remove("libyaml-dev") }),
            ("python3-zmq (tests)", { $0.pythonZeroMQ = false }),
            ("python3-zmq (tests)", { $0.pythonZeroMQ = nil }),
            ("programs", { $0.programs["belld"] = nil }),
            ("state directory", { $0.stateMode = 0o40755 }),
            ("state directory", { $0.stateWritable = false }),
            ("state directory", { ($0.stateMode, $0.stateWritable) = (nil, false) }),
            ("disk", { $0.freeBytes = 1 << 20 }),
            ("disk", { $0.freeBytes = nil }),
            ("socket paths", { $0.longestSocketPath = String(repeating: "x", count: 108) }),
            ("XDG_RUNTIME_DIR", { $0.runtimeDirectory = "/nowhere" }),
            ("wall clock", { $0.wallClock = 0 }),
            ("wall clock", { $0.clockSynchronised = false }),
            ("processors", { $0.cores = 1 }),
        ]
        for (name, change) in changes {
            let findings = broken(change)
            #expect(findings.map(\.name) == [name])
            #expect(findings.first?.fix != nil)
        }
    }

    @Test("a path of 107 bytes still binds")
    func boundary() {
        #expect(broken { $0.longestSocketPath = String(repeating: "x", count: 107) } == [])
    }

    @Test("a missing library names the package")
    func package() {
        #expect(broken { $0.packages.remove("libzmq5") }.first?.fix == "sudo apt-get install -y libzmq5")
        #expect(
            broken {
                $0.packages.remove("libzmq5"); $0.isRoot = true
            }.first?.fix == "apt-get install -y libzmq5")
    }

    @Test("the forecast saturates")
    func forecast() {
        #expect(Doctor.forecast(trials: 1000) == 12_000)
        #expect(Doctor.forecast(trials: .max) == .max)
    }
}
