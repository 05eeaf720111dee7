import BellCampaign
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellStream
import TestSupport
import Testing

@testable import BellDaemon

@Suite("Plans that are sealed, anchored, begun and abandoned", .blocking)
struct SealTests {
    private func seal(_ daemon: RunningDaemon, _ plan: String) throws -> CampaignID {
        let answer = try daemon.call("campaign.seal", ["plan_path": .string(plan)])
        return try #require(CampaignID(hex: answer["campaign"]?.stringValue ?? ""))
    }

    private func signature(_ store: CampaignStore, _ id: CampaignID) throws -> PlanAnchor {
        let key = SigningKey.generate()
        let text = try readText(store.plan(of: id))
        return .signature(
            key.sign(Array(text.utf8)), key: try #require(PublicKey(bytes: key.publicKey)), by: "a notary")
    }

    @Test("a sealed plan waits, also over a restart, and begins with its anchor and the chain")
    func waits() async throws {
        let laboratory = try TestLaboratory()
        let store = laboratory.store
        var daemon = try RunningDaemon(laboratory)
        let sink = TestSink()
        try daemon.start(try laboratory.plan(trials: 300))
        try daemon.certify(sink)
        let runner = daemon.runner
        try await eventually("it is put away") { await !runner.isRunning }
        let given = try seal(daemon, try laboratory.plan(trials: 400))
        let id = try seal(daemon, try laboratory.plan(trials: 500))
        #expect(try store.entry(id).state == .sealed)
        #expect(id == CampaignID(planHash: try store.entry(id).planHash))
        // Of a sealed one the certifier hears nothing.
        #expect(try JournalOutcomeSource(store: store).campaigns().isEmpty)
        await daemon.end()

        daemon = try RunningDaemon(laboratory)
        #expect(try daemon.campaign == .null)
        #expect(try store.entry(id).state == .sealed)
        #expect(try daemon.refusal("campaign.resume", ["campaign": 3]).fix?.contains("campaign start 3") == true)
        let anchor = try signature(store, id)
        _ = try daemon.call("campaign.anchor", ["campaign": 3, "anchor": anchor.json])
        // Another plan's is none of this one.
        #expect(try daemon.refusal("campaign.anchor", ["campaign": 2, "anchor": anchor.json]).code == .planAnchor)
        _ = try daemon.call("campaign.abandon", ["campaign": 2, "reason": "the laser was moved"])
        #expect(try store.entry(given).state == .abandoned)
        #expect(try store.entry(given).reason == "the laser was moved")
        let late = try signature(store, given)
        let refused = try daemon.refusal("campaign.anchor", ["campaign": 2, "anchor": late.json])
        #expect(refused.code == .planAnchor && refused.what.contains("abandoned"))
        #expect(try Journal.openReadOnly(at: store.journal(of: given)).planRecord().anchors.isEmpty)
        #expect(try daemon.refusal("campaign.start", ["campaign": 2]).code == .campaignUnknown)

        _ = try daemon.call("campaign.start", ["campaign": 3])
        #expect(try daemon.refusal("campaign.anchor", ["campaign": 3, "anchor": anchor.json]).code == .planAnchor)
        try daemon.certify(sink, until: 2)
        let begin = try #require(sink.begins[id])
        let record = try PlanRecord(chain: begin.planChain, anchors: begin.anchors, path: "BEGIN")
        #expect(record.anchors == [anchor])
        let chain = try #require(record.chain)
        #expect(chain.head == 3)
        #expect(chain.listed.map(\.number) == [2, 1])
        // The test's certifier writes no certificate.
        #expect(chain.listed.map(\.fate) == [.abandoned, .withoutCertificate])
        #expect(chain.breaks(of: try store.entry(id).sealed, hash: begin.planHash) == [])
        #expect(sink.begins[given] == nil)
        let runner2 = daemon.runner
        try await eventually("it is put away") { await !runner2.isRunning }
        #expect(try daemon.refusal("campaign.abandon", ["campaign": 3, "reason": "bad luck"]).code == .campaignUnknown)
        await daemon.end()

        try Journal.openReadOnly(at: store.journal(of: id)).verifyStructure()
    }

    @Test("an interrupted campaign can be abandoned, one under way not; both need a name and a reason")
    func abandon() async throws {
        let laboratory = try TestLaboratory()
        var daemon = try RunningDaemon(laboratory)
        let id = try daemon.start(try laboratory.plan(trials: 10_000_000, more: "on_restart: wait"))
        try daemon.wait(forMoreThan: 0)
        #expect(try daemon.refusal("campaign.abandon", ["campaign": 1, "reason": "x"]).code == .campaignBusy)
        // Sealing needs the boards, too.
        let plan = try laboratory.plan(trials: 10)
        #expect(try daemon.refusal("campaign.seal", ["plan_path": .string(plan)]).code == .campaignBusy)
        await daemon.end(signals: 2)
        daemon = try RunningDaemon(laboratory)
        for params in [
            ["reason": "x"], ["campaign": 1], ["campaign": 1, "reason": ""],
            ["campaign": 1, "reason": .string(String(repeating: "x", count: 501))],
        ] as [JSON] {
            #expect(try daemon.refusal("campaign.abandon", params).code == .jsonShape)
        }
        _ = try daemon.call("campaign.abandon", ["campaign": 1, "reason": "the cryostat warmed up"])
        #expect(try laboratory.store.entry(id).state == .abandoned)
        #expect(try daemon.refusal("campaign.resume").code == .campaignUnknown)
        let row = try #require(try daemon.call("campaign.list")["campaigns"]?.arrayValue?.first)
        #expect(row["state"] == "abandoned" && row["reason"] == "the cryostat warmed up")
        await daemon.end()
        // Nobody begins it again.
        daemon = try RunningDaemon(laboratory)
        #expect(try daemon.campaign == .null)
        await daemon.end()
    }

    @Test("each campaign is what the chain calls it")
    func fates() throws {
        let laboratory = try TestLaboratory()
        let store = laboratory.store
        var previous = Digest.zero
        var ids: [CampaignID] = []
        for number in 1...7 as ClosedRange<UInt64> {
            let (id, sealed) = try laboratory.seal(number, previous: previous)
            previous = Blake2b.hash(text: sealed.json.text)
            ids.append(id)
        }
        func state(_ i: Int, _ state: CampaignState, verdict: String? = nil) throws {
            try Journal.open(at: store.journal(of: ids[i])).setState(state.rawValue)
            guard let verdict else { return }
            try writeFileAtomically(
                "\(store.folder(of: ids[i]))/certificate.json", text: "{\"verdict\":\"\(verdict)\"}")
        }
        try state(0, .completed, verdict: "certified")
        try state(1, .stopped, verdict: "not certified")
        try state(2, .completed, verdict: "invalid")
        try state(3, .completed)
        try state(4, .sealed)
        for name in ["", "-wal", "-shm"] { try removeFile(store.journal(of: ids[5]) + name) }
        let chain = try store.chain(of: 8, except: try #require(CampaignID(hex: String(repeating: "0", count: 32))))
        #expect(
            chain.listed.map(\.fate) == [
                .unfinished, .damaged, .sealed, .withoutCertificate, .invalid, .notCertified, .certified,
            ])
        let next = try laboratory.seal(8, previous: previous).1
        #expect(chain.breaks(of: next, hash: .zero) == [])
        #expect(try store.chain(of: 3, except: ids[2]).listed.map(\.number) == [8, 7, 6, 5, 4, 2, 1])
    }
}
