import BellModel
import BellSQLite
import Testing
import TestSupport

@testable import BellJournal

@Suite("Full disk")
struct FullDiskTests {
    @Test("Nothing acknowledged is lost, the error says so, and with space again the same arm goes in")
    func full() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        try journal.beginBlock(Fixture.block(1, at: 0))
        for arm in 0..<3 as Range<UInt64> {
            try journal.commitArm(Fixture.header(arm, count: 1000))
            try journal.record(arm: arm, Fixture.result(Fixture.header(arm, count: 1000)))
        }
        try journal.commitArm(Fixture.header(3, count: 1000))
        let (heads, pages) = (journal.chainHeads, try journal.pageCount())
        try journal.limitPages(pages)
        let error = #expect(throws: BellError.self) {
            try journal.record(
                arm: 3, Fixture.result(Fixture.header(3, count: 1000)),
                committing: (Fixture.header(4, count: 1000), nil))
        }
        #expect(error?.code == .sqliteFull)
        #expect(error?.place == "\(folder.journal), arm 3")
        #expect(error?.state == "nothing of arm 3 is stored; 3000 trials are recorded and 4000 committed")
        #expect(error?.fix == "make room on the disk")
        #expect(journal.chainHeads == heads && journal.nextUnrecordedArm == 3 && journal.nextArm == 4)
        // Another process sees the same.
        let reader = try Journal.openReadOnly(at: folder.journal)
        #expect(reader.chainHeads == heads)
        #expect(try reader.committedArms(unresolved: true) == [Fixture.header(3, count: 1000)])
        try reader.verifyStructure()
        // Room again.
        try journal.limitPages(1 << 20)
        try journal.record(arm: 3, Fixture.result(Fixture.header(3, count: 1000)))
        #expect(try journal.evidence(arm: 3) == Fixture.evidence(Fixture.header(3, count: 1000)))
        try journal.closeBlock(1, summary: [:])
        try journal.verifyStructure()
    }

    @Test("An arm that cannot be committed is not committed: it may not be started, and its number is used again")
    func commit() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        try journal.beginBlock(Fixture.block(1, at: 0))
        try journal.limitPages(try journal.pageCount())
        var refused: BellError?
        for arm in 0..<10_000 as Range<UInt64> {
            do throws(BellError) {
                try journal.commitArm(Fixture.header(arm))
            } catch {
                refused = error
                break
            }
        }
        #expect(refused?.code == .sqliteFull)
        let next = journal.nextArm
        #expect(next > 0 && journal.nextIndex == next * 100)
        try journal.limitPages(1 << 20)
        try journal.commitArm(Fixture.header(next))
        #expect(try journal.committedArms().count == Int(next) + 1)
    }
}
