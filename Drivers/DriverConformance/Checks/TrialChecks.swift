import BellModel
import DriverKit

/// The reference arm's records, judged offline.
enum TrialChecks {
    static func reference(_ bench: BoardBench) throws(BellError) -> ArmRun {
        guard let run = bench.reference else {
            throw BellError(.conformanceBlocked, "There is no reference arm.", at: bench.name)
        }
        return run
    }

    /// Indices: contiguous, each in its place, within the host's range, none twice.
    static func numbering(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        var findings = Findings()
        var next = run.order.firstIndex
        let end = next + UInt64(run.order.count)
        for chunk in run.chunks {
            findings.expect(
                chunk.firstIndex == next, "A chunk begins at index \(chunk.firstIndex), the next one is \(next).")
            let last = chunk.firstIndex + UInt64(chunk.count)
            findings.expect(
                chunk.firstIndex >= run.order.firstIndex && last <= end,
                "The chunk \(chunk.firstIndex) ..< \(last) is not within the arm's \(run.order.firstIndex) ..< \(end).")
            for (place, record) in TrialRecord.all(in: chunk.records).enumerated()
            where record.index != chunk.firstIndex + UInt64(place) {
                findings.add(
                    "Record \(place) of the chunk from \(chunk.firstIndex) says that its index is \(record.index).")
            }
            next = last
        }
        try findings.done()
        return .passed([
            .init("records", Double(run.recordCount), ""), .init("chunks", Double(run.chunks.count), ""),
        ])
    }

    /// One pulse a trial.
    static func pulses(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        var findings = Findings()
        for (before, after) in zip(run.chunks, run.chunks.dropFirst()) {
            let next = before.firstPulse + UInt64(before.count)
            findings.expect(
                after.firstPulse == next,
                "The chunk from index \(after.firstIndex) begins at pulse \(after.firstPulse), the next one is \(next)."
            )
        }
        try findings.done()
        return .passed
    }

    /// Settings and outcomes are bits, and the flags are those of version 1.
    static func fields(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        let board = try bench.board
        var findings = Findings()
        var unhealthy = 0
        for record in run.records {
            findings.expect(record.setting <= 1, "Trial \(record.index) has the setting \(record.setting).")
            findings.expect(record.outcome <= 1, "Trial \(record.index) has the outcome \(record.outcome).")
            findings.expect(
                record.flags.rawValue >> 8 == 0,
                "Trial \(record.index) has flags 0x\(String(record.flags.rawValue, radix: 16)); "
                    + "version 1 defines the low eight bits.")
            findings.expect(
                record.flags.contains(.simulated) == board.simulated,
                "Trial \(record.index) is \(board.simulated ? "not " : "")flagged simulated, unlike CAPABILITIES.")
            findings.expect(
                record.flags.contains(.hostBit) == (run.bits != nil),
                "Trial \(record.index) is \(run.bits == nil ? "" : "not ")flagged as having a host bit.")
            if !record.flags.isDisjoint(with: .unhealthy) { unhealthy += 1 }
        }
        try findings.done()
        return .passed([.init("unhealthy", Double(unhealthy), "records")])
    }

    /// The stop event comes where the program puts it.
    static func stopDelta(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        let nominal = Int64(run.program.stopDelta)
        // A latch, a comparator and a converter's pipeline: generous at 16 samples.
        let slack = Int64(run.program.capabilities.ticksPerSample) * 16
        var findings = Findings()
        for record in run.records where !record.isMissed {
            findings.expect(
                abs(Int64(record.stopDelta) - nominal) <= slack,
                "Trial \(record.index) has the stop delta \(record.stopDelta) ticks, the program \(nominal).")
        }
        try findings.done()
        return .passed([.init("delta", Double(run.records.first?.stopDelta ?? 0), "ticks")])
    }

    /// Start ticks rise by the trial period.
    static func startTicks(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        let period = Double(run.program.program.trialPeriod)
        // The partner's clock makes the pulses of a board that is not the master; a trigger jitters by some samples.
        let slack = period * 0.01 + 16 * Double(run.program.capabilities.ticksPerSample)
        var findings = Findings()
        let records = run.records
        var worst = 0.0
        for (before, after) in zip(records, records.dropFirst())
        where !before.isMissed && !after.isMissed && after.index == before.index &+ 1 {
            guard after.startTick > before.startTick else {
                findings.add(
                    "Trial \(after.index) starts at tick \(after.startTick), the one before at \(before.startTick).")
                continue
            }
            let step = Double(after.startTick - before.startTick)
            worst = max(worst, abs(step - period))
            findings.expect(
                abs(step - period) <= slack,
                "Trial \(after.index) starts \(after.startTick - before.startTick) ticks after the one before, "
                    + "the trial period is \(UInt64(period)).")
        }
        // The pulses' pace may be off the program's by the partner's clock, and does not change within an arm.
        if findings.isEmpty { for jump in AccountChecks.jumps(in: run) { findings.add("A step: \(jump).") } }
        try findings.done()
        return .passed([.init("worst", worst, "ticks off the period")])
    }

    /// Bits of the board's generator are neither constant nor far from fair.
    static func settings(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let run = try reference(bench)
        guard run.bits == nil else { return .skipped("the board has no generator of its own") }
        let n = run.recordCount
        let ones = run.records.count { $0.setting == 1 }
        return try RandomChecks.judge(ones: ones, of: n, what: "settings")
    }
}

extension TrialRecord {
    /// Its pulse did not come; its times mean nothing.
    var isMissed: Bool { flags.contains(.missedTrigger) }
}
