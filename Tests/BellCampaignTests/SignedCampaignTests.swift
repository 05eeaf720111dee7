import BellCrypto
import BellJournal
import BellModel
import Board
import DriverKit
import MockLab
import Testing
import TestSupport

@testable import BellCampaign

@Suite struct SignedCampaignTests {
    private static func devices(_ keys: PerNode<ChunkKey?>) -> JSON {
        ["alice": ["key": keys.alice?.json ?? .null], "bob": ["key": keys.bob?.json ?? .null]]
    }

    /// The boards' own keys.
    private static func boardKeys(_ bench: Bench) async throws -> PerNode<ChunkKey?> {
        let drivers = Host.drivers(of: bench.lab)
        for node in Node.allCases { _ = try await drivers[node].connect() }
        let keys = PerNode(alice: try await drivers.alice.nodeKey(), bob: try await drivers.bob.nodeKey())
        for node in Node.allCases { await drivers[node].close() }
        return keys.map { ChunkKey(bytes: $0, holder: .board) }
    }

    private static func warnings(_ bench: Bench) throws -> [String] {
        try Journal.openReadOnly(at: bench.journal).events().filter { $0.kind == "warning" }.compactMap {
            $0.detail["message"]?.stringValue
        }
    }

    /// Compares the blocks' summaries with what follows from the journal's rows; returns the sums of the signatures.
    private static func checkSummaries(_ bench: Bench, _ keys: PerNode<ChunkKey?>) throws -> PerNode<SignatureCount> {
        let journal = try Journal.openReadOnly(at: bench.journal)
        var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())
        var sums = PerNode(alice: SignatureCount(), bob: SignatureCount())
        for block in try journal.blocks() {
            let checks = SignatureChecks(keys: keys)
            for arm in try journal.arms() where arm.header.block == block.header.number {
                let leaves = try #require(arm.leaves)
                for node in Node.allCases { trees[node].append(leaves[node]) }
                checks.begin(try #require(arm.result).chunks, of: arm.header.arm, in: journal.campaign)
            }
            let counts = checks.take().counts
            for node in Node.allCases { sums[node] += counts[node] }
            #expect(block.summary?["evidence_roots"] == trees.map(\.root).json)
            #expect(block.summary?["signatures"] == counts.json)
        }
        return sums
    }

    @Test("boards with keys sign every chunk, also with a restart in the middle of a block")
    func boards() async throws {
        let bench = try Bench(trials: 6000, perArm: 256, perBlock: 2048)
        let keys = try await Self.boardKeys(bench)
        #expect(keys.alice != keys.bob)
        do {
            let host = try await Host(bench, keeper: try bench.createKeeper(devices: Self.devices(keys)))
            async let end = host.run()
            try await host.until("in the second block") { $0.started > 2600 || $0.state.isFinal }
            // Twice: after the arm, and not after the block.
            await host.campaign.request { $0.interrupts = 2 }
            _ = await end
        }
        let host = try await Host(bench, keeper: try bench.openKeeper(unpause: true))
        #expect(await host.run() == .completed)
        #expect(try bench.account().nextIndex == 6000)
        let sums = try Self.checkSummaries(bench, keys)
        for node in Node.allCases { #expect(sums[node].isWhole && sums[node].signed >= 24, "\(sums[node])") }
        #expect(try Self.warnings(bench).allSatisfy { !$0.contains("signed") })
    }

    @Test("for boards without a key belld signs, and goes on with the same key only")
    func withoutKeys() async throws {
        let bench = try Bench(trials: 3000, perBlock: 1024, signs: false)
        let signers = PerNode { (_: Node) -> SigningKey? in SigningKey.generate() }
        let keys = signers.map { $0.flatMap { ChunkKey(bytes: $0.publicKey, holder: .belld) } }
        _ = try bench.createKeeper(devices: Self.devices(keys), signers: signers)
        let others: [PerNode<SigningKey?>] = [
            PerNode(alice: nil, bob: nil), PerNode(alice: signers.alice, bob: SigningKey.generate()),
        ]
        for wrong in others {
            let host = try await Host(bench, keeper: try bench.openKeeper(signers: wrong))
            async let end = host.run()
            try await host.until("refused") { $0.state == .suspended || $0.state.isFinal }
            let reason = try #require(host.reports.last?.reason)
            #expect(reason.code == .campaignBoards && reason.what.contains("signed by another key"))
            #expect("\(reason)".contains("keys/bob.ed25519"))
            await host.campaign.request { $0.interrupts = 1 }
            #expect(await end == .interrupted)
        }
        let host = try await Host(bench, keeper: try bench.openKeeper(unpause: true, signers: signers))
        #expect(await host.run() == .completed)
        let sums = try Self.checkSummaries(bench, keys)
        for node in Node.allCases { #expect(sums[node].isWhole && sums[node].signed >= 12, "\(sums[node])") }
    }

    @Test("a board with another key than the campaign's, or without the one it had, is refused")
    func anotherKey() async throws {
        let bench = try Bench(trials: 1000)
        var keys = try await Self.boardKeys(bench)
        let right = keys
        keys.bob = ChunkKey(bytes: SigningKey.generate().publicKey, holder: .board)
        _ = try bench.createKeeper(devices: Self.devices(keys))
        let host = try await Host(bench, keeper: try bench.openKeeper())
        async let end = host.run()
        try await host.until("refused") { $0.state == .suspended || $0.state.isFinal }
        let reason = try #require(host.reports.last?.reason)
        #expect(reason.code == .campaignBoards && reason.place == "bob/board")
        #expect(reason.what.contains(right.bob.map { "\($0.bytes.hex.prefix(16))" } ?? "?"))
        await host.campaign.request { $0.interrupts = 1 }
        #expect(await end == .interrupted)
        #expect(try bench.account().nextIndex == 0)
        // Nor may belld sign in the place of a board that had a key.
        let drivers = Host.drivers(of: bench.lab)
        let boards = PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
        let signer = ChunkKey(bytes: SigningKey.generate().publicKey, holder: .belld)
        let error = #expect(throws: BellError.self) {
            try host.keeper.checkSameBoards(boards, keys: PerNode(alice: signer, bob: right.bob))
        }
        #expect(error?.what.contains("of belld instead of") == true)
    }

    /// What a board may do to its signatures.
    enum Trick: CaseIterable {
        case anotherKey, otherRecords, otherArm, none
    }

    @Test("a chunk that its board has not signed is kept, counted and told once", arguments: Trick.allCases)
    func tricks(trick: Trick) async throws {
        let bench = try Bench(trials: 1000)
        let (own, other) = (SigningKey.generate(), SigningKey.generate())
        let bob = SigningKey.generate()
        let keys = PerNode(
            alice: ChunkKey(bytes: own.publicKey, holder: .board), bob: ChunkKey(bytes: bob.publicKey, holder: .board))
        let keeper = try bench.createKeeper(devices: Self.devices(keys))
        _ = try await keeper.resumePoint()
        let drivers = Host.drivers(of: bench.lab)
        let boards = PerNode(alice: try await drivers.alice.connect(), bob: try await drivers.bob.connect())
        try await keeper.beginBlock(
            number: 0, firstIndex: 0, block: try Bench.compile(bench.sealed, boards), boots: boards.map(\.bootID))
        var told: [SignatureChecks.Problem] = []
        for number in 0..<3 as Range<UInt64> {
            let arm = Arm(number: number, block: 0, firstIndex: number * 10, count: 10)
            _ = try await keeper.commit(arm, bits: nil)
            var collector = ArmCollector(arm: arm)
            for node in Node.allCases {
                let chunk = HalfChunk(
                    node: node, firstIndex: arm.firstIndex, firstPulse: 5, bootID: 3,
                    records: TrialRecord.bytes(
                        of: (0..<10).map {
                            TrialRecord(
                                index: arm.firstIndex + $0, startTick: $0 * 640_000, stopDelta: 800, setting: 0,
                                outcome: 0, flags: .simulated)
                        }))
                let isTaken = collector.add(chunk)
                #expect(isTaken)
                keeper.prepare(chunk, of: number)
                var signature = ChunkSignature(
                    campaign: bench.campaign, arm: number, bootID: 3, firstIndex: arm.firstIndex, count: 10,
                    digest: Blake2b.hash(chunk.records))
                var key = node == .alice ? own : bob
                if node == .alice, number > 0 {
                    switch trick {
                    case .anotherKey: key = other
                    case .otherRecords: signature.digest = .zero
                    case .otherArm: signature.arm = 0
                    case .none:
                        collector.end(node, made: 10)
                        continue
                    }
                }
                signature.signature = key.sign(signature.signedBytes)
                signature.arm = number
                collector.add(signature, of: node)
                collector.end(node, made: 10)
            }
            told += try await keeper.record(collector, hostBits: nil, thenCommit: nil, nextBits: nil).unsigned
        }
        told += try await keeper.closeBlock(0)
        #expect(told.count == 1 && told.first?.node == .alice && told.first?.isBad == (trick != .none))
        #expect(told.first?.words.contains("trials 10..<20 (arm 1) was not signed by alice's key") == true)
        let sums = try Self.checkSummaries(bench, keys)
        #expect(sums.bob == SignatureCount(signed: 3))
        let expected =
            trick == .none ? SignatureCount(signed: 1, unsigned: 2) : SignatureCount(signed: 1, unsigned: 0, bad: 2)
        #expect(sums.alice == expected)
        let journal = try Journal.openReadOnly(at: bench.journal)
        let kept = try #require(try journal.storedArm(1)?.result).chunks.alice
        #expect(kept.count == 1 && (kept[0].signature == nil) == (trick == .none))
    }
}
