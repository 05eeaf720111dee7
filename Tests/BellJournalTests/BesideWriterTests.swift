import BellJournal
import BellModel
import Testing
import TestSupport

@Suite("A journal read while it is written")
struct BesideWriterTests {
    @Test("Blocks and their ends are of one moment: all but the last are closed, and none ends that never began")
    func blocks() async throws {
        let folder = try TemporaryFolder()
        let path = folder.journal
        let count = 300 as UInt64
        try Fixture.create(path).beginBlock(Fixture.block(1, at: 0))
        async let written: Void = Task.detached {
            let journal = try Journal.open(at: path)
            for number in 2...count {
                try journal.closeBlock(number - 1, summary: ["number": JSON(count: number - 1)])
                try journal.beginBlock(Fixture.block(number, at: 0))
            }
        }.value
        let reader = try Journal.openReadOnly(at: path)
        var seen: Set<Int> = []
        while !seen.contains(Int(count)) {
            let blocks = try reader.blocks()
            #expect(blocks.dropLast().allSatisfy { $0.summary != nil })
            seen.insert(blocks.count)
        }
        try await written
        #expect(seen.count > 2, "the reader looked only before and after: \(seen)")
    }
}
