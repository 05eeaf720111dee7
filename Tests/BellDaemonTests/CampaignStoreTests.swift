import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellSQLite
import Testing

@testable import BellCampaign
@testable import BellDaemon
import TestSupport

@Suite struct CampaignStoreTests {
    /// Makes a journal one that a newer belld has written.
    private func age(_ path: String) throws {
        let database = try Database(path: path, mode: .readWrite)
        try database.pragma("user_version", "99")
        try database.checkpoint(.truncate)
    }

    @Test("a journal from a newer version hides no other campaign, and keeps its place in the chain")
    func newer() throws {
        let laboratory = try TestLaboratory()
        let store = laboratory.store
        let (first, sealed) = try laboratory.seal(1)
        let (second, newer) = try laboratory.seal(2, previous: Blake2b.hash(text: sealed.json.text))
        try age(store.journal(of: second))
        let listing = try store.all()
        #expect(listing.entries.map(\.id) == [first])
        let broken = try #require(listing.damaged.first)
        #expect(broken.id == second)
        #expect(broken.error.code == .journalNewer)
        #expect(broken.error.place == store.journal(of: second))
        #expect(broken.json["state"] == "damaged")
        #expect(broken.json["number"] == 2)
        #expect(broken.json["reason"]?.stringValue == broken.error.what)
        // The next plan follows the one that cannot be read.
        #expect(listing.head?.number == 2)
        #expect(listing.head?.hash == Blake2b.hash(text: newer.json.text))
        // Named, it says what is wrong with it; the others are found.
        #expect(throws: broken.error) { try store.find("2") }
        #expect(throws: broken.error) { try store.find(second.description) }
        #expect(try store.find("1").id == first)
        #expect(try store.find(nil).id == first)
        // What a board keeps of it is not thrown away.
        #expect(store.standing(of: second) == .unfinished)
    }

    @Test(
        "a journal that is gone, empty or garbage is listed with its reason", arguments: ["gone", "empty", "garbage"])
    func damaged(how: String) throws {
        let laboratory = try TestLaboratory()
        let store = laboratory.store
        let (first, _) = try laboratory.seal(1)
        let (second, _) = try laboratory.seal(2)
        let path = store.journal(of: second)
        for name in ["", "-wal", "-shm"] { try removeFile(path + name) }
        switch how {
        case "empty": try writeFileAtomically(path, [])
        case "garbage": try writeFileAtomically(path, text: String(repeating: "no database ", count: 1000))
        default: break
        }
        let listing = try store.all()
        #expect(listing.entries.map(\.id) == [first])
        #expect(listing.damaged.map(\.id) == [second])
        #expect(listing.damaged.first?.error.place?.hasPrefix(path) == true)
    }

    @Test("folders that are no campaigns are passed over")
    func foreign() throws {
        let laboratory = try TestLaboratory()
        let (id, _) = try laboratory.seal(1)
        try makeFolder("\(laboratory.state.campaigns)/notes")
        try makeFolder("\(laboratory.state.campaigns)/\(String(repeating: "0", count: 32))")
        let listing = try laboratory.store.all()
        #expect(listing.entries.map(\.id) == [id])
        #expect(listing.damaged.isEmpty)
        #expect(try laboratory.store.all(except: [id]).entries.isEmpty)
    }

    @Test("a campaign nobody runs is not shown as running")
    func states() throws {
        let laboratory = try TestLaboratory()
        let (id, _) = try laboratory.seal(1)
        let journal = try Journal.open(at: laboratory.store.journal(of: id))
        for (state, shown) in [
            ("preparing", "interrupted"), ("running", "interrupted"), ("suspended", "interrupted"),
            ("paused", "paused"), ("finishing", "finishing"), ("interrupted", "interrupted"),
            ("completed", "completed"), ("stopped", "stopped"),
        ] {
            try journal.setState(state)
            let entry = try laboratory.store.entry(id)
            #expect(entry.json(isUnderWay: false)["state"]?.stringValue == shown)
            #expect(entry.json(isUnderWay: true)["state"]?.stringValue == state)
        }
    }

    @Test("a daemon starts and works beside a journal it cannot read", .blocking)
    func daemonBeside() async throws {
        let laboratory = try TestLaboratory()
        let (broken, sealed) = try laboratory.seal(1)
        try age(laboratory.store.journal(of: broken))
        let daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 600))
        let sink = TestSink()
        try daemon.certify(sink)
        try daemon.wait(for: "completed")
        let rows = try #require(try daemon.call("campaign.list")["campaigns"]?.arrayValue)
        #expect(rows.map { $0["state"] } == ["completed", "damaged"])
        #expect(rows[1]["error"]?["code"] == "journal.newer-version")
        #expect(rows[1]["error"]?["where"]?.stringValue == laboratory.store.journal(of: broken))
        let entry = try laboratory.store.entry(id)
        #expect(entry.sealed.number == 2)
        #expect(entry.sealed.previous == Blake2b.hash(text: sealed.json.text))
        #expect(try daemon.refusal("campaign.show", ["campaign": 1]).code == .journalNewer)
        await daemon.end()
        #expect(try readText(laboratory.state.file("logs/belld.log")).contains("a campaign cannot be read"))
    }
}
