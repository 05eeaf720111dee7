import BellCrypto
import BellHost
import BellModel
import Testing
import TestSupport

@testable import BellPool

@Suite("A pool's files, and what a crash leaves of them")
struct PoolWriterTests {
    let pools: Pools
    let second = [UInt8](1...20)
    let bits = [UInt8](101...125)

    init() throws {
        pools = try Pools()
        try makeFolder(PoolFiles(pools.state, pools.campaign(1)).folder)
    }

    private var recipe: JSON {
        [
            "campaign": .string(pools.campaign(1).description), "pool": "private", "simulated": false, "m": 200,
            "output": .string(Blake2b.hash(bits).description), "source_two": .string(Blake2b.hash(second).description),
        ]
    }

    private func writer() throws(BellError) -> PoolWriter { try PoolWriter(pools.state, pools.campaign(1)) }

    /// What the next call finds, as a word.
    private func standing() throws -> String {
        switch try writer().standing() {
        case .fresh: return "fresh"
        case .begun(let found, let second, let digest):
            #expect(second == self.second && digest == Blake2b.hash(bits) && found == recipe)
            return "begun"
        case .done(let found):
            #expect(found == recipe)
            return "done"
        }
    }

    @Test("all files are there afterwards, for their owner only, and the ledger knows the pool")
    func writing() throws {
        #expect(try standing() == "fresh")
        try writer().write(recipe: recipe, second: second, bits: bits)
        #expect(try standing() == "done")
        let files = PoolFiles(pools.state, pools.campaign(1))
        for path in [files.bits, files.recipe, files.secondSource] { #expect(mode(of: path) == 0o600) }
        #expect(try readFile(files.bits) == bits && readFile(files.secondSource) == second)
        #expect(!fileExists(files.draft))
        let taken = try pools.ledger().take(bits: 16, from: pools.campaign(1), purpose: .key)
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.read(taken) == [101, 102])
        // A second time nothing changes.
        try writer().write(recipe: recipe, second: second, bits: bits)
        #expect(try pools.ledger().pool(of: pools.campaign(1))?.given == 16)
    }

    @Test("after a kill at any step the same bits come out, and before source two nothing is decided")
    func kills() throws {
        let files = PoolFiles(pools.state, pools.campaign(1))
        try writeFileAtomically(files.draft, text: recipe.text)
        #expect(try standing() == "fresh")
        try writeFileAtomically(files.secondSource, [9, 9, 9])
        #expect(try standing() == "fresh")
        try writeFileAtomically(files.secondSource, second)
        #expect(try standing() == "begun")
        try writeFileAtomically(files.bits, bits)
        #expect(try standing() == "begun")
        try PoolLedger.open(state: pools.state, create: true).enter(try PoolRecipe(json: recipe))
        #expect(try standing() == "begun")
        // The ledger has the recipe, too.
        try removeFile(files.draft)
        #expect(try standing() == "begun")
        try removeFile(files.secondSource)
        #expect(throws: BellError.self) { try standing() }
    }

    @Test("a recipe whose ledger is gone gives nothing")
    func ledger() throws {
        try writer().write(recipe: recipe, second: second, bits: bits)
        for name in try folderContents(pools.state.path) where name.hasPrefix("pools.sqlite") {
            try removeFile(pools.state.file(name))
        }
        do throws(BellError) {
            _ = try writer().standing()
            Issue.record("a lost ledger was not noticed")
        } catch {
            #expect(error.code == .poolLedger && error.state?.contains("which ones were given is not known") == true)
        }
    }

    @Test("one process at a time extracts a campaign, and leftovers of a killed one go away")
    func lock() throws {
        let files = PoolFiles(pools.state, pools.campaign(1))
        for path in [files.bits, files.recipe, files.secondSource] {
            try writeFileAtomically("\(path).4711.tmp", [1])
        }
        try writeFileAtomically("\(files.folder)/journal.sqlite.tmp", [1])
        let first = try writer()
        #expect(try folderContents(files.folder).filter { $0.hasSuffix(".tmp") } == ["journal.sqlite.tmp"])
        do throws(BellError) {
            _ = try writer()
            Issue.record("two extract at once")
        } catch {
            #expect(error.code == .fileLocked)
        }
        withExtendedLifetime(first) {}
    }

    @Test(
        "an order is read from a recipe as it was written",
        arguments: [
            PoolSource(.host, bias: 0.001), PoolSource(.board("alice"), bias: 0), PoolSource(.host, rate: 0.75),
        ])
    func order(second: PoolSource) throws {
        for isSealed in [true, false] {
            let order = ExtractionOrder(
                second: second,
                extractor: Plan.Security.Extractor(kind: .deor, epsilon: 1e-8, sideInformation: .quantum),
                isSealed: isSealed)
            let read = try ExtractionOrder(recipe: .object(order.json))
            #expect(read == order && read.difference(from: order) == nil)
            var other = order
            other.second = PoolSource(second.origin, bias: 0.002)
            #expect(read.difference(from: other)?.contains("declared") == true)
            other.second = PoolSource(.file("x"), bias: 0.001)
            #expect(read.difference(from: other)?.contains("not file") == true)
        }
    }
}
