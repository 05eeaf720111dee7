import BellCrypto
import BellHost
import BellJournal
import BellModel
import Foundation
import Testing

@testable import BellControlTool

@Suite("Campaigns on disk")
struct CampaignFilesTests {
    private static let first = "aa000000000000000000000000000001"
    private static let second = "ab000000000000000000000000000000"

    /// A state directory with two campaigns, removed at the end of the test.
    private final class Stage {
        let state: StateDirectory

        init() throws {
            state = try StateDirectory(
                path: "\(NSTemporaryDirectory())belld-files-\(UInt64.random(in: .min ... .max))")
            let plan = Plan(
                name: "p", trials: 1024, trialsPerArm: 1024, trialsPerBlock: 1024, pattern: .minusOn11,
                inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
                headline: .localRealism(significance: 1e-6), claims: [], pool: .public, onRestart: .resume,
                sequence: "s.yaml", sequenceHash: .zero)
            for (hex, number) in [(CampaignFilesTests.first, UInt64(1)), (CampaignFilesTests.second, 2)] {
                let id = try #require(CampaignID(hex: hex))
                try makeFolder(state.folder(of: id))
                let sealed = SealedPlan(
                    plan: plan, number: number, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")
                _ = try Journal.create(
                    at: "\(state.folder(of: id))/journal.sqlite", campaign: id, sealed: sealed,
                    planHash: Blake2b.hash(text: sealed.json.text), devices: [:], simulated: true)
            }
            // Neither a name that is no identifier nor a folder without a journal is a campaign.
            try makeFolder("\(state.campaigns)/lost+found")
            try makeFolder("\(state.campaigns)/ff000000000000000000000000000000")
        }

        deinit { try? FileManager.default.removeItem(atPath: state.path) }
    }

    @Test(
        "an identifier, the start of one, a number, `latest` and nothing all find a campaign",
        arguments: [
            (first, first), ("ab", second), ("1", first), ("2", second), ("latest", second), (nil, second),
        ])
    func find(_ name: String?, _ id: String) throws {
        let stage = try Stage()
        #expect(try CampaignFiles.find(name, in: stage.state).id == id)
    }

    @Test("a copied folder is a campaign, whatever it is called; one without a journal is none")
    func folder() throws {
        let stage = try Stage()
        let copy = "\(stage.state.path)/copy"
        try FileManager.default.copyItem(atPath: "\(stage.state.campaigns)/\(Self.first)", toPath: copy)
        let elsewhere = try StateDirectory(path: "/nowhere/at/all", create: false)
        #expect(try CampaignFiles.find("\(copy)/", in: elsewhere).journal == "\(copy)/journal.sqlite")
        let error = #expect(throws: BellError.self) { try CampaignFiles.find(stage.state.path, in: elsewhere) }
        #expect(error?.code == .toolNoCampaign)
    }

    @Test("a name that fits none or two campaigns is refused with all there are", arguments: ["a", "ff", "3", "x", ""])
    func ambiguous(_ name: String) throws {
        let stage = try Stage()
        let state = stage.state
        let error = #expect(throws: BellError.self) { try CampaignFiles.find(name, in: state) }
        #expect(error?.code == .toolNoCampaign)
        #expect(error?.fix == "one of: \(Self.first), \(Self.second)")
        withExtendedLifetime(stage) {}
    }

    @Test("a state directory without campaigns says so", arguments: ["verify", "show", "export"])
    func empty(_ verb: String) throws {
        let terminal = Terminal()
        let option = ["show": "--certificate", "export": "--csv", "verify": "--json"][verb] ?? ""
        #expect(terminal.run("campaign", verb, option) == .usage)
        #expect((terminal.out + terminal.err).contains("There is no campaign in this state directory."))
    }

    @Test("an export of a campaign without trials is a header")
    func export() throws {
        let stage = try Stage()
        let state = stage.state
        let terminal = Terminal()
        #expect(terminal.run("campaign", "export", "--csv", "1", state: state.path) == .ok)
        #expect(terminal.out == TrialCSV.header)
        let program = Terminal()
        let file = state.file("x.csv")
        #expect(program.run("campaign", "export", "--csv", "-o", file, "--json", state: state.path) == .ok)
        #expect(try program.json["trials"] == 0)
        #expect(try program.json["simulated"] == true)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == TrialCSV.header)
        #expect(!fileExists("\(file).partial"))
        #expect(Terminal().run("campaign", "export", "--csv", "--json", state: state.path) == .usage)
        #expect(Terminal().run("campaign", "export", state: state.path) == .usage)
        withExtendedLifetime(stage) {}
    }

    @Test("a damaged certificate is exit 4 with the file, whichever command reads it")
    func damaged() throws {
        let stage = try Stage()
        let state = stage.state
        let path = try CampaignFiles.find(nil, in: state).certificate
        try #"{"hash":"00","kind":"belld certificate"}"#.write(toFile: path, atomically: true, encoding: .utf8)
        for command in [["verify"], ["show", "--certificate"], ["verify", "--certificate", path]] {
            let terminal = Terminal()
            let exit = terminal.run(["campaign"] + command + ["--state", state.path])
            #expect(exit == .dataIntegrity, "\(command)")
            #expect(terminal.err.contains(path))
        }
        withExtendedLifetime(stage) {}
    }

    @Test("without a certificate the evidence is checked against itself")
    func verify() throws {
        let stage = try Stage()
        let state = stage.state
        let terminal = Terminal()
        #expect(terminal.run("campaign", "verify", "1", state: state.path) == .ok, "\(terminal.out)\(terminal.err)")
        let program = Terminal()
        let journal = try CampaignFiles.find("1", in: state).journal
        #expect(program.run("campaign", "verify", "--journal", journal, "--json") == .ok)
        #expect(try program.json["match"] == true)
        withExtendedLifetime(stage) {}
    }
}
