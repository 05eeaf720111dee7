import BellModel
import Foundation
import Testing

@testable import BellControlTool

@Suite("bellctl bounds and the forecast of a plan")
struct BoundsCommandTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path
    private static let lab = "\(root)/Calibration/mocklab/lab.yaml"

    @Test("all bounds of Storz's trials stand side by side, for people and for programs")
    func table() throws {
        let terminal = Terminal()
        #expect(terminal.run("bounds", "--trials", "1048576", "--s", "2.0747") == .ok, "\(terminal.err)")
        for word in ["65086", "probability estimation", "entropy accumulation", "none", "0.00943", "power: 0.00198"] {
            #expect(terminal.out.contains(word), "\(word)\n\(terminal.out)")
        }
        let program = Terminal()
        #expect(program.run("bounds", "--trials", "1048576", "--s", "2.0747", "--mu", "0.001", "--json") == .ok)
        let rows = try #require(try program.json["bounds"]?["rows"]?.arrayValue)
        #expect(rows.count == 6 && rows.allSatisfy { $0["registered"] == false })
        #expect(try program.json["bounds"]?["setting_bias"] == 0.001)
        let quantile = try program.json["to_register"]?["one_percent_quantile_bits"]?.doubleValue
        #expect(quantile.map { $0 > 40_000 && $0 < 56_162 } == true)
    }

    @Test("a sweep is a table, a plot, JSON or a picture", arguments: ["mu", "s", "n"])
    func sweep(_ over: String) throws {
        let table = Terminal()
        #expect(table.run("bounds", "--s", "2.3", "--sweep", over) == .ok, "\(table.err)")
        #expect(table.out.split(separator: "\n").count == 28)
        let plot = Terminal()
        #expect(plot.run("bounds", "--s", "2.3", "--sweep", over, "--plot") == .ok)
        #expect(plot.out.contains("bits") && plot.out != table.out)
        let path = "\(NSTemporaryDirectory())belld-bounds-\(over)-\(UInt64.random(in: .min ... .max)).svg"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let program = Terminal()
        #expect(program.run("bounds", "--s", "2.3", "--sweep", over, "--svg", path, "--json") == .ok)
        #expect(try program.json["sweep"]?["values"]?.arrayValue?.count == 25)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("<svg"))
    }

    @Test(
        "what cannot be is refused with the option",
        arguments: [
            (["--s", "2.9"], "2√2"), (["--s", "nan"], "--s"), (["--s", "x"], "--s"), (["--trials", "0"], "--trials"),
            (["--trials", "1e6"], "--trials"), (["--mu", "0.5"], "--mu"), (["--mu", "-0.1"], "--mu"),
            (["--epsilon", "0"], "--epsilon"), (["--epsilon", "nan"], "--epsilon"), (["--plot"], "--sweep"),
            (["--sweep", "t"], "--sweep"), (["--expansion", "joint:1"], "above"),
            (["--expansion", "x"], "product:GAMMA"),
        ])
    func refused(_ words: [String], _ place: String) {
        let terminal = Terminal()
        #expect(terminal.run(["bounds"] + words) == .usage, "\(terminal.out)")
        #expect(terminal.err.contains(place) && terminal.err.contains("fix:"), "\(terminal.err)")
    }

    @Test("an expansion is a table, a plot or JSON")
    func expansion() throws {
        let table = Terminal()
        #expect(table.run("bounds", "--s", "2.414", "--expansion", "joint:11") == .ok, "\(table.err)")
        #expect(table.out.contains("100 000 000 000 000"))
        let plot = Terminal()
        #expect(plot.run("bounds", "--s", "2.414", "--expansion", "product:0.1", "--plot") == .ok)
        #expect(plot.out.contains("bits a trial") && plot.out.contains("produced, uniform"))
        let program = Terminal()
        #expect(program.run("bounds", "--s", "2.414", "--expansion", "uniform", "--json") == .ok)
        #expect(try program.json["expansion"]?["net"]?.arrayValue?.count == 45)
    }

    @Test("a plan is shown with what it would certify, and with a warning when that is nothing")
    func plan() throws {
        let folder = "\(NSTemporaryDirectory())belld-plan-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/plan.yaml"
        try """
        plan: storz
        sequence: \(Self.root)/Sequences/bell-chsh.yaml
        trials: 1048576
        chsh: {minus_on: "11"}
        setting_bias: 0
        headline: {claim: min-entropy-entropy-accumulation, threshold: 2.07, smoothing: 1.0e-6, event: 1.0e-6}
        security: {total: 1.0e-5, extractor: {kind: circulant, epsilon: 1.0e-8, side_information: quantum}}

        """.write(toFile: path, atomically: true, encoding: .utf8)
        let terminal = Terminal()
        #expect(
            terminal.run("campaign", "plan", path, "--lab", Self.lab, "--expect", "2.0747") == .ok, "\(terminal.err)")
        for word in [
            "min-entropy (entropy accumulation), threshold J = 2.07", "for a circulant extractor", "WARNING",
            "whatever S is", "min-entropy-probability-estimation, bits: 5",
        ] { #expect(terminal.out.contains(word), "\(word)\n\(terminal.out)") }
        let program = Terminal()
        #expect(program.run("campaign", "plan", path, "--lab", Self.lab, "--json") == .ok)
        #expect(try program.json["forecast"]?["headline_met"] == false)
        #expect(try program.json["forecast"]?["expected_s"] == 2.236)
        let expanded = Terminal()
        let arguments = ["campaign", "plan", path, "--lab", Self.lab, "--expect", "2.414", "--expansion"]
        #expect(expanded.run(arguments + ["joint:11"]) == .ok, "\(expanded.err)")
        #expect(expanded.out.contains("Expansion with settings joint:11"))
        for (law, words) in [
            ("joint:7", "no number of trials gives a bit"), ("product:0.01", "give no bit"), ("joint:300", "no bit"),
        ] {
            let refused = Terminal()
            #expect(refused.run(arguments + [law]) == .usage, "\(law)")
            #expect(refused.err.contains(words) && refused.err.contains("fix:"), "\(refused.err)")
        }
        let shipped = Terminal()
        let file = "\(Self.root)/Sequences/plans/bell-chsh.yaml"
        #expect(shipped.run("campaign", "plan", file, "--lab", Self.lab) == .ok)
        #expect(!shipped.out.contains("WARNING"), "\(shipped.out)")
    }
}
