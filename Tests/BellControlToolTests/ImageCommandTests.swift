import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellPicture
import BellPool
import Foundation
import TestSupport
import Testing

@testable import BellControlTool

@Suite("bellctl image")
struct ImageCommandTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path
    private static let sheep = "\(root)/docs/data/sheep.png"
    private static let size = 256 * 192
    private static let id = String(repeating: "5a", count: 16)

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file of bytes without pattern; bits are one with a probability of `share` / 256.
    private func pad(_ name: String, _ count: Int = size, share: UInt64 = 128, seed: UInt64) throws -> String {
        var random = SplitMix(seed: seed)
        let bytes = (0..<count).map { _ in
            (0..<8).reduce(0 as UInt8) { byte, _ in byte << 1 | (random.next() >> 56 < share ? 1 : 0) }
        }
        try writeFileAtomically(folder.file(name), bytes)
        return folder.file(name)
    }

    /// A campaign whose certified bits, second source and outcomes are known, without a measurement behind it.
    private func campaign(_ kind: Plan.Pool = .public, bits: UInt64 = UInt64(size * 8 + 100)) throws -> StateDirectory {
        let state = try StateDirectory(path: folder.file("state"))
        let id = try #require(CampaignID(hex: Self.id))
        let files = PoolFiles(state, id)
        try makeFolder(files.folder)
        let plan = Plan(
            name: "p", trials: 1024, trialsPerArm: 1024, trialsPerBlock: 1024, pattern: .minusOn11, inputBits: .board,
            hostBits: nil, settingBias: 0, localityK: 5, headline: .localRealism(significance: 1e-6), claims: [],
            pool: kind, onRestart: .resume, sequence: "s.yaml", sequenceHash: .zero)
        let sealed = SealedPlan(plan: plan, number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")
        _ = try Journal.create(
            at: "\(files.folder)/journal.sqlite", campaign: id, sealed: sealed,
            planHash: Blake2b.hash(text: sealed.json.text), devices: [:], simulated: true)
        var random = SplitMix(seed: 77)
        var packed = (0..<Int((bits + 7) / 8)).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
        if bits % 8 != 0 { packed[packed.count - 1] &= ~(0xff >> UInt8(bits % 8)) }
        try writeFileAtomically(files.bits, packed)
        try writeFileAtomically(files.secondSource, try readFile(try pad("second", share: 218, seed: 5)))
        let recipe: JSON = [
            "campaign": .string(Self.id), "pool": .string(kind.rawValue), "simulated": true,
            "m": JSON(count: bits), "output": .string(Blake2b.hash(packed).description),
        ]
        try writeFileAtomically(files.recipe, text: recipe.text)
        try PoolLedger.open(state: state, create: true).enter(try PoolRecipe(json: recipe))
        return state
    }

    private func refusal(_ words: [String], _ code: String, exit: ExitCode = .usage) throws -> BellError {
        let terminal = Terminal()
        #expect(terminal.run(words + ["--json"]) == exit, "\(words): \(terminal.out)")
        let error = BellError(json: try #require(try terminal.json["error"]))
        #expect(error.code.name == code, "\(error)")
        #expect(error.fix != nil)
        return error
    }

    @Test("three panels of files come with statistics, a row, a page and recipes, and go back to the picture")
    func files() throws {
        let (weak, raw, good) = (
            try pad("w", share: 218, seed: 1), try pad("o", share: 140, seed: 2), try pad("c", seed: 3)
        )
        let out = folder.file("out")
        let terminal = Terminal()
        #expect(
            terminal.run(
                "image", "encrypt", Self.sheep, "--weak", weak, "--outcomes", raw, "--certified", good, "--output", out)
                == .ok, "\(terminal.err)")
        #expect(terminal.out.contains("correlation with the picture") && terminal.out.contains("\(out)/index.html"))
        #expect(terminal.out.contains("no defect found by these statistics at this size"))
        #expect(!terminal.out.lowercased().contains("random"))
        #expect(
            try folderContents(out) == [
                "certified.pad.json", "certified.png", "index.html", "outcomes.pad.json", "outcomes.png", "panels.png",
                "statistics.json", "weak.pad.json", "weak.png",
            ])
        let statistics = try JSON(parsing: try readFile("\(out)/statistics.json"))["panels"]
        #expect(statistics?["certified"]?["defects"] == [])
        #expect(statistics?["weak"]?["defects"]?.arrayValue?.contains("with_plain") == true)
        #expect(statistics?["outcomes"]?["defects"]?.arrayValue?.contains("pad_ones") == true)
        #expect(statistics?["weak"]?["simulated"] == .null)
        let plain = try Picture.read(try readFile(Self.sheep), source: "").0
        let row = try Picture.read(try readFile("\(out)/panels.png"), source: "").0
        #expect(row.width == 4 * 256 + 3 * 8 && row.height == 192)
        let page = try readText("\(out)/index.html")
        #expect(page.components(separatedBy: "data:image/png;base64,").count == 5)
        for (panel, file) in [("weak", weak), ("outcomes", raw), ("certified", good)] {
            // The bits themselves are nowhere, and no name of a folder is.
            #expect(!(try readText("\(out)/\(panel).pad.json")).contains(folder.path))
            let back = Terminal()
            let restored = folder.file("\(panel)-back.png")
            #expect(
                back.run("image", "decrypt", "\(out)/\(panel).png", "--pad", file, "--output", restored) == .ok,
                "\(back.err)")
            #expect(try Picture.read(try readFile(restored), source: "").0 == plain)
            #expect(mode(of: restored) == 0o600)
        }
    }

    @Test("a PPM comes back byte by byte, from any bit of the pad's file on")
    func netpbm() throws {
        var random = SplitMix(seed: 6)
        let samples = (0..<7 * 5 * 3).map { _ in UInt8(truncatingIfNeeded: random.next() >> 8) }
        let plain = Array("P6\n7 5\n255\n".utf8) + samples
        try writeFileAtomically(folder.file("a.ppm"), plain)
        let bits = try pad("bits", 120, seed: 7)
        let out = folder.file("out")
        let first = Terminal()
        #expect(
            first.run(
                "image", "encrypt", folder.file("a.ppm"), "--certified", bits, "--first-bit", "117", "--output", out)
                == .ok, "\(first.err)")
        let recipe = try JSON(parsing: try readFile("\(out)/certified.pad.json"))
        #expect(recipe["pad"] == ["file": "bits", "first_bit": 117, "bits": 840])
        #expect(try readFile("\(out)/certified.ppm") != plain)
        #expect(
            Terminal().run(
                "image", "decrypt", "\(out)/certified.ppm", "--pad", bits, "--output", folder.file("b.ppm")) == .ok)
        #expect(try readFile(folder.file("b.ppm")) == plain)
        // One bit further the file is too short.
        let error = try refusal(
            [
                "image", "encrypt", folder.file("a.ppm"), "--certified", bits, "--first-bit", "121", "--output",
                folder.file("c"),
            ], "picture.pad")
        #expect(error.what.contains("839 bits") && error.what.contains("840 are wanted"))
        #expect(!fileExists(folder.file("c")))
    }

    @Test("certified bits come from a public pool, once, and the recipe names the withdrawal")
    func pool() throws {
        let state = try campaign()
        let out = folder.file("out")
        let first = Terminal()
        #expect(
            first.run(
                "image", "encrypt", Self.sheep, "--certified", "campaign:5a", "--weak", "campaign:latest", "--output",
                out, state: state.path) == .ok, "\(first.err)")
        #expect(first.out.contains("SIMULATED") && first.out.contains("withdrawal 1"))
        #expect(try readText("\(out)/index.html").contains("Simulated data"))
        let taken = try PoolLedger.open(state: state).pools()
        #expect(taken.first?.left == 100)
        let plain = try Picture.read(try readFile(Self.sheep), source: "").0
        for panel in ["weak", "certified"] {
            let back = folder.file("back-\(panel).png")
            let terminal = Terminal()
            #expect(
                terminal.run("image", "decrypt", "\(out)/\(panel).png", "--output", back, state: state.path) == .ok,
                "\(terminal.err)")
            #expect(try Picture.read(try readFile(back), source: "").0 == plain)
        }
        // The pool is nearly empty: nothing is taken, nothing is written.
        _ = try refusal(
            [
                "image", "encrypt", Self.sheep, "--certified", "campaign:5a", "--output", folder.file("two"),
                "--state", state.path,
            ], "pool.not-enough-bits", exit: .experiment)
        #expect(!fileExists(folder.file("two")))
        #expect(try PoolLedger.open(state: state).pools() == taken)
        // Its own file is not a way around the ledger.
        let around = try refusal(
            [
                "image", "encrypt", Self.sheep, "--certified", "\(state.campaigns)/\(Self.id)/bits.bin", "--output",
                folder.file("two"),
            ], "picture.pad")
        #expect(around.fix == "--certified campaign:\(Self.id)")
    }

    @Test("what is refused otherwise takes no certified bit")
    func refusedBefore() throws {
        let state = try campaign()
        let before = try PoolLedger.open(state: state).pools()
        let short = try pad("short", 100, seed: 1)
        // The last of them has no place to write to.
        for words in [
            ["--weak", short], ["--weak", folder.file("none")], ["--outcomes", "campaign:5a"],
            ["--output", "\(short)/o"],
        ] {
            let terminal = Terminal()
            #expect(
                terminal.run(
                    ["image", "encrypt", Self.sheep, "--certified", "campaign:5a", "--output", folder.file("o")] + words
                        + ["--state", state.path]) == .usage, "\(words)")
        }
        #expect(try PoolLedger.open(state: state).pools() == before)
        #expect(!fileExists(folder.file("o")))
    }

    @Test("a private pool gives no pictures, neither its bits nor what they are made of")
    func privatePool() throws {
        let state = try campaign(.private)
        for panel in ["weak", "outcomes", "certified"] {
            _ = try refusal(
                [
                    "image", "encrypt", Self.sheep, "--\(panel)", "campaign:5a", "--output", folder.file("o"),
                    "--state",
                    state.path,
                ], "pool.wrong-kind")
        }
    }

    @Test("the same bits for two panels, bits that stand still, and a folder with something in it are refused")
    func misuse() throws {
        let one = try pad("one", seed: 1)
        let zeros = folder.file("zeros")
        try writeFileAtomically(zeros, [UInt8](repeating: 0, count: Self.size))
        try writeFileAtomically(folder.file("copy"), try readFile(one))
        func words(_ more: String...) -> [String] {
            ["image", "encrypt", Self.sheep, "--output", folder.file("o")] + more
        }
        _ = try refusal(words("--weak", one, "--certified", one), "picture.pad")
        _ = try refusal(words("--weak", one, "--certified", folder.file("copy")), "picture.pad")
        _ = try refusal(words("--weak", zeros), "picture.pad")
        _ = try refusal(words(), "tool.argument")
        #expect(try refusal(words("--weak", "campaign:1"), "tool.no-campaign").fix != nil)
        _ = try refusal(["image", "encrypt", Self.sheep, "--weak", one], "tool.argument")
        _ = try refusal(["image", "encrypt", Self.sheep, "--weak", one, "--output", folder.path], "tool.argument")
        _ = try refusal(["image", "encrypt", Self.sheep, "--weak", one, "--output", one], "tool.argument")
        _ = try refusal(["image", "encrypt", one, "--weak", one, "--output", folder.file("o")], "picture.format")
        #expect(!fileExists(folder.file("o")))
    }

    @Test("decryption refuses a recipe of another picture, a changed picture, and a missing pad")
    func wrongRecipe() throws {
        let (a, b) = (try pad("a", seed: 1), try pad("b", seed: 2))
        let out = folder.file("out")
        #expect(Terminal().run("image", "encrypt", Self.sheep, "--weak", a, "--certified", b, "--output", out) == .ok)
        let decrypt = ["image", "decrypt", "\(out)/weak.png"]
        let output = ["--output", folder.file("back.png")]
        _ = try refusal(
            decrypt + output + ["--recipe", "\(out)/certified.pad.json", "--pad", a], "picture.other",
            exit: .dataIntegrity)
        #expect(try refusal(decrypt + output, "tool.argument").cause == "it was called a")
        _ = try refusal(decrypt + ["--pad", a], "tool.argument")
        _ = try refusal(decrypt + ["--pad", a, "--output", "\(out)/weak.png"], "tool.argument")
        _ = try refusal(decrypt + output + ["--pad", a, "--recipe", Self.sheep], "json.syntax")
        _ = try refusal(decrypt + output + ["--pad", try pad("short", 10, seed: 1)], "picture.pad")
        let changed = try Picture.read(try readFile("\(out)/weak.png"), source: "").0
        var samples = changed.samples
        samples[7] ^= 1
        let other = try #require(Picture(width: 256, height: 192, channels: 1, samples: samples))
        try writeFileAtomically("\(out)/weak.png", try other.encoded(as: .png))
        _ = try refusal(decrypt + output + ["--pad", a], "picture.other", exit: .dataIntegrity)
        #expect(!fileExists(folder.file("back.png")))
    }
}
