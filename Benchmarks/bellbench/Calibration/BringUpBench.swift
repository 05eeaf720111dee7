import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// A cold virtual laboratory brought up as a person does it: `bellctl lab up`, then `bellctl calibrate bring-up`.
struct BringUpBench {
    /// Seconds.
    private static let goal = 60.0
    private static let seeds = [1, 2, 3]

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        var (times, notes) = (Samples(), [String]())
        for seed in BringUpBench.seeds {
            let (ready, seconds, items) = try bringUp(seed)
            times.add(seconds)
            notes.append(
                "seed \(seed): \(Unit.seconds.text(seconds)), \(items) items good; the laboratory was connected after "
                    + Unit.seconds.text(ready))
        }
        let slowest = times.best
        return [
            BenchRow(
                id: "bring-up", what: "bring-up of both cold nodes, slowest of \(times.values.count)", value: slowest,
                unit: .seconds, goal: "< 60 s on 2 cores", isMet: slowest < BringUpBench.goal, notes: notes)
        ]
    }

    /// Seconds until all was connected, seconds of the bring-up, and how many items passed.
    private func bringUp(_ seed: Int) throws(BellError) -> (ready: Double, seconds: Double, items: Int) {
        let (state, run) = try bench.state("bring-up-\(seed)")
        // A copy, because a calibration writes into the laboratory's files.
        let folder = "\(bench.folder)/cold-\(seed)"
        let root = parent(of: parent(of: parent(of: bench.folders.laboratory)))
        for part in ["Calibration/cold-start", "Sequences"] { try copy("\(root)/\(part)", to: "\(folder)/\(part)") }
        let start = monotonicNanoseconds()
        let laboratory = try bench.start(
            "bellctl",
            [
                "lab", "up", "--lab", "\(folder)/Calibration/cold-start/lab.yaml", "--state", state.path, "--pace",
                "max", "--seed", "\(seed)",
            ])
        defer { bench.stop(laboratory) }
        let client = try ControlClient(context: try ZeroMQContext(), endpoint: run.endpoint("control"))
        try bench.wait(for: "the laboratory's devices", seconds: 30, of: [laboratory], every: 20) {
            let devices = (try? client.call("device.list"))?["devices"]?.arrayValue ?? []
            return !devices.isEmpty && devices.allSatisfy { $0["state"]?.stringValue == "connected" }
        }
        let began = monotonicNanoseconds()
        let bringUp = try bench.start(
            "bellctl", ["calibrate", "bring-up", "--by", "bench", "--state", state.path])
        let ending = try bench.wait(for: bringUp)
        let seconds = Double(monotonicNanoseconds() - began) / 1e9
        let items = try client.call("calibrate.status")["items"]?.arrayValue ?? []
        let bad = items.filter { $0["passes"] != true }.compactMap { $0["item"]?.stringValue }
        guard ending == .exited(0), !items.isEmpty, bad.isEmpty else {
            throw BellError(
                .benchProgram, "A bring-up of seed \(seed) did not succeed.", at: folder,
                cause: "\(ending); not good: \(bad)", fix: "run the bench with --keep and look at the logs")
        }
        return (Double(began - start) / 1e9, seconds, items.count)
    }

    private func copy(_ from: String, to: String) throws(BellError) {
        try makeFolder(to)
        for name in try folderContents(from) {
            if isFolder("\(from)/\(name)") {
                try copy("\(from)/\(name)", to: "\(to)/\(name)")
            } else {
                try writeFileAtomically("\(to)/\(name)", try readFile("\(from)/\(name)"), mode: 0o644)
            }
        }
    }
}
