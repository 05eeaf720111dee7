import BellCrypto
import BellModel
import Testing

@Suite struct EvidenceLeafTests {
    static func digest(_ byte: UInt8) throws -> Digest {
        try #require(Digest(bytes: [UInt8](repeating: byte, count: 32)))
    }

    static func leaf() throws -> EvidenceLeaf {
        EvidenceLeaf(
            node: .alice, arm: 7, firstIndex: 7168, count: 1024, hostBitsCommitment: nil,
            chunks: [
                .init(
                    firstIndex: 7168, firstPulse: 90_000, bootID: 0x0123_4567_89ab_cdef, count: 512,
                    hash: try digest(0x11)),
                .init(
                    firstIndex: 7680, firstPulse: 90_512, bootID: 0xfedc_ba98_7654_3210, count: 500,
                    hash: try digest(0x22)),
            ],
            clocks: [ClockRecord(pulse: 90_000, tick: 5_000_000), ClockRecord(pulse: 91_011, tick: 5_600_000)])
    }

    @Test("the hashes are those of another implementation")
    func knownAnswers() throws {
        // Reference/evidence.py
        var leaf = try EvidenceLeafTests.leaf()
        #expect(leaf.hash.description == "a4d496767f010c18ee20f450b5e58b2bd7f0f7aed845a89138ce7ae6574bf5f7")
        leaf.chunks = [leaf.chunks[0]]
        leaf.clocks = [ClockRecord(pulse: 90_000, tick: .max)]
        leaf.node = .bob
        leaf.hostBitsCommitment = Digest(bytes: 0..<32)
        #expect(leaf.hash.description == "8105b154b86ad83ee34c48ae99f5af28fdef27bb21e9f27b7b4af7065e33b56c")
        leaf = EvidenceLeaf(
            node: .alice, arm: 7, firstIndex: 7168, count: 1024, hostBitsCommitment: nil, chunks: [], clocks: [])
        #expect(leaf.hash.description == "d6b656d07b4aff0b0e35d7b4d69662575ad7724120238d00940cca312cd285f3")
        #expect(leaf.bytes.count == 96)
    }

    /// Each of them changes one thing.
    static let changes: [(String, @Sendable (inout EvidenceLeaf) -> Void)] = [
        ("node", { $0.node = .bob }), ("arm", { $0.arm += 1 }), ("first index", { $0.firstIndex += 1 }),
        ("count", { $0.count += 1 }), ("a commitment of zeroes", { $0.hostBitsCommitment = .zero }),
        ("a chunk's index", { $0.chunks[0].firstIndex += 1 }), ("a pulse", { $0.chunks[1].firstPulse ^= 1 << 40 }),
        ("all pulses", { for i in $0.chunks.indices { $0.chunks[i].firstPulse += 1 } }),
        ("a boot", { $0.chunks[0].bootID += 1 }), ("a chunk's count", { $0.chunks[0].count -= 1 }),
        ("a record", { $0.chunks[0].hash = .zero }), ("the order of chunks", { $0.chunks.swapAt(0, 1) }),
        ("a chunk less", { $0.chunks.removeLast() }), ("a clock's pulse", { $0.clocks[0].pulse += 1 }),
        ("a clock's tick", { $0.clocks[1].tick += 1 }), ("a clock record less", { $0.clocks.removeLast() }),
        ("the order of clock records", { $0.clocks.swapAt(0, 1) }),
    ]

    @Test("every part of the evidence is bound")
    func binding() throws {
        var hashes: Set<Digest> = [try EvidenceLeafTests.leaf().hash]
        for (name, change) in EvidenceLeafTests.changes {
            var leaf = try EvidenceLeafTests.leaf()
            change(&leaf)
            #expect(hashes.insert(leaf.hash).inserted, "\(name)")
        }
    }

    @Test("clock records cannot pass for chunks")
    func lists() throws {
        var clocks = try EvidenceLeafTests.leaf()
        clocks.chunks = []
        clocks.clocks = (0..<4).map { ClockRecord(pulse: UInt64($0), tick: 0) }
        var chunks = clocks
        chunks.clocks = []
        chunks.chunks = [.init(firstIndex: 0, firstPulse: 0, bootID: 1, count: 0, hash: .zero)]
        #expect(clocks.bytes.count == chunks.bytes.count)
        #expect(clocks.hash != chunks.hash)
    }
}
