import BellCrypto
import BellJournal
import BellModel
import Testing
import TestSupport

@Suite("Signature checks")
struct SignatureChecksTests {
    private let keys = PerNode { (_: Node) in SigningKey.generate() }

    private func publicKeys() -> PerNode<ChunkKey?> {
        keys.map { ChunkKey(bytes: $0.publicKey, holder: .board) }
    }

    private func chunk(_ first: UInt64, arm: UInt64 = 3) -> SignedChunk {
        SignedChunk(
            campaign: Fixture.campaign, arm: arm, bootID: 9, firstIndex: first, count: 10,
            digest: Blake2b.hash([UInt8(truncatingIfNeeded: first)]))
    }

    private func claim(_ chunk: SignedChunk, by key: SigningKey) -> SignatureChecks.Claim {
        SignatureChecks.Claim(chunk, signature: key.sign(chunk.bytes))
    }

    @Test("signed, unsigned and bad chunks are counted by node, and each is counted once")
    func counts() {
        let checks = SignatureChecks(keys: publicKeys())
        var damaged = claim(chunk(50), by: keys.alice)
        damaged.signature?[63] ^= 1
        checks.begin([claim(chunk(0), by: keys.alice), claim(chunk(10), by: keys.alice), damaged], of: .alice)
        checks.begin(
            [
                claim(chunk(0), by: keys.bob), .init(chunk(10), signature: nil), .init(chunk(20), signature: []),
                // Signed by the other node's key.
                claim(chunk(30), by: keys.alice),
            ], of: .bob)
        let outcome = checks.take()
        #expect(outcome.counts.alice == SignatureCount(signed: 2, unsigned: 0, bad: 1))
        #expect(outcome.counts.bob == SignatureCount(signed: 1, unsigned: 1, bad: 2))
        #expect(outcome.problems.filter { $0.node == .alice }.map(\.chunk.firstIndex) == [50])
        #expect(outcome.problems.filter { $0.node == .bob }.map(\.isBad) == [false, true, true])
        #expect(outcome.problems.first { $0.node == .alice }?.words.contains("trials 50..<60 (arm 3)") == true)
        #expect(checks.take() == SignatureChecks.Outcome())
    }

    /// What a signature must not survive.
    static let changes: [(String, @Sendable (inout SignedChunk) -> Void)] = [
        ("another campaign", { $0.campaign = CampaignID(bytes: [UInt8](repeating: 7, count: 16)) ?? $0.campaign }),
        ("another arm", { $0.arm += 1 }), ("another boot", { $0.bootID ^= 1 }),
        ("another place", { $0.firstIndex += 1 }), ("a record more", { $0.count += 1 }),
        ("another record", { $0.digest = Blake2b.hash([0, 1]) }),
    ]

    @Test("a signature holds for its own chunk only", arguments: changes.indices)
    func binding(index: Int) {
        let checks = SignatureChecks(keys: publicKeys())
        var moved = claim(chunk(0), by: keys.alice)
        SignatureChecksTests.changes[index].1(&moved.chunk)
        checks.begin([moved], of: .alice)
        #expect(checks.take().counts.alice == SignatureCount(bad: 1), "\(SignatureChecksTests.changes[index].0)")
    }

    @Test("without a key nothing is signed, whatever it carries")
    func noKey() {
        let checks = SignatureChecks(keys: PerNode(alice: nil, bob: nil))
        checks.begin([claim(chunk(0), by: keys.alice), .init(chunk(10), signature: nil)], of: .alice)
        #expect(checks.take().counts.alice == SignatureCount(unsigned: 2))
    }

    @Test("problems are kept up to a bound, and all are counted")
    func bounded() {
        let checks = SignatureChecks(keys: publicKeys())
        for i in 0..<300 as Range<UInt64> { checks.begin([.init(chunk(i), signature: nil)], of: .bob) }
        let outcome = checks.take()
        #expect(outcome.counts.bob.unsigned == 300)
        #expect(outcome.problems.count == SignatureChecks.mostProblems)
    }

    @Test("a journal's leaves change with its clock records, pulses, boots and commitments, and with nothing else")
    func leaves() throws {
        func leaves(_ change: (inout ArmResult) -> Void = { _ in }, bits: HostBits? = nil) throws -> PerNode<Digest> {
            let folder = try TemporaryFolder()
            let journal = try Fixture.create(folder.journal)
            try journal.beginBlock(Fixture.block(1, at: 0))
            var header = Fixture.header(0)
            header.hostBitsCommitment = bits?.commitment
            try journal.commitArm(header, hostBits: bits)
            var result = Fixture.result(header)
            change(&result)
            #expect(try journal.storedArm(0)?.leaves == nil)
            try journal.record(arm: 0, result)
            let reader = try Journal.openReadOnly(at: folder.journal)
            return try #require(try reader.storedArm(0)?.leaves)
        }
        let sound = try leaves()
        #expect(try leaves() == sound)
        #expect(try leaves { $0.statuses[0] ^= 1 } == sound)
        #expect(try leaves { $0.margins = [:] } == sound)
        for change in [
            { $0.clocks.bob[0].tick += 1 }, { $0.halves.bob[0].firstPulse += 1 }, { $0.halves.bob[0].bootID -= 1 },
            { $0.halves.bob[0].records[5] ^= 1 }, { $0.halves.bob = [] },
        ] as [(inout ArmResult) -> Void] {
            let changed = try leaves(change)
            #expect(changed.alice == sound.alice && changed.bob != sound.bob)
        }
        let bits = HostBits(
            salt: [UInt8](repeating: 1, count: 16), bits: PerNode { _ in [UInt8](repeating: 0, count: 13) })
        let committed = try leaves(bits: bits)
        #expect(committed.alice != sound.alice && committed.bob != sound.bob)
    }
}
