import BellHost
import BellModel
import BellSQLite
import Testing
import TestSupport

@testable import BellPool

@Suite("The ledger of pools")
struct PoolLedgerTests {
    let pools: Pools

    init() throws { pools = try Pools() }

    @Test(
        "withdrawals of any size follow each other and together are the file, each read from bit 0",
        arguments: [[256, 256, 488], [1, 2, 3, 5, 7, 11, 971], [999, 1], [8, 16, 976], [1000]] as [[UInt64]])
    func following(sizes: [UInt64]) throws {
        let file = unpack(try pools.make(), 1000)
        let ledger = try pools.ledger()
        var all: [UInt8] = []
        for size in sizes {
            let taken = try ledger.take(bits: size, from: pools.campaign(1), purpose: .key)
            #expect(taken.first == UInt64(all.count) && taken.count == size && taken.purpose == .key)
            let bytes = try #require(try ledger.pool(of: pools.campaign(1))).read(taken)
            #expect(bytes.count == Int((size + 7) / 8))
            #expect(unpack(bytes, bytes.count * 8).dropFirst(Int(size)).allSatisfy { $0 == 0 })
            all += unpack(bytes, Int(size))
        }
        #expect(all == file)
        let empty = try pools.refusal(bits: 1, from: 1, .key)
        #expect(empty?.code == .poolEmpty && empty?.what.contains("0 bits left; 1 were asked for") == true)
        #expect(try pools.ledger().withdrawals(of: pools.campaign(1)).map(\.count) == sizes)
    }

    @Test("sixteen connections that take at one moment get ranges without overlap or gap")
    func race() async throws {
        try pools.make(bits: 16 * 25 * 17)
        let pools = pools
        let ranges = try await withThrowingTaskGroup(of: [Withdrawal].self) { group in
            for _ in 0..<16 {
                group.addTask {
                    let ledger = try pools.ledger()
                    var mine: [Withdrawal] = []
                    for _ in 0..<25 {
                        mine.append(try ledger.take(bits: 17, from: pools.campaign(1), purpose: .key))
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(ranges.map(\.first).sorted() == (0..<400).map { $0 * 17 })
        #expect(Set(ranges.map(\.id)).count == 400)
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.left == 0)
    }

    @Test(
        "each kind of pool serves its own uses only",
        arguments: [
            (Plan.Pool.private, Withdrawal.Purpose.beacon), (.private, .picture), (.public, .key),
        ])
    func kinds(kind: Plan.Pool, purpose: Withdrawal.Purpose) throws {
        try pools.make(1, kind)
        let error = try #require(try pools.refusal(bits: 8, from: 1, purpose))
        #expect(error.code == .poolKind && error.what.contains("is \(kind.rawValue)"))
        let allowed = Withdrawal.Purpose.allCases.filter { $0.kind == kind }
        for purpose in allowed {
            #expect(try pools.ledger().take(bits: 8, from: pools.campaign(1), purpose: purpose).purpose == purpose)
        }
    }

    @Test("a published pool gives no keys any more, and is never private again")
    func publication() throws {
        try pools.make()
        try pools.ledger().publish(pools.campaign(1), exposingKeys: false)
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.kind == .public)
        #expect(try pools.refusal(bits: 8, from: 1, .key)?.code == .poolKind)
        #expect(try pools.ledger().take(bits: 8, from: pools.campaign(1), purpose: .picture).first == 0)
        #expect(throws: BellError.self) { try pools.ledger().publish(pools.campaign(1), exposingKeys: true) }
    }

    @Test("a pool whose bits are keys is published only by who says that they are exposed")
    func exposing() throws {
        try pools.make()
        _ = try pools.ledger().take(bits: 256, from: pools.campaign(1), purpose: .key)
        do throws(BellError) {
            try pools.ledger().publish(pools.campaign(1), exposingKeys: false)
            Issue.record("the pool was published")
        } catch {
            #expect(error.code == .poolKind && error.what.contains("Keys of 256 bits"))
            #expect(error.fix?.contains("--expose-keys") == true)
        }
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.kind == .private)
        try pools.ledger().publish(pools.campaign(1), exposingKeys: true)
        #expect(try pools.ledger().take(bits: 8, from: pools.campaign(1), purpose: .beacon).first == 256)
    }

    @Test("no bit is given when the count is impossible or the pool unknown", arguments: [0, (1 << 30) + 1, .max])
    func counts(bits: UInt64) throws {
        try pools.make()
        #expect(try pools.refusal(bits: bits, from: 1, .key)?.code == .poolRequest)
        #expect(try pools.refusal(bits: 8, from: 2, .key)?.code == .poolMissing)
        #expect(try pools.refusal(bits: 1001, from: 1, .key)?.code == .poolEmpty)
    }

    @Test("without a ledger there are no pools, and looking for them makes none")
    func missing() throws {
        do throws(BellError) {
            _ = try pools.ledger()
            Issue.record("a ledger came from nowhere")
        } catch {
            #expect(error.code == .poolMissing && error.fix?.contains("campaign extract") == true)
        }
        #expect(!fileExists(PoolLedger.path(in: pools.state)))
    }

    @Test("the ledger and its log are their owner's only")
    func modes() throws {
        try pools.make()
        _ = try pools.ledger().take(bits: 1, from: pools.campaign(1), purpose: .key)
        for name in try folderContents(pools.state.path) where name.hasPrefix("pools.sqlite") {
            #expect(mode(of: pools.state.file(name)) == 0o600)
        }
    }

    @Test("a campaign is entered once: the same bits again change nothing, others are refused")
    func entering() throws {
        try pools.make()
        _ = try pools.ledger().take(bits: 100, from: pools.campaign(1), purpose: .key)
        let recipe = try PoolRecipe(reading: PoolFiles(pools.state, pools.campaign(1)).recipe)
        try pools.ledger().enter(recipe)
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.given == 100)
        #expect(throws: BellError.self) { try pools.make(1, bits: 1016) }
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.bits == 1000)
    }
}
