import BellCrypto
import BellModel
import BellSQLite
import Glibc
import Testing
import TestSupport

@testable import BellJournal

@Suite("Journal")
struct JournalTests {
    @Test("What is written is there after reopening, to the bit")
    func reopen() throws {
        let folder = try TemporaryFolder()
        let written = try Fixture.filled(folder.journal)
        let heads = written.chainHeads
        for journal in [try Journal.open(at: folder.journal), try Journal.openReadOnly(at: folder.journal)] {
            #expect(journal.sealed == Fixture.sealed)
            #expect(journal.planHash == Blake2b.hash(text: Fixture.sealed.json.text))
            #expect(journal.devices == ["alice": "mock", "bob": "mock"])
            #expect(journal.simulated && journal.software == Version.belld)
            #expect(journal.campaign.description == "000102030405060708090a0b0c0d0e0f")
            #expect(journal.chainHeads == heads)
            #expect(journal.nextIndex == 500 && journal.nextArm == 5)
            #expect(journal.recordedIndex == 400 && journal.nextUnrecordedArm == 4)
            #expect(journal.lastBlock ?? (0, false) == (2, true))
            for arm in 0..<4 as Range<UInt64> {
                #expect(try journal.evidence(arm: arm) == Fixture.evidence(Fixture.header(arm, block: arm < 3 ? 1 : 2)))
            }
            #expect(try journal.evidence(arm: 4).halves.alice.isEmpty)
            #expect(try journal.committedArms(unresolved: true) == [Fixture.header(4, block: 2)])
            #expect(try journal.committedArms().count == 5)
            #expect(try journal.blocks().map(\.header) == [Fixture.block(1, at: 0), Fixture.block(2, at: 300)])
            #expect(try journal.blocks().map(\.summary) == [["trials": 300], nil])
            #expect(try journal.state() == ("running", ""))
            #expect(try journal.events().map(\.kind) == ["suspended"])
            try journal.verifyStructure()
        }
    }

    @Test("The file is its owner's only")
    func privacy() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal)
        for name in [journal.path, journal.path + "-wal", journal.path + "-shm"] {
            var status = stat()
            #expect(stat(name, &status) == 0)
            #expect(status.st_mode & 0o077 == 0, "\(name)")
        }
    }

    @Test("Chain heads are BLAKE2b-256 of head and chunk hash, from zeroes")
    func chain() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal, arms: 1)
        for node in Node.allCases {
            var head = [UInt8](repeating: 0, count: 32)
            for header in [Fixture.header(0), Fixture.header(1, block: 2)] {
                let hash = Blake2b.hash(Fixture.result(header).halves[node][0].records)
                head = Blake2b.hash(head + hash.bytes).bytes
            }
            #expect(journal.chainHeads[node].bytes == head)
        }
    }

    @Test("Outcomes can be read from any trial on, and ends before the first unrecorded arm")
    func frames() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal)
        let statuses = (0..<4 as Range<UInt64>).flatMap { Fixture.result(Fixture.header($0)).statuses }
        for index in [0, 1, 99, 100, 250, 399] as [UInt64] {
            let frames = try journal.frames(from: index)
            #expect(frames.first?.firstIndex == index)
            #expect(frames.flatMap(\.statuses) == Array(statuses[Int(index)...]))
            for frame in frames { #expect(frame.block == (frame.arm < 3 ? 1 : 2)) }
        }
        #expect(try journal.frames(from: 0, limit: 2).map(\.arm) == [0, 1])
        for index in [400, 500, .max] as [UInt64] { #expect(try journal.frames(from: index).isEmpty) }
        #expect(try journal.arms(from: 150).map(\.header.arm) == [1, 2, 3, 4])
    }

    @Test("Several chunks, missing halves and signatures are kept as they came")
    func pieces() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        try journal.beginBlock(Fixture.block(1, at: 0))
        var result = Fixture.result(Fixture.header(0))
        let whole = result.halves.alice[0]
        func piece(_ range: Range<Int>) -> HalfChunk {
            HalfChunk(
                node: .alice, firstIndex: UInt64(range.lowerBound), firstPulse: 1000 + UInt64(range.lowerBound),
                bootID: 1, records: Array(whole.records[range.lowerBound * 32..<range.upperBound * 32]))
        }
        result.halves = PerNode(alice: [piece(50..<100), piece(0..<30), piece(20..<40)], bob: [])
        result.clocks.bob = []
        result.signatures = PerNode(alice: [[1], nil, []], bob: [])
        try journal.commitArm(Fixture.header(0))
        let stored = try journal.record(arm: 0, result)
        #expect(stored.alice.map(\.firstIndex) == [50, 0, 20])
        let evidence = try journal.evidence(arm: 0)
        #expect(evidence.halves == result.halves && evidence.clocks == result.clocks)
        #expect(try journal.storedArm(0)?.result?.chunks.alice.map(\.signature) == [[1], nil, []])
        #expect(try journal.storedArm(0)?.result?.clocks == result.clocks)
        try journal.verifyStructure()
    }

    @Test("Host bits are kept beside their commitment and compared with it")
    func hostBits() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        try journal.beginBlock(Fixture.block(1, at: 0))
        let bits = HostBits(salt: Array(0..<16), bits: PerNode(alice: [0xaa], bob: [0x0f]))
        var header = Fixture.header(0)
        #expect(throws: BellError.self) { try journal.commitArm(header, hostBits: bits) }
        header.hostBitsCommitment = Blake2b.hash([1])
        #expect(throws: BellError.self) { try journal.commitArm(header, hostBits: bits) }
        header.hostBitsCommitment = bits.commitment
        #expect(throws: BellError.self) { try journal.commitArm(header) }
        try journal.commitArm(header, hostBits: bits)
        #expect(try journal.hostBits(of: header) == bits)
        #expect(try journal.evidence(arm: 0).hostBits == bits.bits)
        var other = bits
        other.bits.alice[0] ^= 1
        #expect(other.commitment != bits.commitment)
        other = HostBits(salt: bits.salt + [0xaa], bits: PerNode(alice: [], bob: [0x0f]))
        #expect(other.commitment != bits.commitment)
    }

    @Test("Nothing can be written out of order, and nothing is written then")
    func order() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        func refused(_ code: BellError.Code, _ body: () throws -> Void) {
            let error = #expect(throws: BellError.self) { try body() }
            #expect(error?.code == code)
        }
        refused(.journalOrder) { try journal.commitArm(Fixture.header(0)) }
        refused(.journalOrder) { try journal.beginBlock(Fixture.block(1, at: 5)) }
        refused(.journalInput) {
            var block = Fixture.block(1, at: 0)
            block.calibrationHash = .zero
            try journal.beginBlock(block)
        }
        try journal.beginBlock(Fixture.block(1, at: 0))
        refused(.journalOrder) { try journal.beginBlock(Fixture.block(2, at: 0)) }
        refused(.journalOrder) { try journal.commitArm(Fixture.header(1)) }
        refused(.journalOrder) { try journal.commitArm(Fixture.header(0, block: 2)) }
        refused(.journalOrder) { try journal.commitArm(Fixture.header(0, count: 0)) }
        try journal.commitArm(Fixture.header(0))
        refused(.journalOrder) { try journal.commitArm(Fixture.header(0)) }
        refused(.journalOrder) { try journal.closeBlock(1, summary: [:]) }
        refused(.journalOrder) { try journal.record(arm: 1, Fixture.result(Fixture.header(1))) }
        refused(.journalInput) { try journal.setOutboxAcknowledged(1) }
        let good = Fixture.result(Fixture.header(0))
        for spoil in [
            { $0.statuses.removeLast() }, { $0.halves.bob[0].node = .alice },
            { $0.halves.alice[0].records.removeLast() }, { $0.halves.alice[0].records = [] },
            { $0.halves.alice[0].firstIndex = 1 }, { $0.halves.alice[0].firstIndex = .max },
            { $0.signatures = PerNode(alice: [], bob: [[]]) },
        ] as [(inout ArmResult) -> Void] {
            var result = good
            spoil(&result)
            refused(.journalInput) { try journal.record(arm: 0, result) }
        }
        #expect(journal.nextUnrecordedArm == 0 && journal.chainHeads.alice == .zero)
        try journal.record(arm: 0, good)
        refused(.journalOrder) { try journal.record(arm: 0, good) }
        try journal.closeBlock(1, summary: [:])
        refused(.journalOrder) { try journal.commitArm(Fixture.header(1)) }
        refused(.journalOrder) { try journal.beginBlock(Fixture.block(3, at: 100)) }
        try journal.verifyStructure()
        let reader = try Journal.openReadOnly(at: folder.journal)
        refused(.sqliteReadOnly) { try reader.setState("running") }
    }

    @Test("The outbox cursor only moves forward")
    func outbox() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal)
        #expect(try journal.outboxAcknowledged() == 0)
        try journal.setOutboxAcknowledged(300)
        try journal.setOutboxAcknowledged(100)
        #expect(try journal.outboxAcknowledged() == 300)
        #expect(try Journal.open(at: folder.journal).outboxAcknowledged() == 300)
    }

    @Test("A reader goes through all arms and ends on the journal's chain; what is written meanwhile is not seen")
    func reader() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal, arms: 12)
        let reader = try JournalReader(path: folder.journal)
        let heads = journal.chainHeads
        var arms: [JournalReader.Arm] = []
        while let arm = try reader.next() {
            if arms.isEmpty { try journal.record(arm: 13, Fixture.result(Fixture.header(13, block: 2))) }
            #expect(reader.currentBlock?.header.number == arm.header.block)
            arms.append(arm)
        }
        #expect(arms.map(\.header.arm) == Array(0..<14))
        #expect(arms.dropLast().allSatisfy { $0.evidence == Fixture.evidence($0.header) && $0.result != nil })
        #expect(arms.last?.result == nil)
        #expect(reader.chainHeads == heads)
        #expect(reader.nextIndex == 1400)
        try reader.journal.verifyStructure()
        let later = try JournalReader(path: folder.journal)
        while try later.next() != nil {}
        #expect(later.chainHeads == journal.chainHeads)
    }

    @Test("A checkpointer moves the log into the file beside the writer")
    func checkpointer() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        let checkpointer = try JournalCheckpointer(path: folder.journal, longestLog: 64)
        try journal.beginBlock(Fixture.block(1, at: 0))
        var longest = 0
        for arm in 0..<60 as Range<UInt64> {
            try journal.commitArm(Fixture.header(arm))
            try journal.record(arm: arm, Fixture.result(Fixture.header(arm)))
            let result = try checkpointer.run()
            #expect(result.copied == result.log)
            longest = max(longest, result.log)
        }
        // A commit and a record of an arm are some ten pages: without a restart the log would be far longer.
        #expect(longest < 100)
        try journal.verifyStructure()
    }
}
