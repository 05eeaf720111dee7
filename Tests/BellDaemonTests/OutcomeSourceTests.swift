@testable import BellCampaign
import BellHost
import BellJournal
import BellModel
import BellStream
import Glibc
import Testing
import TestSupport

@testable import BellDaemon

@Suite("Campaign folders and the outcome source")
final class OutcomeSourceTests {
    private let folder: TemporaryFolder
    private let store: CampaignStore

    init() throws {
        folder = try TemporaryFolder()
        store = CampaignStore(folder: folder.path)
    }

    private func campaign(_ byte: UInt8) throws -> CampaignID {
        try #require(CampaignID(bytes: [UInt8](repeating: byte, count: 16)))
    }

    private func create(_ id: CampaignID) throws {
        try makeFolder(store.folder(of: id))
        let plan = Plan(
            name: "test", trials: 100, trialsPerArm: 10, trialsPerBlock: 50, pattern: .minusOn11, inputBits: .board,
            hostBits: nil, settingBias: 0, localityK: 5, headline: .localRealism(significance: 0.01), claims: [],
            pool: .public, onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero)
        _ = try JournalKeeper.create(
            at: store.journal(of: id), campaign: id,
            sealed: SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00Z"),
            devices: [:], simulated: true)
    }

    @Test("A folder whose making was killed keeps nobody from the other campaigns, nor does an emptied journal")
    func halfCreated() throws {
        try create(try campaign(1))
        let unborn = try campaign(2)
        try makeFolder(store.folder(of: unborn))
        try writeFileAtomically(store.sequence(of: unborn), [])
        #expect(try store.all().entries.map(\.id) == [try campaign(1)])
        try writeFileAtomically(store.journal(of: unborn), [])
        #expect(try store.all().entries.map(\.id) == [try campaign(1)])
        #expect(try JournalOutcomeSource(store: store).campaigns() == [try campaign(1)])
        try writeFileAtomically("\(store.folder(of: unborn))/cert.sqlite", [1])
        #expect(try store.all().entries.map(\.id) == [try campaign(1)])
        #expect(try store.all().damaged.map(\.error.code) == [.journalUnborn])
    }

    @Test("A certifier cannot end a campaign that has not ended, nor at another trial")
    func prematureEnd() throws {
        let id = try campaign(3)
        try create(id)
        let source = JournalOutcomeSource(store: store)
        var error = #expect(throws: BellError.self) { try source.acknowledged(id, nextIndex: 0, end: true) }
        #expect(error?.code == .streamContradiction && error?.cause == "it has not ended")
        #expect(!source.isEnded(id))
        try Journal.open(at: store.journal(of: id)).setState(CampaignState.finishing.rawValue)
        error = #expect(throws: BellError.self) { try source.acknowledged(id, nextIndex: 5, end: true) }
        #expect(error?.cause == "it ends at trial 0")
        try source.acknowledged(id, nextIndex: 0, end: true)
        #expect(source.isEnded(id))
    }

    @Test("Nothing that trials could follow is stored after a campaign's end was announced")
    func announcedEnd() async throws {
        let id = try campaign(4)
        try create(id)
        let keeper = try JournalKeeper.open(at: store.journal(of: id), unpause: false)
        await keeper.note(state: .suspended, reason: nil)
        #expect(try store.entry(id).state == .suspended)
        try await keeper.finish()
        for state in CampaignState.allCases where !state.isFinal { await keeper.note(state: state, reason: nil) }
        #expect(try store.entry(id).state == .finishing)
        await keeper.note(state: .stopped, reason: nil)
        #expect(try store.entry(id).state == .stopped)
    }
}
