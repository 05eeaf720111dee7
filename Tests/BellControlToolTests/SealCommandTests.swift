import BellCertification
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellStatistics
import TestSupport
import Testing

@testable import BellControlTool

@Suite("Commands about sealed plans and their anchors", .blocking)
struct SealCommandTests {
    private static let id = "0123456789abcdef0123456789abcdef"
    private static let answer: JSON = ["campaign": .string(id), "number": 3, "plan_hash": "00"]

    private static let sealed = SealedPlan(
        plan: Plan(
            name: "p", trials: 1024, trialsPerArm: 1024, trialsPerBlock: 1024, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
            headline: .localRealism(significance: 1e-6), claims: [], pool: .public, onRestart: .resume,
            sequence: "s.yaml", sequenceHash: .zero),
        number: 3, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")

    @Test(
        "what is started is told by its form: a number, an identifier, or a file",
        arguments: [
            ("3", true), ("77777777", true), ("0123abcd", true), (id, true), ("./3", false), ("plan.yaml", false),
            ("abc", false), ("0123abcg", false), (id + "0", false), ("", false),
        ])
    func form(name: String, isCampaign: Bool) {
        #expect(SealCommand.isCampaign(name) == isCampaign)
    }

    @Test("a sealed campaign is started by its number, a plan is sealed by its absolute path")
    func start() throws {
        let daemon = try ScriptedDaemon(
            status: [:], answers: ["campaign.start": Self.answer, "campaign.seal": Self.answer])
        #expect(Terminal().run("campaign", "start", "3", state: daemon.state) == .ok)
        #expect(daemon.params("campaign.start") == ["campaign": "3"])
        let plan = "\(daemon.state)/plan.yaml"
        try writeFileAtomically(plan, text: "plan: x\n")
        let pulse = "\(daemon.state)/pulse.json"
        try writeFileAtomically(
            pulse,
            text: """
                {"pulse": {"uri": "https://beacon.example/7", "pulseIndex": 7, "timeStamp": "2026-11-20T00:00:00.000Z",
                "outputValue": "\(String(repeating: "AB", count: 64))", "period": 60000}}
                """)
        let terminal = Terminal()
        #expect(terminal.run("campaign", "seal", plan, "--beacon", pulse, state: daemon.state) == .ok)
        #expect(terminal.out.contains("bellctl campaign start 3"))
        #expect(terminal.out.contains("openssl ts -query -data plan.json -sha256"))
        let params = daemon.params("campaign.seal")
        #expect(params?["plan_path"] == .string(absolutePath(plan)))
        #expect(params?["beacon"]?["index"] == 7)
        try writeFileAtomically(pulse, text: "{\"pulse\": {}}")
        #expect(Terminal().run("campaign", "seal", plan, "--beacon", pulse, state: daemon.state) != .ok)
        #expect(Terminal().run("campaign", "seal", "\(plan)x", state: daemon.state) == .usage)
    }

    @Test("nothing is given up without a reason")
    func abandon() throws {
        let daemon = try ScriptedDaemon(status: [:], answers: ["campaign.abandon": Self.answer])
        #expect(Terminal().run("campaign", "abandon", "3", state: daemon.state) == .usage)
        #expect(daemon.params("campaign.abandon") == nil)
        let terminal = Terminal()
        #expect(terminal.run("campaign", "abandon", "3", "--reason", "no helium", state: daemon.state) == .ok)
        #expect(daemon.params("campaign.abandon") == ["campaign": "3", "reason": "no helium"])
        #expect(terminal.out.contains("stays listed"))
    }

    @Test("the plan is written as it is hashed, and what is no anchor of it never reaches the daemon")
    func anchor() throws {
        let daemon = try ScriptedDaemon(status: [:], answers: ["campaign.anchor": Self.answer])
        let state = try StateDirectory(path: daemon.state)
        let campaign = state.folder(of: try #require(CampaignID(hex: Self.id)))
        try makeFolder(campaign)
        let text = Self.sealed.json.text
        _ = try Journal.create(
            at: "\(campaign)/journal.sqlite", campaign: try #require(CampaignID(hex: Self.id)), sealed: Self.sealed,
            planHash: Blake2b.hash(text: text), devices: [:], simulated: true, state: "sealed")
        func run(_ words: String...) -> (exit: ExitCode, out: String, err: String) {
            let terminal = Terminal()
            let exit = terminal.run(["campaign", "anchor", "3"] + words + ["--state", daemon.state])
            return (exit, terminal.out, terminal.err)
        }
        let plan = "\(daemon.state)/plan.json"
        #expect(run("--write", plan).exit == .ok)
        #expect(try readText(plan) == text)
        #expect(run("--write", plan).out.contains(SHA2.sha256.hash(Array(text.utf8)).hex))
        #expect(run().exit == .usage)
        #expect(run("--write", plan, "--rfc3161", plan).exit == .usage)

        let reply = "\(daemon.state)/plan.tsr"
        let other = SHA2.sha256.hash(Array((text + "\n").utf8))
        try writeFileAtomically(reply, HandmadeStamp(other, time: "20261121000500Z").bytes)
        #expect(run("--rfc3161", reply).err.contains("not one of this plan"))
        let key = SigningKey.generate()
        let (signature, pem) = ("\(daemon.state)/plan.sig", "\(daemon.state)/key.pem")
        try writeFileAtomically(signature, key.sign(Array((text + "\n").utf8)))
        try writeFileAtomically(pem, text: try #require(PublicKey(bytes: key.publicKey)).pem)
        #expect(run("--signature", signature, "--key", pem, "--by", "a notary").exit == .usage)
        #expect(daemon.params("campaign.anchor") == nil)

        try writeFileAtomically(signature, key.sign(Array(text.utf8)))
        #expect(run("--signature", signature, "--key", pem).exit == .usage)
        #expect(run("--signature", signature, "--key", pem, "--by", "a notary").exit == .ok)
        #expect(daemon.params("campaign.anchor")?["anchor"]?["by"] == "a notary")
        let own = SHA2.sha256.hash(Array(text.utf8))
        try writeFileAtomically(reply, HandmadeStamp(own, time: "20261121000500Z").bytes)
        let stamped = run("--rfc3161", reply)
        #expect(stamped.exit == .ok && stamped.out.contains("time stamp of 2026-11-21T00:05:00Z"))
        #expect(stamped.out.contains("signature not checked"))
        #expect(daemon.params("campaign.anchor")?["campaign"] == .string(Self.id))
        #expect(daemon.params("campaign.anchor")?["anchor"]?["kind"] == "rfc3161")
    }

    @Test("watching a campaign that was abandoned ends, and says that there is no certificate")
    func watch() {
        var machine = WatchMachine(isTerminal: false)
        #expect(
            machine.step(CampaignView(["state": "abandoned"]), now: 0) == .withoutCertificate(state: "abandoned"))
    }
}
