import BellCertification
import BellHost
import BellModel
import BellStatistics
import BellStream
import Testing

@testable import BellCertifier

@Suite("The certifier and a stop rule")
struct StopRuleLedgerTests {
    let folder: TemporaryState
    init() throws { folder = try TemporaryState() }

    private func ledger(_ fixture: Fixture) throws -> Ledger {
        try Ledger(path: folder.state.file("cert.sqlite"), campaign: fixture.campaign, begin: fixture.begin)
    }

    private func add(_ items: [StreamItem], to ledger: Ledger) throws {
        for item in items {
            switch item {
            case .outcomes(let arm): try ledger.add(arm)
            case .blockEnd(let block): try ledger.add(block)
            case .end: break
            }
        }
    }

    /// Where a fixture of 65 536 trials meets its rule.
    private func metAt() throws -> UInt64 {
        let fixture = try Fixture(trials: 65_536, stops: true)
        var rule = try #require(StopRule(fixture.sealed.plan))
        for item in fixture.items {
            switch item {
            case .outcomes(let arm): rule.add(arm.tally)
            case .blockEnd: rule.endBlock()
            case .end: break
            }
        }
        return try #require(rule.metAt)
    }

    @Test("a campaign that its rule ended is certified for the trials run, in any order of its block ends")
    func certified() throws {
        let met = try metAt()
        #expect(met > 1024 && met < 8192, "\(met)")
        let fixture = try Fixture(trials: 65_536, run: met, stops: true)
        let ledger = try ledger(fixture)
        // The first block's end is late.
        let first = try #require(fixture.items.firstIndex { if case .blockEnd = $0 { true } else { false } })
        var items = fixture.items
        items.insert(items.remove(at: first), at: first + 5)
        try add(items, to: ledger)
        let left = 65_536 - met
        for lie in [
            CampaignEnd(state: .stopped, nextIndex: met, notRun: left, reason: "a person"),
            CampaignEnd(state: .completed, nextIndex: met, notRun: left),
            CampaignEnd(state: .stoppedByRule, nextIndex: met, notRun: left - 1),
        ] { #expect(throws: BellError.self) { try ledger.finish(lie) } }
        let certificate = try ledger.finish(CampaignEnd(state: .stoppedByRule, nextIndex: met, notRun: left))
        #expect(certificate.tally == fixture.tally && certificate.tally.trials == met)
        #expect(certificate.json["end"]?["state"] == "stopped-by-rule")
        #expect(certificate.json["claims"]?.arrayValue?.first?["holds"] == true)
        // Opened again it counts to the same.
        let again = try Ledger(path: folder.state.file("cert.sqlite"), campaign: fixture.campaign, begin: nil)
        #expect(again.end?.state == .stoppedByRule)
        #expect(try again.certificate(try #require(again.end)).hash == certificate.hash)
    }

    @Test("a block after the rule was met is a contradiction, and so is an end by a rule that was not met")
    func contradictions() throws {
        let met = try metAt()
        let longer = try Fixture(trials: 65_536, run: met + 1024, stops: true)
        let refusing = try ledger(longer)
        let error = #expect(throws: BellError.self) { try add(longer.items, to: refusing) }
        #expect(error?.code == .streamContradiction)
        #expect(
            error?.what.contains("the sealed stop rule was met at trial \(met)") == true, "\(String(describing: error))"
        )
    }

    @Test("an end by a rule that was not met, or that no plan sealed, is refused", arguments: [true, false])
    func early(stops: Bool) throws {
        let fixture = try Fixture(trials: 65_536, run: 1024, stops: stops)
        let ledger = try ledger(fixture)
        try add(fixture.items, to: ledger)
        #expect(throws: BellError.self) {
            try ledger.finish(CampaignEnd(state: .stoppedByRule, nextIndex: 1024, notRun: 64_512))
        }
        #expect(ledger.end == nil)
        // As a person's stop it is one, and its trials that were not run are losses.
        #expect(try ledger.finish(fixture.end).tally.losses(.notRun) == 64_512)
    }
}
