import BellCrypto
import BellModel
import Testing
import TestSupport

@testable import BellJournal

@Suite("Chunk preparer")
struct ChunkPreparerTests {
    /// A half of a result, cut into chunks of 10 trials.
    private func pieces(of half: HalfChunk) -> [HalfChunk] {
        stride(from: 0, to: half.count, by: 10).map { first in
            HalfChunk(
                node: half.node, firstIndex: half.firstIndex + UInt64(first),
                firstPulse: half.firstPulse + UInt64(first), bootID: half.bootID,
                records: Array(half.records[first * 32..<min(first + 10, half.count) * 32]))
        }
    }

    private func result() -> ArmResult {
        var result = Fixture.result(Fixture.header(0))
        result.halves = result.halves.map { $0.flatMap { pieces(of: $0) } }
        return result
    }

    @Test("A journal is the same with chunks that were prepared before, in any order and not all of them")
    func same() throws {
        let result = result()
        var journals: [Journal] = []
        var folders: [TemporaryFolder] = []
        for isPrepared in [false, true] {
            let folder = try TemporaryFolder()
            folders.append(folder)
            let journal = try Fixture.create(folder.journal)
            try journal.beginBlock(Fixture.block(1, at: 0))
            try journal.commitArm(Fixture.header(0))
            let preparer = ChunkPreparer(campaign: Fixture.campaign)
            for half in result.halves.alice.reversed() + result.halves.bob.dropFirst(3) { preparer.begin(half, of: 0) }
            // Of an arm that was given up.
            preparer.begin(Fixture.result(Fixture.header(7)).halves.alice[0], of: 7)
            try journal.record(arm: 0, result, prepared: isPrepared ? preparer.take(result.halves, of: 0) : nil)
            journals.append(journal)
        }
        #expect(journals[0].chainHeads == journals[1].chainHeads)
        #expect(try journals[0].storedArm(0) == journals[1].storedArm(0))
        let evidence = try journals[1].evidence(arm: 0)
        #expect(evidence.halves == result.halves && evidence.clocks == result.clocks)
        for journal in journals { try journal.verifyStructure() }
    }

    @Test("What is taken has the order that is asked for, the halves' hashes, and nothing of what was left before")
    func order() {
        let preparer = ChunkPreparer(campaign: Fixture.campaign)
        let halves = result().halves
        for half in halves.alice + halves.bob { preparer.begin(half, of: 0) }
        let wanted = PerNode(alice: Array(halves.alice.shuffled()), bob: [halves.bob[2]])
        let taken = preparer.take(wanted, of: 0)
        #expect(taken.alice.map(\.half) == wanted.alice && taken.bob.map(\.half) == wanted.bob)
        #expect(taken.alice.map(\.hash) == wanted.alice.map { Blake2b.hash($0.records) })
        let again = preparer.take(PerNode(alice: [], bob: halves.bob), of: 0)
        #expect(again.alice.isEmpty && again.bob.map(\.half) == halves.bob)
        #expect(again.bob.map(\.hash) == halves.bob.map { Blake2b.hash($0.records) })
    }

    @Test("Chunks that were prepared from other halves are not used", arguments: 0..<3)
    func foreign(kind: Int) throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        try journal.beginBlock(Fixture.block(1, at: 0))
        try journal.commitArm(Fixture.header(0))
        let result = result()
        var other = result.halves
        switch kind {
        case 0: other.alice[4].records[9] ^= 1
        case 1: other.alice.swapAt(0, 9)
        default: other = PerNode(alice: [other.alice[1]], bob: [])
        }
        try journal.record(arm: 0, result, prepared: ChunkPreparer(campaign: Fixture.campaign).take(other, of: 0))
        #expect(try journal.evidence(arm: 0).halves == result.halves)
        try journal.verifyStructure()
    }

    @Test("belld's key signs each chunk of its own node, for this campaign and arm only")
    func signing() throws {
        let key = SigningKey.generate()
        let preparer = ChunkPreparer(campaign: Fixture.campaign, keys: PerNode(alice: nil, bob: key))
        let halves = result().halves
        for half in halves.alice + halves.bob.dropFirst(2) { preparer.begin(half, of: 5) }
        // The same chunk in another arm has another signature, which must not be taken for this one's.
        preparer.begin(halves.bob[0], of: 4)
        let taken = preparer.take(halves, of: 5)
        #expect(taken.alice.allSatisfy { $0.signature == nil })
        for (half, chunk) in zip(halves.bob, taken.bob) {
            let statement = SignedChunk(
                campaign: Fixture.campaign, arm: 5, bootID: half.bootID, firstIndex: half.firstIndex, count: 10,
                digest: Blake2b.hash(half.records))
            #expect(
                verify(
                    signature: try #require(chunk.signature), message: statement.bytes, publicKey: key.publicKey))
        }
    }
}
