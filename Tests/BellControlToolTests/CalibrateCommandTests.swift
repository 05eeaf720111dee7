import BellControl
import BellModel
import BellPlot
import Foundation
import TestSupport
import Testing

@testable import BellControlTool

@Suite("bellctl calibrate", .blocking)
struct CalibrateCommandTests {
    private static let figure: JSON = [
        "title": "Rabi", "x": "amplitude (1)", "y": "population (1)", "square": false,
        "series": [["name": "data", "style": "points", "x": [0, 0.5, 1], "y": [0, 1, 0], "error": []]], "marks": [],
    ]
    private static let run: JSON = [
        "run": "alice-rabi-amplitude-20261121-0003", "item": "alice/rabi-amplitude", "action": "calibrate",
        "verdict": "good", "reason": "a clear oscillation", "seconds": 0.8, "simulated": true,
        "time": "2026-11-21T10:00:00Z",
        "proposals": [
            [
                "path": "alice.half_pi_amplitude", "value": 0.757612, "uncertainty": 0.00052, "unit": "1",
                "state": "proposed",
            ]
        ], "metrics": [["name": "visibility", "value": 0.93, "uncertainty": 0.012, "unit": "1"]],
        "figures": [figure],
    ]

    private func answer(
        exit: Int64 = 0, good: Bool = true, cancelled: Bool = false, error: JSON = .null, pending: [JSON] = []
    ) -> JSON {
        [
            "what": "rabi-amplitude", "mode": "maintain", "good": .bool(good), "cancelled": .bool(cancelled),
            "error": error, "exit": .int(exit),
            "items": [
                ["item": "alice/spectroscopy", "outcome": "fresh"],
                [
                    "item": "alice/rabi-amplitude", "outcome": .string(good ? "calibrated" : "failed"),
                    "reason": "no peak",
                ],
            ], "runs": [Self.run], "accepted": [], "pending": .array(pending), "simulated": true, "seconds": 1.4,
        ]
    }

    private func daemon(_ answers: [String: JSON]) throws -> ScriptedDaemon {
        try ScriptedDaemon(status: ["calibration": .null], answers: answers)
    }

    @Test("a run hands over what was typed, and prints verdicts, plot and the command that accepts")
    func run() throws {
        let daemon = try daemon([
            "calibrate.run": answer(pending: ["alice-rabi-amplitude-20261121-0003"]), "calibrate.show": Self.run,
        ])
        let terminal = Terminal()
        #expect(
            terminal.run(
                "calibrate", "run", "rabi-amplitude", "alice", "--node", "alice", "--force", "--by", "eve",
                state: daemon.state) == .ok)
        #expect(
            daemon.params("calibrate.run") == [
                "what": ["rabi-amplitude", "alice"], "node": "alice", "force": true, "accept": false, "by": "eve",
            ])
        #expect(terminal.out.contains("✓ alice/rabi-amplitude  good  a clear oscillation  (0.8 s)"), "\(terminal.out)")
        #expect(terminal.out.contains("Rabi"), "the figure of a single routine is drawn")
        #expect(terminal.out.contains("alice.half_pi_amplitude  0.75761 ± 0.00052"))
        #expect(terminal.out.contains("bellctl calibrate accept alice-rabi-amplitude-20261121-0003"))
        #expect(terminal.out.hasSuffix("rabi-amplitude: good  1 fresh, 1 calibrated  1 s  simulated boards\n"))
    }

    @Test("bring-up accepts by itself unless told otherwise; check only looks")
    func modes() throws {
        let daemon = try daemon([
            "calibrate.run": answer(), "calibrate.check": answer(), "calibrate.show": Self.run,
        ])
        #expect(Terminal().run("calibrate", "bring-up", "--by", "eve", state: daemon.state) == .ok)
        #expect(
            daemon.params("calibrate.run") == ["what": [], "mode": "bring-up", "accept": true, "by": "eve"])
        #expect(Terminal().run("calibrate", "bring-up", "--propose-only", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.run")?["accept"] == false)
        #expect(Terminal().run("calibrate", "run", "--accept", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.run")?["accept"] == true)
        #expect(Terminal().run("calibrate", "check", "ramsey", "--by", "eve", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.check") == ["what": ["ramsey"], "by": "eve"])
        let both = Terminal()
        #expect(both.run("calibrate", "run", "--accept", "--propose-only", state: daemon.state) == .usage)
        #expect(both.err.contains("contradict"))
    }

    @Test("the exit code is the worst that happened: 1 bad, 3 hardware, 130 interrupted")
    func exits() throws {
        let bad = Terminal()
        let first = try daemon(["calibrate.run": answer(exit: 1, good: false), "calibrate.show": Self.run])
        #expect(bad.run("calibrate", "run", state: first.state) == .experiment)
        #expect(bad.out.contains("failed alice/rabi-amplitude: no peak"))
        #expect(bad.out.contains("rabi-amplitude: not good"))
        let lost = Terminal()
        let error = BellError(
            BellError.Code("board.closed", exit: .hardware), "bob is gone", state: "the old values stay in force")
        let second = try daemon(["calibrate.run": answer(exit: 3, good: false, error: error.json)])
        #expect(lost.run("calibrate", "run", state: second.state) == .hardware)
        #expect(lost.err.contains("error: bob is gone"))
        #expect(lost.out.contains("✓ alice/rabi-amplitude"), "what was done before is told")
        let ended = Terminal()
        let third = try daemon(["calibrate.run": answer(exit: 130, good: false, cancelled: true)])
        #expect(ended.run("calibrate", "run", state: third.state) == .interrupted)
        #expect(ended.out.contains("cancelled; the old values stay in force"))
    }

    @Test(
        "of a value that was measured twice the last one is in force; a bring-up that was cut off says what is half done"
    )
    func halfDone() throws {
        func accepted(_ value: Double, _ run: String) -> JSON {
            [
                "run": .string(run),
                "values": [["path": "alice.t1", "value": .double(value), "uncertainty": 100.0, "unit": "ns"]],
            ]
        }
        var cut = try #require(answer(exit: 130, good: false, cancelled: true).objectValue)
        cut["accepted"] = [accepted(20_000, "r-1"), accepted(22_000, "r-2")]
        cut["items"] = []
        let daemon = try daemon(["calibrate.run": .object(cut), "calibrate.show": Self.run])
        let terminal = Terminal()
        #expect(terminal.run("calibrate", "bring-up", state: daemon.state) == .interrupted)
        #expect(terminal.out.contains("in force now:\n    alice.t1  22000 ± 100  ns\n"), "\(terminal.out)")
        #expect(!terminal.out.contains("20000"))
        #expect(
            terminal.out.contains("cancelled; what is listed above stays in force, all other values are the old ones"))
        #expect(terminal.out.hasSuffix("half done: bellctl calibrate run --accept does the rest\n"))
    }

    @Test("a check names at its end what is not good")
    func checks() throws {
        var result = try #require(answer(exit: 1, good: false).objectValue)
        result["runs"] = []
        result["items"] = [
            ["item": "alice/ramsey", "outcome": "checked", "verdict": "out-of-spec", "reason": "30 kHz off"],
            ["item": "bob/ramsey", "outcome": "checked", "verdict": "good", "reason": "right"],
        ]
        let daemon = try daemon(["calibrate.check": .object(result)])
        let terminal = Terminal()
        #expect(terminal.run("calibrate", "check", state: daemon.state) == .experiment)
        #expect(
            terminal.out
                == "out-of-spec alice/ramsey: 30 kHz off\nrabi-amplitude: not good  2 checked  1 s  simulated boards\n")
    }

    @Test("with --json the daemon's answer is all that is printed, also when it failed")
    func json() throws {
        let error = BellError(BellError.Code("board.closed", exit: .hardware), "bob is gone")
        let daemon = try daemon(["calibrate.run": answer(exit: 3, good: false, error: error.json)])
        let terminal = Terminal()
        #expect(terminal.run("calibrate", "run", "--json", state: daemon.state) == .hardware)
        #expect(try terminal.json["error"]?["what"] == "bob is gone")
        #expect(terminal.err.isEmpty)
    }

    @Test("a daemon that is not there is exit 5, and a refusal is told as it came")
    func refused() throws {
        #expect(Terminal().run("calibrate", "run") == .unreachable)
        let terminal = Terminal()
        let daemon = try daemon([:])
        #expect(terminal.run("calibrate", "run", state: daemon.state) == .usage)
        #expect(terminal.err.contains("calibrate.run"))
    }

    @Test("the status is a tree with value, age, state, last run and verdict")
    func status() throws {
        let status: JSON = [
            "laboratory": "mocklab", "now": 1000, "pending": [],
            "running": [
                "state": "running", "by": "eve", "what": "everything (bring-up)", "began": 928, "done": 12, "total": 62,
            ],
            "items": [
                [
                    "item": "alice/spectroscopy", "routine": "spectroscopy", "site": "alice", "needs": [],
                    "age_s": 120, "passes": true,
                    "last": ["began": 880, "action": "check", "verdict": "good"], "values": [],
                ],
                [
                    "item": "alice/rabi-amplitude", "routine": "rabi-amplitude", "site": "alice",
                    "needs": ["alice/spectroscopy"], "age_s": 90_000, "passes": false, "stale": "too old",
                    "last": .null,
                    "values": [
                        [
                            "path": "alice.half_pi_amplitude", "value": 0.757612, "uncertainty": 0.00052, "unit": "1",
                            "run": "mocklab-a-0117", "accepted_by": "eve",
                        ]
                    ],
                ],
                ["item": "bob/spectroscopy", "routine": "spectroscopy", "site": "bob", "needs": []],
                [
                    "item": "link/emission", "routine": "emission", "site": "link", "needs": [],
                    "values": [
                        ["path": "alice.emission_amplitude", "value": 0.66], ["path": "link.link_phase", "value": 1.5],
                    ],
                ],
            ],
        ]
        let terminal = Terminal()
        let daemon = try daemon(["calibrate.status": status])
        #expect(terminal.run("calibrate", "status", "--node", "alice", state: daemon.state) == .ok)
        #expect(
            terminal.out.hasPrefix(
                """
                calibration of mocklab
                eve calibrates everything (bring-up), since 1 min 12 s, 12 of 62 done; `bellctl calibrate cancel` ends it
                  alice\u{20}
                """))
        #expect(!terminal.out.contains("bob") && !terminal.out.contains("emission"))
        let link = Terminal()
        #expect(link.run("calibrate", "status", "--node", "link", state: daemon.state) == .ok)
        #expect(link.out.contains("· alice.emission_amplitude") && link.out.contains("· link_phase"), "\(link.out)")
        #expect(!link.out.contains("spectroscopy"))
        #expect(terminal.out.contains("    rabi-amplitude"))
        #expect(terminal.out.contains("0.75761 ± 0.00052"))
        #expect(terminal.out.contains("by eve"))
    }

    @Test("accept, refuse and cancel name what they decide, and say what is in force")
    func decisions() throws {
        let daemon = try daemon([
            "calibrate.accept": [
                "run": "r-1",
                "values": [["path": "link.link_phase", "value": 1.5, "uncertainty": 0.02, "unit": "rad"]],
            ],
            "calibrate.refuse": ["run": "r-1"], "calibrate.cancel": ["cancelling": "everything", "by": "eve"],
        ])
        let accept = Terminal()
        #expect(accept.run("calibrate", "accept", "r-1", "--by", "eve", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.accept") == ["what": "r-1", "by": "eve"])
        #expect(accept.out.contains("link.link_phase  1.500 ± 0.020  rad"))
        let refuse = Terminal()
        #expect(refuse.run("calibrate", "refuse", "link.link_phase", "--by", "eve", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.refuse") == ["what": "link.link_phase", "by": "eve"])
        #expect(refuse.out == "refused r-1; the old values stay in force\n")
        let cancel = Terminal()
        #expect(cancel.run("calibrate", "cancel", state: daemon.state) == .ok)
        #expect(cancel.out.contains("everything"))
    }

    @Test("a history is a table, comma-separated values, a plot and a picture")
    func history() throws {
        let daemon = try daemon([
            "calibrate.history": [
                "path": "alice.t1", "unit": "ns", "now": 7200,
                "points": [
                    [
                        "time": "1970-01-01T00:00:00Z", "seconds": 0, "value": 12_000, "uncertainty": 150,
                        "state": "accepted", "run": "r-1", "accepted_by": "a, b",
                    ],
                    [
                        "time": "1970-01-01T01:00:00Z", "seconds": 3600, "value": 11_500, "uncertainty": 150,
                        "state": "refused", "run": "r-2",
                    ],
                ],
            ]
        ])
        let table = Terminal()
        #expect(table.run("calibrate", "history", "alice.t1", "--since", "7d", state: daemon.state) == .ok)
        let since = try #require(daemon.params("calibrate.history")?["since"]?.doubleValue)
        #expect(abs(Date.now.timeIntervalSince1970 - 604_800 - since) < 60)
        #expect(table.out.contains("12000 ± 150"))
        let csv = Terminal()
        #expect(csv.run("calibrate", "history", "alice.t1", "--csv", state: daemon.state) == .ok)
        #expect(daemon.params("calibrate.history") == ["path": "alice.t1"])
        #expect(csv.out.split(separator: "\n").first == "time,value,uncertainty,unit,state,run,accepted_by")
        #expect(csv.out.contains("1970-01-01T00:00:00Z,12000,150,ns,accepted,r-1,\"a, b\""), "\(csv.out)")
        let picture = "\(daemon.state)/h.svg"
        let plot = Terminal()
        #expect(
            plot.run("calibrate", "history", "alice.t1", "--plot", "--svg", picture, state: daemon.state) == .ok)
        #expect(plot.out.contains("hours from now") && plot.out.contains("value (ns)"), "\(plot.out)")
        #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("<svg"))
    }

    @Test(
        "a span of time that is none is refused",
        arguments: ["", "d", "7", "7m", "-1d", "1e9d", "99999999999w", "7 d", "nand", "1d 2h"])
    func spans(_ text: String) {
        #expect(throws: BellError.self) { try CalibrateHistoryCommand.seconds(text) }
    }

    @Test("spans of time", arguments: [("90s", 90.0), ("30min", 1800), ("12h", 43_200), ("1.5d", 129_600)])
    func spans(_ text: String, _ seconds: Double) throws {
        #expect(try CalibrateHistoryCommand.seconds(text) == seconds)
    }

    @Test("a run is shown with its values, its plot, as a picture and as a page")
    func show() throws {
        let daemon = try daemon(["calibrate.show": Self.run])
        let (svg, html) = ("\(daemon.state)/r.svg", "\(daemon.state)/r.html")
        let terminal = Terminal()
        #expect(terminal.run("calibrate", "show", "r", "--svg", svg, "--html", html, state: daemon.state) == .ok)
        #expect(terminal.out.contains("alice.half_pi_amplitude is proposed"))
        #expect(terminal.out.contains("visibility  0.930 ± 0.012"))
        #expect(terminal.out.contains("simulated boards"))
        #expect(try String(contentsOfFile: svg, encoding: .utf8).contains("<svg"))
        let page = try String(contentsOfFile: html, encoding: .utf8)
        #expect(page.contains("Simulated data") && page.contains("0.75761 ± 0.00052"))
    }

    @Test("the routines are listed with what they need and propose")
    func routines() throws {
        let daemon = try daemon([
            "calibrate.routines": [
                "routines": [
                    [
                        "name": "rabi-amplitude", "summary": "Finds the π/2 pulse.", "scope": "node",
                        "needs": ["ramsey"], "proposes": ["half_pi_amplitude"], "valid_for_s": 86_400,
                    ]
                ]
            ]
        ])
        let terminal = Terminal()
        #expect(terminal.run("calibrate", "routines", state: daemon.state) == .ok)
        #expect(
            terminal.out.contains("rabi-amplitude  node  Finds the π/2 pulse.  half_pi_amplitude  ramsey  1 d 00 h"))
    }

    @Test("numbers have the digits that their uncertainty justifies")
    func measured() {
        #expect(CalibrateText.measured(0.757612, 0.00052) == "0.75761 ± 0.00052")
        #expect(CalibrateText.measured(12_345.6, 150) == "12350 ± 150")
        #expect(CalibrateText.measured(1.5, 0) == "1.5")
        #expect(CalibrateText.measured(nil, 1) == "–")
        #expect(CalibrateText.measured(.nan, 1) == "–")
    }
}
