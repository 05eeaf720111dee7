import BellHost
import BellJournal
import BellModel
import BellSQLite
import Glibc
import Testing
import TestSupport

@testable import BellDaemon

@Suite struct CheckpointThreadTests {
    private func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    @Test("the log is copied into the journal while the campaign's writer is at work")
    func copies() async throws {
        let laboratory = try TestLaboratory()
        let (id, _) = try laboratory.seal(1)
        let path = laboratory.store.journal(of: id)
        let journal = try Journal.open(at: path)
        for i in 0..<200 { try journal.addEvent("fill", time: "now", detail: ["i": .int(Int64(i))]) }
        let before = size(path)
        let thread = try CheckpointThread(path: path, everyMilliseconds: 5, log: Logger(level: .error))
        try await eventually("the file has grown") { size(path) > before }
        thread.stop()
        #expect(try journal.events().count == 200)
    }

    @Test("a journal that cannot be opened ends nothing, and is told once")
    func missing() async throws {
        let laboratory = try TestLaboratory()
        let log = laboratory.folder.file("log")
        let thread = try CheckpointThread(
            path: laboratory.folder.file("none"), everyMilliseconds: 2, log: Logger(to: try LogFile(log)))
        try await eventually("it is told") { try readText(log).contains("cannot be copied") }
        try await Task.sleep(for: .milliseconds(30))
        thread.stop()
        #expect(try readText(log).split(separator: "\n").count == 1)
    }
}
