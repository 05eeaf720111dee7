import BellHost
import BellModel
import Foundation
import Testing

@testable import BellControlTool
import TestSupport

@Suite("A laboratory of shell scripts", .serialized, .blocking)
struct LabSupervisorTests {
    /// A process that ends when asked to, and writes when it did.
    private static let obedient = """
        #!/bin/sh
        trap 'date +%s%N > "$0.end"; exit 0' TERM
        echo "$0 $*"
        while :; do sleep 0.02; done
        """

    private final class Stage {
        let folder: String
        let state: StateDirectory
        var said: [String] = []
        var complained = ""

        init() throws {
            folder = "\(NSTemporaryDirectory())belld-lab-\(UInt64.random(in: .min ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            state = try StateDirectory(path: "\(folder)/state")
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func program(_ role: LabProcess.Role, _ script: String) throws {
            let path = "\(folder)/\(role.rawValue)"
            try script.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }

        func supervisor(status: @escaping () -> JSON?, stops: @escaping () -> Int) -> LabSupervisor {
            let roles: [LabProcess.Role] = [.mocklab, .bellcert, .belld]
            let console = Console(write: { self.said.append($0) }, complain: { self.complained += $0 })
            return LabSupervisor(
                processes: roles.map { LabProcess(role: $0, arguments: ["--state", state.path]) },
                programs: Dictionary(uniqueKeysWithValues: roles.map { ($0, "\(folder)/\($0.rawValue)") }),
                directory: state, console: console, stopRequests: stops, patience: 60_000_000_000, status: status)
        }

        var isUp: Bool { said.contains { $0.hasPrefix("the laboratory is up") } }

        func record() throws -> LabRecord? {
            let text = try String(contentsOfFile: "\(state.path)/\(LabRecord.fileName)", encoding: .utf8)
            return LabRecord(json: try JSON(parsing: text))
        }

        func end(of role: LabProcess.Role) throws -> UInt64? {
            UInt64(
                try String(contentsOfFile: "\(folder)/\(role.rawValue).end", encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    private static let ready: JSON = [
        "devices": [["node": "alice", "state": "connected"], ["node": "bob", "state": "connected"]]
    ]

    @Test("a program that dies at the start: its log's end, its exit status, and nothing left running")
    func diesAtStart() throws {
        let stage = try Stage()
        try stage.program(.mocklab, Self.obedient)
        try stage.program(.bellcert, Self.obedient)
        try stage.program(.belld, "#!/bin/sh\necho 'error: lab.yaml:3:1 wrong'\nexit 2\n")
        let supervisor = stage.supervisor(status: { nil }, stops: { 0 })
        let error = #expect(throws: BellError.self) { try supervisor.run() }
        #expect(error?.code.exit == .usage)
        #expect(error?.cause?.contains("error: lab.yaml:3:1 wrong") == true)
        #expect(error?.fix != nil)
        #expect(!fileExists(stage.state.file(LabRecord.fileName)))
    }

    @Test("a stop ends belld first and the others after it")
    func stopsInOrder() throws {
        let stage = try Stage()
        for role in LabProcess.Role.allCases { try stage.program(role, Self.obedient) }
        let supervisor = stage.supervisor(status: { Self.ready }, stops: { stage.isUp ? 1 : 0 })
        #expect(try supervisor.run() == .interrupted)
        let belld = try #require(try stage.end(of: .belld))
        #expect(belld < (try #require(try stage.end(of: .bellcert))))
        #expect(belld < (try #require(try stage.end(of: .mocklab))))
        let log = try String(contentsOfFile: "\(stage.state.path)/logs/belld.log", encoding: .utf8)
        #expect(log.contains("--state \(stage.state.path)"))
    }

    @Test("a program killed with SIGKILL is started again", arguments: LabProcess.Role.allCases)
    func restarts(_ role: LabProcess.Role) throws {
        let stage = try Stage()
        for role in LabProcess.Role.allCases { try stage.program(role, Self.obedient) }
        var killed: Int32?
        let supervisor = stage.supervisor(
            status: { Self.ready },
            stops: {
                guard stage.isUp else { return 0 }
                guard let first = killed else {
                    killed = (try? stage.record())?.programs[role]
                    if let killed { kill(killed, SIGKILL) }
                    return 0
                }
                let now = (try? stage.record())?.programs[role]
                return now != nil && now != first ? 1 : 0
            })
        #expect(try supervisor.run() == .interrupted)
        #expect(killed != nil)
        #expect(stage.said.contains { $0.hasPrefix("\(role.rawValue) ended by signal 9; starting it again in 0.5 s") })
        #expect(stage.said.count { $0.hasPrefix("started \(role.rawValue) ") } == 2)
    }

    @Test("a program that cannot be started fails the start")
    func cannotStart() throws {
        let stage = try Stage()
        try stage.program(.mocklab, Self.obedient)
        try stage.program(.belld, Self.obedient)
        let supervisor = stage.supervisor(status: { nil }, stops: { 0 })
        let error = #expect(throws: BellError.self) { try supervisor.run() }
        #expect(error?.what.contains("bellcert") == true)
    }

    @Test(
        "a record is read back, and never names a process that is not ours",
        arguments: [
            "{}", "[]", #"{"pid":1,"phase":"up"}"#, #"{"pid":-5,"phase":"up"}"#, #"{"pid":4294967297,"phase":"up"}"#,
            #"{"pid":5,"phase":"gone"}"#,
        ])
    func records(_ text: String) throws {
        #expect(LabRecord(json: try JSON(parsing: text)) == nil)
        let record = LabRecord(pid: 77, phase: .stopping, programs: [.belld: 78, .bellcert: 79])
        #expect(LabRecord(json: record.json) == record)
    }
}
