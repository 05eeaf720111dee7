import BellModel
import Testing

@testable import BellControlTool

@Suite("The progress of a calibration") struct CalibrateProgressTests {
    private func run(_ name: String, _ verdict: String, _ action: String = "calibrate") -> JSON {
        [
            "run": .string(name), "item": "alice/rabi-amplitude", "action": .string(action),
            "verdict": .string(verdict), "reason": "π/2 at 0.7576", "seconds": 0.84,
        ]
    }

    @Test("both nodes' measurements stand beside the bar, which never goes back")
    func bar() {
        var progress = CalibrateProgress(style: .plain)
        let lines = progress.take([
            "done": 2, "total": 10, "runs": [],
            "active": [
                [
                    "item": "alice/rabi-amplitude", "action": "calibrate", "note": "coarse sweep", "point": 11,
                    "points": 31, "shots": 500, "all_shots": 1000,
                ], ["item": "bob/ramsey", "action": "check"],
            ],
        ])
        #expect(lines.isEmpty)
        #expect(progress.fields == ["alice/rabi-amplitude: coarse sweep 12/31", "check bob/ramsey", "2 of 10"])
        #expect(abs(progress.fraction - 0.245) < 1e-9)
        _ = progress.take(["done": 1, "total": 20])
        #expect(abs(progress.fraction - 0.245) < 1e-9)
        #expect(progress.fields == ["1 of 20"])
    }

    @Test("each run that ended is told once, with its verdict")
    func lines() {
        var progress = CalibrateProgress(style: .plain)
        #expect(
            progress.take(["runs": [run("a", "good")]]) == [
                "✓ alice/rabi-amplitude  good  π/2 at 0.7576  (0.8 s)"
            ])
        let more = progress.take(["runs": [run("a", "good"), run("b", "bad-data", "check")]])
        #expect(more == ["✗ check alice/rabi-amplitude  bad-data  π/2 at 0.7576  (0.8 s)"])
        let rest = progress.rest(["runs": [run("a", "good"), run("b", "bad-data"), run("c", "out-of-spec")]])
        #expect(rest == ["! alice/rabi-amplitude  out-of-spec  π/2 at 0.7576  (0.8 s)"])
    }

    @Test(
        "whatever a daemon sends is shown without harm",
        arguments: [
            [:], ["active": [[:], 5, "x"]], ["done": -5, "total": 0], ["done": 1e300, "total": 1e-300],
            ["runs": [[:], ["run": "x"]]],
            [
                "active": [
                    ["item": "\u{1b}[2J", "note": "\u{7}", "point": -3, "points": 1e30, "shots": 5, "all_shots": 0]
                ]
            ],
        ] as [JSON])
    func hostile(_ shown: JSON) {
        var progress = CalibrateProgress(style: .plain)
        let text = (progress.take(shown) + progress.fields).joined()
        #expect(!text.contains("\u{1b}") && !text.contains("\u{7}"))
        #expect((0...1).contains(progress.fraction))
    }
}
