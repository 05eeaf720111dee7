import BellCrypto
import BellModel
import BellSQLite
import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import BellJournal

@Suite("What is known of a plan, in its journal")
struct PlanRecordTests {
    private static func anchor(_ journal: Journal, by: String = "a notary") throws -> PlanAnchor {
        let key = SigningKey.generate()
        return .signature(
            key.sign(Array(journal.sealed.json.text.utf8)), key: try #require(PublicKey(bytes: key.publicKey)), by: by)
    }

    @Test("anchors are kept until the record is fixed, and refused from then on")
    func fixed() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        #expect(try journal.planRecord() == PlanRecord())
        let (first, second) = (try Self.anchor(journal), try Self.anchor(journal, by: "another"))
        try journal.addAnchor(first)
        try journal.addAnchor(second)
        #expect(throws: BellError.self) { try journal.addAnchor(first) }
        let chain = PlanChain(of: journal.sealed.number, others: [])
        try journal.fixPlanRecord(chain, state: "preparing")
        #expect(try journal.state().state == "preparing")
        let error = #expect(throws: BellError.self) { try journal.addAnchor(try Self.anchor(journal)) }
        #expect(error?.code == .planAnchor && error?.what.contains("before its first trial") == true)
        #expect(throws: BellError.self) { try journal.fixPlanRecord(chain, state: "running") }
        #expect(try journal.state().state == "preparing")
        let read = try Journal.openReadOnly(at: folder.journal)
        #expect(try read.planRecord() == PlanRecord(chain: chain, anchors: [first, second]))
        try read.verifyStructure()
    }

    @Test("no more anchors are taken than are ever read")
    func most() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.create(folder.journal)
        for i in 0..<PlanAnchor.most { try journal.addAnchor(try Self.anchor(journal, by: "\(i)")) }
        #expect(throws: BellError.self) { try journal.addAnchor(try Self.anchor(journal)) }
        #expect(try journal.planRecord().anchors.count == PlanAnchor.most)
    }

    @Test("an anchor after the first commit is refused, also without a recorded chain")
    func late() throws {
        let folder = try TemporaryFolder()
        let journal = try Fixture.filled(folder.journal, arms: 1)
        let error = #expect(throws: BellError.self) { try journal.addAnchor(try Self.anchor(journal)) }
        #expect(error?.code == .planAnchor)
        #expect(throws: BellError.self) {
            try journal.fixPlanRecord(PlanChain(of: 1, others: []), state: "preparing")
        }
    }

    @Test(
        "a changed, added or removed row is found",
        arguments: [
            "UPDATE anchor SET anchor = replace(anchor, 'a notary', 'a friend')", "DELETE FROM anchor",
            "INSERT INTO anchor SELECT 2, anchor, digest FROM anchor",
            "UPDATE plan_chain SET chain = replace(chain, 'abandoned', 'certified')",
            "UPDATE plan_chain SET anchors = 0",
        ])
    func damage(sql: String) throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try Fixture.create(folder.journal)
            try journal.addAnchor(try Self.anchor(journal))
            let other = PlanChain.Entry(
                number: journal.sealed.number + 1, hash: .zero, previous: .zero, name: "other",
                sealedAt: "2026-11-21T00:00:00Z", fate: .abandoned)
            try journal.fixPlanRecord(PlanChain(of: journal.sealed.number, others: [other]), state: "preparing")
        }
        try Database(path: folder.journal, mode: .readWrite).execute(sql)
        let journal = try Journal.openReadOnly(at: folder.journal)
        let error = #expect(throws: BellError.self) { try journal.planRecord() }
        #expect(error?.code.exit == .dataIntegrity && error?.place?.contains(folder.journal) == true)
        #expect(throws: BellError.self) { try journal.verifyStructure() }
    }

    @Test("a journal of the first version is brought up to date, with nothing known of its plan")
    func older() throws {
        let folder = try TemporaryFolder()
        let arms = try Fixture.filled(folder.journal, arms: 2).nextArm
        try Self.makeOld(folder.journal)
        let error = #expect(throws: BellError.self) { try Journal.openReadOnly(at: folder.journal) }
        #expect(error?.code == .journalOlder)
        #expect(try Journal.open(at: folder.journal).planRecord() == PlanRecord())
        let read = try Journal.openReadOnly(at: folder.journal)
        try read.verifyStructure()
        #expect(read.nextArm == arms)
    }

    /// Takes away what the second migration made.
    private static func makeOld(_ path: String) throws {
        let database = try Database(path: path, mode: .readWrite)
        for table in ["anchor", "plan_chain"] { try database.execute("DROP TABLE \(table)") }
        try database.execute("DELETE FROM migration WHERE number = 2")
        try database.pragma("user_version", "1")
    }

    @Test("several threads that bring one old journal up to date at one moment all succeed")
    func together() throws {
        // Each round is another chance for them to meet.
        for _ in 0..<10 {
            let folder = try TemporaryFolder()
            let arms = try Fixture.filled(folder.journal, arms: 2).nextArm
            try Self.makeOld(folder.journal)
            let path = folder.journal
            let outcomes = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 3) { _ in
                do {
                    let journal = try Journal.open(at: path)
                    let (next, record) = (journal.nextArm, try journal.planRecord())
                    outcomes.withLock { $0.append(record == PlanRecord() ? "\(next)" : "\(record)") }
                } catch { outcomes.withLock { $0.append("\(error)") } }
            }
            #expect(outcomes.withLock { $0 } == [String](repeating: "\(arms)", count: 3))
            try Journal.openReadOnly(at: path).verifyStructure()
        }
    }
}
