import BellCertification
import BellCrypto
import BellHost
import BellModel
import BellSQLite
import BellStream
import Glibc
import Testing

@testable import BellCertifier

@Suite("The certifier's ledger")
struct LedgerTests {
    let folder: TemporaryState
    var path: String { folder.state.file("cert.sqlite") }

    init() throws { folder = try TemporaryState() }

    private func ledger(_ fixture: Fixture) throws -> Ledger {
        try Ledger(path: path, campaign: fixture.campaign, begin: fixture.begin)
    }

    private func add(_ items: some Sequence<StreamItem>, to ledger: Ledger) throws {
        for item in items {
            switch item {
            case .outcomes(let arm): try ledger.add(arm)
            case .blockEnd(let block): try ledger.add(block)
            case .end: break
            }
        }
    }

    /// Expects a contradiction (or another code) and that the ledger still takes what is right.
    private func expect(
        _ words: String, code: BellError.Code = .streamContradiction, _ body: () throws(BellError) -> Void
    ) {
        do throws(BellError) {
            try body()
            Issue.record("it was accepted")
        } catch {
            #expect(error.code == code, "\(error)")
            #expect(error.code.exit == .dataIntegrity)
            #expect(error.description.contains(words), "\(error)")
            #expect(error.place != nil && error.fix != nil)
        }
    }

    @Test("what was committed is there after reopening, and what was not is not", arguments: [0, 1, 17, 18, 40, 68])
    func reopen(committed: Int) throws {
        let fixture = try Fixture()
        do {
            let ledger = try ledger(fixture)
            try add(fixture.items.prefix(committed), to: ledger)
            try ledger.commit()
            try add(fixture.items.dropFirst(committed).prefix(3), to: ledger)
        }
        let ledger = try ledger(fixture)
        let arms = fixture.items.prefix(committed).compactMap { item -> UInt64? in
            if case .outcomes(let arm) = item { arm.nextIndex } else { nil }
        }
        #expect(ledger.count.nextIndex == arms.last ?? 0)
        try add(fixture.items.dropFirst(committed), to: ledger)
        let certificate = try ledger.finish(fixture.end)
        #expect(certificate.tally == fixture.tally)
        #expect(certificate.isSimulated)
        #expect(certificate.evidence.eProcess.trials == 4096)
    }

    @Test("the certificate does not depend on kills and reopenings")
    func sameBytes() throws {
        let fixture = try Fixture()
        let other = try TemporaryState()
        let straight = try Ledger(
            path: other.state.file("cert.sqlite"), campaign: fixture.campaign, begin: fixture.begin)
        try add(fixture.items, to: straight)
        let expected = try straight.finish(fixture.end).fileBytes
        var left = fixture.items[...]
        while !left.isEmpty {
            let ledger = try ledger(fixture)
            try add(left.prefix(7), to: ledger)
            left = left.dropFirst(7)
            try ledger.commit()
        }
        let ledger = try ledger(fixture)
        #expect(try ledger.finish(fixture.end).fileBytes == expected)
        // And once more after the end is stored.
        let again = try Ledger(path: path, campaign: fixture.campaign, begin: nil)
        #expect(again.end == fixture.end)
        #expect(try again.certificate(fixture.end).fileBytes == expected)
    }

    @Test("a stopped campaign's certificate scores what was not run as losses")
    func stopped() throws {
        let fixture = try Fixture(trials: 4096, run: 1500)
        let ledger = try ledger(fixture)
        try add(fixture.items, to: ledger)
        let certificate = try ledger.finish(fixture.end)
        #expect(certificate.tally.losses(.notRun) == 2596)
        #expect(certificate.tally.trials == 4096)
    }

    @Test("a power is chosen from the arms of the training, also after reopening in its midst", arguments: [5, 17, 30])
    func training(committed: Int) throws {
        let claim = Plan.Claim.probabilityEstimation(bits: 20, power: .trained(trials: 1000), epsilon: 0.01)
        let fixture = try Fixture(headline: claim)
        do {
            let ledger = try ledger(fixture)
            try add(fixture.items.prefix(committed), to: ledger)
            try ledger.commit()
        }
        let ledger = try ledger(fixture)
        try add(fixture.items.dropFirst(committed), to: ledger)
        let certificate = try ledger.finish(fixture.end)
        // Arms have 64 trials, so that the sixteenth ends the training.
        let first = fixture.arms.prefix(16).reduce(into: TrialTally()) { $0 += $1.tally }
        #expect(
            certificate.json["training"]
                == [["asked": 1000, "trials": 1024, "wins": JSON(count: first.wins(.minusOn11))]])
        let found = try #require(certificate.json["claims"]?.arrayValue?.first)
        #expect(found["tested_trials"] == 3072 && found["holds"] == true, "\(found.prettyText)")
        #expect(try Certificate(parsing: certificate.fileBytes, source: "c").evidence == certificate.evidence)
    }

    @Test("arms and blocks that come again are compared, whether they wait or are stored", arguments: [false, true])
    func again(isStored: Bool) throws {
        let fixture = try Fixture()
        let ledger = try ledger(fixture)
        try add(fixture.items.prefix(20), to: ledger)
        if isStored { try ledger.commit() }
        for arm in fixture.arms.prefix(19) { try ledger.check(arm) }
        try ledger.add(fixture.blocks[0])
        var arm = fixture.arms[3]
        arm.statuses[5] ^= 1
        expect("told again, differently") { () throws(BellError) in try ledger.check(arm) }
        arm = fixture.arms[3]
        arm.leaves.bob = .zero
        arm.leaves.alice = .zero
        expect("told again, differently") { () throws(BellError) in try ledger.check(arm) }
        arm = fixture.arms[3]
        arm.firstIndex += 1
        expect("no arm begins there") { () throws(BellError) in try ledger.check(arm) }
        var block = fixture.blocks[0]
        block.margins = ["x": 1]
        expect("other margins") { () throws(BellError) in try ledger.add(block) }
        try add(fixture.items.dropFirst(20), to: ledger)
        #expect(try ledger.finish(fixture.end).tally == fixture.tally)
    }

    @Test("a block whose tally, range or root is not what was counted is refused, and the true one is taken")
    func blocks() throws {
        let fixture = try Fixture()
        let ledger = try ledger(fixture)
        try add(fixture.items.prefix(16), to: ledger)
        let truth = fixture.blocks[0]
        var lie = truth
        var counts = truth.tally.counts
        counts[0] += 1
        counts[1] -= 1
        lie.tally = try #require(TrialTally(counts: counts, lossCounts: truth.tally.lossCounts))
        expect("another tally") { () throws(BellError) in try ledger.add(lie) }
        lie = truth
        lie.evidenceRoots.bob = .zero
        expect("other roots of evidence") { () throws(BellError) in try ledger.add(lie) }
        lie = truth
        lie.firstIndex += 64
        expect("begins at trial") { () throws(BellError) in try ledger.add(lie) }
        lie = truth
        lie.nextIndex += 64
        expect("ends at trial") { () throws(BellError) in try ledger.add(lie) }
        try ledger.add(truth)
        try add(fixture.items.dropFirst(17), to: ledger)
        #expect(try ledger.finish(fixture.end).tally == fixture.tally)
    }

    @Test("a block's end that comes after later arms is counted in its place, and checked as strictly")
    func late() throws {
        let fixture = try Fixture()
        let ledger = try ledger(fixture)
        try add(fixture.items.prefix(16), to: ledger)
        try add(fixture.items.dropFirst(17).prefix(5), to: ledger)
        var lie = fixture.blocks[0]
        lie.evidenceRoots.alice = .zero
        expect("other roots of evidence") { () throws(BellError) in try ledger.add(lie) }
        lie = fixture.blocks[0]
        lie.nextIndex -= 1
        expect("where no arm ends") { () throws(BellError) in try ledger.add(lie) }
        try ledger.add(fixture.blocks[0])
        try add(fixture.items.dropFirst(22), to: ledger)
        #expect(try ledger.finish(fixture.end).tally == fixture.tally)
    }

    @Test("an end that is not where the arms and blocks end, or counts other losses, is refused and not stored")
    func ends() throws {
        let fixture = try Fixture(trials: 4096, run: 2048)
        let ledger = try ledger(fixture)
        try add(fixture.items, to: ledger)
        for lie in [
            CampaignEnd(state: .stopped, nextIndex: 2047, notRun: 2049, reason: "x"),
            CampaignEnd(state: .stopped, nextIndex: 2048, notRun: 2047, reason: "x"),
            CampaignEnd(state: .completed, nextIndex: 2048, notRun: 2048, reason: nil),
        ] {
            #expect(throws: BellError.self) { try ledger.finish(lie) }
            #expect(ledger.end == nil)
        }
        #expect(try ledger.finish(fixture.end).tally.losses(.notRun) == 2048)
    }

    @Test("arms past the sealed n or out of order are refused")
    func arms() throws {
        let fixture = try Fixture(trials: 128)
        let ledger = try ledger(fixture)
        expect("begins at trial 64, not at 0") { () throws(BellError) in try ledger.add(fixture.arms[1]) }
        try add(fixture.items, to: ledger)
        let more = OutcomesFrame(arm: 9, firstIndex: 128, leaves: PerNode(alice: .zero, bob: .zero), statuses: [0])
        expect("only 128 are sealed") { () throws(BellError) in try ledger.add(more) }
    }

    @Test("another BEGIN for the same campaign, or a plan that is not what its hash says, is refused")
    func begins() throws {
        let fixture = try Fixture()
        _ = try ledger(fixture)
        var other = fixture.begin
        other.software = "other"
        expect("begun again, differently") { () throws(BellError) in
            _ = try Ledger(path: path, campaign: fixture.campaign, begin: other)
        }
        other = fixture.begin
        other.planHash = .zero
        let fresh = folder.state.file("fresh.sqlite")
        expect("The plan's hash is") { () throws(BellError) in
            _ = try Ledger(path: fresh, campaign: fixture.campaign, begin: other)
        }
        other = fixture.begin
        other.plan = ["version": 1]
        other.planHash = Blake2b.hash(text: other.plan.text)
        expect("cannot be read") { () throws(BellError) in
            _ = try Ledger(path: fresh, campaign: fixture.campaign, begin: other)
        }
        // Nothing of the refused ones is in the way of the right one.
        #expect(try Ledger(path: fresh, campaign: fixture.campaign, begin: fixture.begin).count.nextIndex == 0)
    }

    @Test("a database of a newer version, of another campaign, or with a changed byte is refused")
    func damaged() throws {
        let fixture = try Fixture()
        do {
            let ledger = try ledger(fixture)
            try add(fixture.items, to: ledger)
            try ledger.commit()
        }
        let other = try #require(CampaignID(bytes: [UInt8](repeating: 9, count: 16)))
        expect("not that of campaign", code: .certifierCorrupt) { () throws(BellError) in
            _ = try Ledger(path: path, campaign: other, begin: nil)
        }
        let database = try Database(path: path, mode: .readWrite)
        for change in [
            "UPDATE arms SET statuses = zeroblob(64) WHERE first_index = 640",
            "UPDATE arms SET leaf_alice = zeroblob(32) WHERE first_index = 640",
            "UPDATE arms SET leaf_bob = zeroblob(31) WHERE first_index = 640",
            "UPDATE arms SET statuses = x'ff' WHERE first_index = 640",
            "DELETE FROM arms WHERE first_index = 640",
            "DELETE FROM arms",
        ] {
            try database.execute("CREATE TEMP TABLE kept AS SELECT * FROM arms")
            try database.execute(change)
            defer {
                #expect(throws: Never.self) {
                    try database.execute("DELETE FROM arms; INSERT INTO arms SELECT * FROM kept; DROP TABLE kept")
                }
            }
            expect("contradicts itself", code: .certifierCorrupt) { () throws(BellError) in
                _ = try Ledger(path: path, campaign: fixture.campaign, begin: nil)
            }
        }
        try database.execute("PRAGMA user_version = 1")
        expect("older bellcert", code: .certifierOlderVersion) { () throws(BellError) in
            _ = try Ledger(path: path, campaign: fixture.campaign, begin: fixture.begin)
        }
        try database.execute("PRAGMA user_version = 3")
        expect("newer bellcert", code: .certifierNewerVersion) { () throws(BellError) in
            _ = try Ledger(path: path, campaign: fixture.campaign, begin: fixture.begin)
        }
    }
}
