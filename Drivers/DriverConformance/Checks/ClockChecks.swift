import BellModel
import Board
import DriverKit

/// Clock records and the tick rate.
enum ClockChecks {
    /// The first pulse, the last, and every n-th in between.
    static func records(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try TrialChecks.reference(bench)
        guard let pulses = run.pulses else { return .skipped("the reference arm has no records") }
        // A board that jumps in its pulses names any span; trials.pulses tells, and nobody counts it through here.
        guard pulses.upperBound - pulses.lowerBound <= 2 * UInt64(run.recordCount) else {
            return .skipped("the records' pulses are far from consecutive, see trials.pulses")
        }
        let seen = Set(run.clock.map(\.pulse))
        var findings = Findings()
        findings.expect(seen.contains(pulses.lowerBound), "There is no clock record of the first pulse.")
        findings.expect(seen.contains(pulses.upperBound), "There is no clock record of the last pulse.")
        let step = UInt64(HarmlessProgram.clockEvery)
        let missing = stride(from: pulses.lowerBound, through: pulses.upperBound, by: Int(step)).filter {
            !seen.contains($0)
        }
        findings.expect(
            missing.isEmpty,
            "There is no clock record of \(missing.count) of the pulses that come every \(step), "
                + "the first at \(missing.first ?? 0).")
        let outside = run.clock.count { !pulses.contains($0.pulse) }
        findings.expect(outside == 0, "\(outside) clock records are of pulses that are not the arm's.")
        for (before, after) in zip(run.clock, run.clock.dropFirst()) {
            findings.expect(
                after.pulse > before.pulse && after.tick > before.tick,
                "The clock record of pulse \(after.pulse) at \(after.tick) follows pulse \(before.pulse) at \(before.tick)."
            )
        }
        try findings.done()
        return .passed([.init("records", Double(run.clock.count), "")])
    }

    /// Ticks a pulse, against the program's trial period.
    static func rate(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try TrialChecks.reference(bench)
        guard let first = run.clock.first, let last = run.clock.last, last.pulse > first.pulse, last.tick > first.tick
        else { return .skipped("there are fewer than two clock records") }
        let period = Double(run.program.program.trialPeriod)
        let ratio = Double(last.tick - first.tick) / Double(last.pulse - first.pulse) / period
        guard abs(ratio - 1) <= 0.01 else {
            throw BellError(
                .conformanceViolation,
                "The counter makes \((ratio * period).text(decimals: 1)) ticks a pulse; the program's period is "
                    + "\(UInt64(period)), \(((ratio - 1) * 100).text(decimals: 2)) % less or more.",
                fix: "count the ticks of CAPABILITIES' rate; two boards' rates may differ by some parts in a million")
        }
        return .passed([.init("off", (ratio - 1) * 1e6, "ppm")])
    }

    /// Start ticks and clock records are counts of one counter.
    static func sameCounter(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try TrialChecks.reference(bench)
        let slack = UInt64(run.program.capabilities.ticksPerSample) * 64
        let ticks = Dictionary(run.clock.map { ($0.pulse, $0.tick) }, uniquingKeysWith: { first, _ in first })
        var findings = Findings()
        var compared = 0
        for chunk in run.chunks {
            for (place, record) in TrialRecord.all(in: chunk.records).enumerated() where !record.isMissed {
                guard let tick = ticks[chunk.firstPulse + UInt64(place)] else { continue }
                compared += 1
                let offset = Int64(bitPattern: record.startTick &- tick)
                findings.expect(
                    (offset &- Int64(run.program.startTick)).magnitude <= slack,
                    "Trial \(record.index) starts \(offset) ticks after its pulse, the program says "
                        + "\(run.program.startTick).")
            }
        }
        try findings.done()
        return compared > 0
            ? .passed([.init("compared", Double(compared), "pulses")])
            : .skipped("no clock record is of a trial's pulse")
    }

    /// The counter's rate in wall time.
    static func wallRate(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let board = try bench.board
        if board.simulated && !bench.options.simulatesRealTime {
            return .skipped("the board is simulated, and its time need not go as fast as ours")
        }
        func sample() async throws(BellError) -> (tick: UInt64, at: Double, doubt: Double) {
            let before = bench.clock.now().inSeconds
            let tick = try await bench.status().tick
            let after = bench.clock.now().inSeconds
            return (tick, (before + after) / 2, (after - before) / 2)
        }
        let first = try await sample()
        try await bench.probe.settle(for: .seconds(1))
        let last = try await sample()
        let span = last.at - first.at
        guard span > 0, last.tick > first.tick else {
            throw BellError(
                .conformanceViolation,
                "The counter went from \(first.tick) to \(last.tick) in \(span.text(decimals: 3)) s.")
        }
        let seen = Double(last.tick - first.tick) / span
        let doubt = (first.doubt + last.doubt) / span
        let ratio = seen / board.tickRate.hertz
        guard abs(ratio - 1) <= 0.01 + doubt else {
            throw BellError(
                .conformanceViolation,
                "The counter runs at \(seen.text(decimals: 0)) Hz of wall time, CAPABILITIES say "
                    + "\(board.tickRate.hertz.text(decimals: 0)) Hz.",
                cause: "\(((ratio - 1) * 100).text(decimals: 2)) % off, over \(span.text(decimals: 2)) s")
        }
        return .passed([.init("off", (ratio - 1) * 100, "%")])
    }
}
