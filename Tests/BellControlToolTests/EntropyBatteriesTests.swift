import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellControlTool

@Suite("bellctl test-randomness on raw bits", .serialized)
struct EntropyBatteriesTests {
    /// Runs a battery on bytes in a file of their own.
    private func run(_ bytes: [UInt8], _ battery: String, _ more: String...) throws -> (
        terminal: Terminal, exit: ExitCode
    ) {
        let file = URL(filePath: "\(NSTemporaryDirectory())belld-entropy-\(UInt64.random(in: .min ... .max))")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let terminal = Terminal()
        return (terminal, terminal.run(["test-randomness", file.path, "--battery", battery] + more))
    }

    private func bytes(_ count: Int) -> [UInt8] {
        var dice = SplitMix(seed: 12)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }

    private func report(_ terminal: Terminal) throws -> JSON {
        try #require(try terminal.json["reports"]?.arrayValue?.first)
    }

    static let short: [(String, Int64, Int)] = [
        ("sp800-90b-non-iid", 1_000_000, 10), ("sp800-90b-iid", 1_000_000, 23), ("ais31-a", 8_285_728, 6),
        ("ais31-b", 6_968_480, 9),
    ]

    @Test("too few bits say how many are wanted and pass nothing", arguments: 0..<4)
    func short(place: Int) throws {
        let (battery, wanted, lines) = Self.short[place]
        let (terminal, exit) = try run(bytes(2_000), battery, "--json")
        #expect(exit == .ok, "\(terminal.err)")
        let report = try report(terminal)
        #expect(report["battery"]?.stringValue == battery && report["verdict"] == "insufficient data")
        #expect(report["wanted_bits"]?.intValue == wanted)
        #expect(report["tests"]?.arrayValue?.count == lines)
    }

    @Test("samples may have up to eight bits")
    func symbols() throws {
        let (terminal, exit) = try run(bytes(3_000), "sp800-90b-non-iid", "--symbol-bits", "8", "--json")
        #expect(exit == .ok, "\(terminal.err)")
        #expect(try report(terminal)["tests"]?.arrayValue?.count == 17)
        #expect(try report(terminal)["wanted_bits"] == 8_000_000)
        for width in ["0", "9", "x"] {
            let (terminal, exit) = try run(bytes(10), "sp800-90b-non-iid", "--symbol-bits", width)
            #expect(exit == .usage && terminal.err.contains("--symbol-bits"))
        }
    }

    @Test("samples in order are a defect, and the program ends with 1")
    func defect() throws {
        let (terminal, exit) = try run(bytes(400).sorted(), "sp800-90b-iid", "--symbol-bits", "8")
        #expect(exit == .experiment, "\(terminal.err)")
        #expect(terminal.out.contains("permutation, excursion") && terminal.out.contains("defect"))
    }

    @Test("a table of estimates names the smallest")
    func table() throws {
        let (terminal, exit) = try run([UInt8](repeating: 0x55, count: 2_000), "sp800-90b-non-iid")
        #expect(exit == .ok, "\(terminal.err)")
        #expect(terminal.out.contains("lag prediction of bits"))
        #expect(terminal.out.contains("note: min-entropy at most 0.0000 of 1 bits a symbol"), "\(terminal.out)")
    }

    @Test("dieharder is not started on a file that it would have to rewind, and names what each test wants")
    func dieharder() throws {
        let (terminal, exit) = try run(bytes(1_000), "dieharder", "--json")
        if Programs.onPath("dieharder") == nil {
            #expect(exit == .usage && terminal.err.contains("apt-get install dieharder"))
        } else {
            #expect(exit == .ok, "\(terminal.err)")
            let report = try report(terminal)
            #expect(report["verdict"] == "insufficient data" && report["tests"]?.arrayValue?.count == 23)
            let (part, refused) = try run(bytes(1_000), "dieharder", "--bits", "800")
            #expect(refused == .usage && part.err.contains("a part of"))
        }
    }

    @Test("batteries for raw samples and outside judges are not among all")
    func all() {
        let all = BatteryTable.entries.filter(\.isForFinishedBits).map(\.name)
        #expect(all == ["sp800-22", "ais31-a", "ais31-b"])
        #expect(Set(BatteryTable.names).isSuperset(of: ["sp800-90b-non-iid", "sp800-90b-iid", "dieharder", "all"]))
    }
}
