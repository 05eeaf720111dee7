import BellHost
import BellModel
import BellSQLite
import Testing
import TestSupport

@testable import BellPool

@Suite("What the ledger's file and the pool's files refuse by themselves")
struct LedgerRuleTests {
    let pools: Pools
    private let one = "x'01010101010101010101010101010101'"

    init() throws {
        pools = try Pools()
        try pools.make()
        _ = try pools.ledger().take(bits: 100, from: pools.campaign(1), purpose: .key)
    }

    private func file() throws -> Database { try Database(path: PoolLedger.path(in: pools.state), mode: .readWrite) }

    @Test(
        "the database refuses by itself what would give a bit twice, on any connection",
        arguments: [
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 0, 100, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 99, 1, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 101, 1, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, 0, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, -50, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, 901, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, 9223372036854775807, 'key', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, 8, 'beacon', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (@, 100, 8, 'mine', '')",
            "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (x'02', 0, 8, 'key', '')",
            "INSERT OR REPLACE INTO withdrawal VALUES (1, @, 100, 8, 'key', '')",
            "INSERT OR REPLACE INTO withdrawal VALUES (1, @, 0, 8, 'key', '')",
            "UPDATE withdrawal SET count = 8", "UPDATE withdrawal SET first = 0", "DELETE FROM withdrawal",
            "UPDATE pool SET bits = 2000", "UPDATE pool SET kind = 'public'", "DELETE FROM pool",
            "INSERT OR REPLACE INTO pool VALUES (@, 'private', 0, 2000, zeroblob(32))",
        ])
    func rules(sql: String) throws {
        let file = try file()
        let text = sql.split(separator: "@", omittingEmptySubsequences: false).joined(separator: one)
        #expect(throws: BellError.self) { try file.execute(text) }
        let pool = try #require(try pools.ledger().pool(of: pools.campaign(1)))
        #expect(pool.given == 100 && pool.bits == 1000 && pool.kind == .private)
    }

    @Test(
        "a ledger whose rules or rows were changed is not used",
        arguments: [
            "DROP TRIGGER withdrawal_delete", "DROP TRIGGER withdrawal_delete; DELETE FROM withdrawal",
            "DROP TRIGGER withdrawal_follows", "CREATE TABLE other (x)", "PRAGMA user_version = 0",
            "PRAGMA application_id = 0",
        ])
    func tampered(sql: String) throws {
        try file().execute(sql)
        do throws(BellError) {
            _ = try pools.ledger()
            Issue.record("the ledger was opened")
        } catch {
            #expect(error.code == .poolLedger && error.code.exit == .dataIntegrity)
        }
    }

    @Test("a ledger with a gap behind restored rules is not used")
    func gap() throws {
        let file = try file()
        let rule = try #require(
            try file.value("SELECT sql FROM sqlite_schema WHERE name = 'withdrawal_update'"))
        guard case .text(let text) = rule else { throw BellError(.poolLedger, "no rule") }
        try file.execute("DROP TRIGGER withdrawal_update; UPDATE withdrawal SET first = 5; \(text)")
        #expect(throws: BellError.self) { try pools.ledger() }
    }

    @Test("a newer ledger is left alone")
    func newer() throws {
        try file().execute("PRAGMA user_version = 9")
        do throws(BellError) {
            _ = try pools.ledger()
            Issue.record("the ledger was opened")
        } catch {
            #expect(error.code == .poolNewer)
        }
    }

    private func damage(_ change: (inout [UInt8]) -> Void, _ path: KeyPath<PoolFiles, String>) throws {
        let name = PoolFiles(pools.state, pools.campaign(1))[keyPath: path]
        var bytes = try readFile(name)
        change(&bytes)
        try writeFileAtomically(name, bytes)
    }

    @Test("bits that are cut, longer or changed are not given")
    func bits() throws {
        for change: (inout [UInt8]) -> Void in [{ $0.removeLast() }, { $0.append(0) }, { $0[60] ^= 1 }, { $0 = [] }] {
            let before = try readFile(PoolFiles(pools.state, pools.campaign(1)).bits)
            try damage(change, \.bits)
            let error = try #require(try pools.refusal(bits: 8, from: 1, .key))
            #expect(error.code == .poolDamaged && error.code.exit == .dataIntegrity)
            try damage({ $0 = before }, \.bits)
        }
        #expect(try pools.ledger().take(bits: 8, from: pools.campaign(1), purpose: .key).first == 100)
    }

    @Test("a pool without its recipe, or with another one, gives nothing")
    func recipe() throws {
        let files = PoolFiles(pools.state, pools.campaign(1))
        let recipe = try readText(files.recipe)
        for text in [
            "", "{}", recipe.replacing("\"simulated\":false", with: "\"simulated\":true"),
            recipe.replacing("\"m\":1000", with: "\"m\":999"), recipe.replacing("0101", with: "0201"),
        ] {
            #expect(text != recipe)
            try writeFileAtomically(files.recipe, text: text)
            #expect(try pools.refusal(bits: 8, from: 1, .key)?.code == .poolDamaged)
        }
        try removeFile(files.recipe)
        #expect(try pools.refusal(bits: 8, from: 1, .key)?.fix?.contains("campaign extract") == true)
        try writeFileAtomically(files.recipe, text: recipe)
        try removeFile(files.bits)
        #expect(try pools.refusal(bits: 8, from: 1, .key)?.code == .poolDamaged)
    }
}
