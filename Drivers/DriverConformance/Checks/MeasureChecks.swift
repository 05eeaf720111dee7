import BellModel
import Board
import DriverKit

/// Shots, latency and throughput.
enum MeasureChecks {
    /// SHOTS have the points that were asked for, and make no records.
    static func shots(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toReady()
        let before = try await bench.status()
        var findings = Findings()
        for (count, averaged) in [(UInt32(100), false), (1, false), (1_000, true)] {
            let reply = try await bench.probe.ask(.shotsRequest(ShotsRequest(count: count, averaged: averaged)))
            guard case .shots(let shots) = reply else {
                findings.add("SHOTS_REQUEST of \(count) shots is answered with \(reply.summary).")
                continue
            }
            let isMean = if case .mean = shots.points { true } else { false }
            findings.expect(shots.count == count, "SHOTS of \(count) name \(shots.count).")
            findings.expect(
                isMean == averaged, "SHOTS of mode \(averaged ? 1 : 0) come as \(isMean ? "a mean" : "points").")
        }
        let after = try await bench.status()
        let data = await bench.probe.takeArrivals().count { $0.armName != nil }
        findings.expect(data == 0 && after.spoolUsed == before.spoolUsed, "Shots have made records.")
        findings.expect(after.state == .ready, "After shots the board is \(after.state.name), not ready.")
        try findings.done()
        return .passed
    }

    /// How long 200 PINGs take.
    static func latency(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        var milliseconds: [Double] = []
        for token in 0..<200 {
            let begin = bench.clock.now()
            let number = try await bench.probe.post(.ping(token: UInt64(token)))
            let arrival = try await bench.probe.answer(to: number, for: .ping)
            milliseconds.append((arrival.at - begin).inSeconds * 1000)
        }
        milliseconds.sort()
        return .note(
            "", [.init("p50", milliseconds[99], "ms"), .init("p99", milliseconds[197], "ms")])
    }

    /// How fast records come, as they are made and again.
    static func throughput(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let run = bench.largest?.arm ?? bench.reference, run.recordCount > 0 else {
            return .skipped("no arm was run")
        }
        func rate(_ name: String, _ records: Int, _ span: Duration) -> [ConformanceCheck.Measurement] {
            guard span > .zero else { return [] }
            let each = Double(records) / span.inSeconds
            return [
                .init(name, each, "records/s"), .init(name, each * Double(TrialRecord.byteCount) / 1e6, "MB/s"),
            ]
        }
        var measured = rate("made", run.recordCount, run.duration)
        if let (_, replay) = bench.largest {
            measured += rate("replay", 2 * run.recordCount, replay)
        }
        return .note("arm of \(run.recordCount)", measured)
    }
}
