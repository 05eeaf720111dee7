import BellModel
import BellSQLite
import Glibc
import Testing
import TestSupport

@testable import BellJournal

/// Set in the process that is to be killed: the folder in which it writes.
private let folderVariable = "BELL_TEST_KILLED_WRITER"

@Suite("Kill -9")
struct KillTests {
    /// Runs only in the process that ``killed()`` starts, and never ends by itself.
    @Test("The writer that is to be killed", .enabled(if: getenv(folderVariable) != nil))
    func writer() throws {
        let folder = try #require(getenv(folderVariable).map { String(cString: $0) })
        let journal = try Fixture.create("\(folder)/journal.sqlite")
        let progress = open("\(folder)/progress", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        #expect(progress >= 0)
        let checkpointer = try JournalCheckpointer(path: journal.path, longestLog: 200)
        try journal.beginBlock(Fixture.block(1, at: 0))
        try journal.commitArm(Fixture.header(0))
        // Gives up after a minute, should nobody kill it.
        for arm in 0..<100_000 as Range<UInt64> {
            try journal.record(
                arm: arm, Fixture.result(Fixture.header(arm)), committing: (Fixture.header(arm + 1), nil))
            // What stands here was acknowledged: 8 bytes an arm.
            #expect(withUnsafeBytes(of: arm) { write(progress, $0.baseAddress, 8) } == 8)
            if arm % 16 == 0 { try checkpointer.run() }
        }
    }

    @Test("A writer killed at any moment has lost nothing that it had acknowledged", arguments: 0..<4)
    func killed(round: Int) throws {
        let folder = try TemporaryFolder()
        let process = try start(in: folder.path)
        // Wait until it writes, then a little longer, differently in each round.
        let enough = 30 + round * 17
        for _ in 0..<3000 where try acknowledged(folder.path) < enough { usleep(10_000) }
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        #expect(status & 0x7f == SIGKILL)
        let arms = try acknowledged(folder.path)
        try #require(arms >= enough)
        try Journal.openReadOnly(at: folder.journal).verifyStructure()
        let journal = try Journal.open(at: folder.journal)
        // The last arm may have been stored just before it could be acknowledged.
        #expect(journal.nextUnrecordedArm >= UInt64(arms) && journal.nextUnrecordedArm <= UInt64(arms) + 1)
        #expect(journal.nextArm == journal.nextUnrecordedArm + 1)
        for arm in 0..<journal.nextUnrecordedArm {
            #expect(try journal.evidence(arm: arm) == Fixture.evidence(Fixture.header(arm)))
        }
        try journal.verifyStructure()
        // It goes on where it was killed.
        let unresolved = try journal.committedArms(unresolved: true)
        #expect(unresolved == [Fixture.header(journal.nextUnrecordedArm)])
        try journal.record(
            arm: journal.nextUnrecordedArm, Fixture.result(Fixture.header(journal.nextUnrecordedArm)))
        try journal.closeBlock(1, summary: [:])
        try journal.verifyStructure()
    }

    @Test("A transaction that was not committed is not there after reopening")
    func uncommitted() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try Fixture.create(folder.journal)
            try journal.beginBlock(Fixture.block(1, at: 0))
            try journal.database.execute("BEGIN IMMEDIATE")
            try journal.commitArm(Fixture.header(0))
            #expect(journal.nextArm == 1)
        } catch let error as BellError {
            // A transaction inside ours is refused by SQLite, which is just as good.
            #expect(error.code.name.hasPrefix("sqlite."))
        }
        let journal = try Journal.open(at: folder.journal)
        #expect(journal.nextArm == 0)
        try journal.verifyStructure()
    }

    /// How many arms the writer has acknowledged.
    private func acknowledged(_ folder: String) throws -> Int {
        var status = stat()
        return stat("\(folder)/progress", &status) == 0 ? Int(status.st_size) / 8 : 0
    }

    /// Starts this test program again, with the writer only.
    private func start(in folder: String) throws -> pid_t {
        let arguments = CommandLine.arguments
        let program = try #require(arguments.first)
        // `swift test` starts either its own helper with the tests' bundle as an argument, or the bundle itself.
        var words = [program]
        if let place = arguments.firstIndex(of: "--test-bundle-path"), place + 1 < arguments.count {
            words += ["--test-bundle-path", arguments[place + 1]]
        }
        words += ["--testing-library", "swift-testing", "--filter", "KillTests.writer"]
        var environment: [UnsafeMutablePointer<CChar>?] = []
        var entry = environ
        while let value = entry.pointee {
            environment.append(strdup(value))
            entry += 1
        }
        environment += [strdup("\(folderVariable)=\(folder)"), nil]
        var argumentPointers = words.map { strdup($0) } + [nil]
        defer { for pointer in environment + argumentPointers { free(pointer) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for output in [1, 2] as [Int32] {
            posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
        }
        var process: pid_t = 0
        try #require(posix_spawn(&process, "/proc/self/exe", &actions, nil, &argumentPointers, &environment) == 0)
        return process
    }
}
