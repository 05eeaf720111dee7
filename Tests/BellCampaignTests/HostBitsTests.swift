import BellJournal
import BellModel
import Board
import DriverKit
import MockLab
import Synchronization
import Testing

@testable import BellCampaign

@Suite struct HostBitsTests {
    /// Bit i of node n, as a file would give it.
    @Sendable static func bit(_ node: Node, _ index: UInt64) -> UInt8 {
        var z = (index &+ UInt64(node.rawValue) << 40) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        return UInt8(z >> 63)
    }

    @Sendable static func bits(_ node: Node, _ range: Range<UInt64>) throws(BellError) -> [UInt8] {
        range.map { bit(node, $0) }
    }

    /// Compares each recorded setting with the bit of its own index.
    private func checkSettings(_ account: Account) {
        for (index, byte) in account.statuses.enumerated() {
            guard let cell = TrialStatus(rawValue: byte)?.cell else { continue }
            let (x, y) = (UInt8(cell >> 3 & 1), UInt8(cell >> 2 & 1))
            if x != Self.bit(.alice, UInt64(index)) || y != Self.bit(.bob, UInt64(index)) {
                Issue.record("trial \(index) was not run with its own bits")
                return
            }
        }
    }

    @Test("host bits are committed to by a salted hash before START, and are the settings")
    func committed() async throws {
        let bench = try Bench(trials: 2000, inputBits: .host)
        let path = bench.journal
        let commitments = Mutex<[UInt64: Digest?]>([:])
        let host = try await Host(
            bench, keeper: try bench.createKeeper(),
            onSend: { _, frame in
                guard let frame = try? Frame.decode(frame), case .start(let name)? = try? BoardMessage(frame) else {
                    return
                }
                let header = try? Journal.openReadOnly(at: path).header(of: name.arm)
                commitments.withLock { $0[name.arm] = .some(header?.hostBitsCommitment) }
            }, hostBits: Self.bits)
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.losses == [:])
        checkSettings(account)
        let journal = try Journal.openReadOnly(at: path)
        var salts: Set<[UInt8]> = []
        for arm in account.arms {
            let bits = try #require(try journal.hostBits(of: arm))
            #expect(bits.commitment == arm.hostBitsCommitment)
            #expect(commitments.withLock { $0[arm.arm] } == arm.hostBitsCommitment)
            #expect(bits.salt.count == 32)
            salts.insert(bits.salt)
        }
        #expect(salts.count == account.arms.count)
    }

    @Test("a setting that is not the committed bit is a loss")
    func lie() async throws {
        let bench = try Bench(trials: 1024, inputBits: .host, faults: ["lie:bob@300", "lie:alice@600"])
        let host = try await Host(bench, keeper: try bench.createKeeper(), hostBits: Self.bits)
        #expect(await host.run() == .completed)
        let account = try bench.account()
        #expect(account.losses == [.hostBitMismatch: 2])
        #expect(account.statuses[300] == LossCause.hostBitMismatch.rawValue << 4)
        #expect(account.statuses[600] == LossCause.hostBitMismatch.rawValue << 4)
    }

    @Test("without bits the campaign waits with a reason, and nothing that was measured is lost")
    func tooFew() async throws {
        let bench = try Bench(trials: 2000, inputBits: .host)
        let limit = Mutex<UInt64>(700)
        let host = try await Host(
            bench, keeper: try bench.createKeeper(),
            hostBits: { (node, range) throws(BellError) in
                guard range.upperBound <= limit.withLock({ $0 }) else {
                    throw BellError(.planContradiction, "The host's source of input bits gave too few bits.")
                }
                return try Self.bits(node, range)
            })
        async let end = host.run()
        // Arm 2 begins at 512; its predecessor is recorded all the same.
        try await host.until("waits") { $0.state == .suspended && $0.tally.trials == 512 }
        #expect(host.reports.last?.reason?.what == "The host's source of input bits gave too few bits.")
        #expect(host.reports.last?.started == 512)
        limit.withLock { $0 = .max }
        #expect(await end == .completed)
        let account = try bench.account()
        #expect(account.losses == [:])
        checkSettings(account)
    }

    @Test("after a restart each trial still has its own bits, and the open arm its committed ones")
    func restart() async throws {
        let bench = try Bench(trials: 100_000, perArm: 128, inputBits: .host)
        do {
            let host = try await Host(bench, keeper: try bench.createKeeper(), hostBits: Self.bits)
            async let end = host.run()
            try await host.until("running") { $0.started > 300 }
            await host.campaign.request { $0.interrupts = 2 }
            #expect(await end == .interrupted)
        }
        let asked = Mutex<[PerNode<UInt64>]>([])
        let before = try bench.account().nextIndex
        let host = try await Host(
            bench, keeper: try bench.openKeeper(),
            hostBits: { (node, range) throws(BellError) in
                asked.withLock { $0.append(PerNode(alice: range.lowerBound, bob: range.lowerBound)) }
                return try Self.bits(node, range)
            })
        async let end = host.run()
        try await host.until("running") { $0.started > before + 300 }
        await host.campaign.request { $0.stop = true }
        #expect(await end == .stopped)
        let account = try bench.account()
        #expect(account.losses == [:])
        checkSettings(account)
        #expect(asked.withLock { $0.allSatisfy { $0.alice >= before } })
    }
}
