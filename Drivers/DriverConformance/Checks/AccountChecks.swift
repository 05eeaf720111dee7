import BellModel
import DriverKit

/// Every arm that runs to its end within the kit, not only the reference arm: a fault may strike once.
enum AccountChecks {
    /// Arms whose problems are kept.
    static let limit = 64

    /// What is wrong with an arm's records as a whole; empty when all are accounted for.
    ///
    /// Each index exactly once and in order, as many records as ARM_END announces, the bits that the host gave, and start
    /// ticks without a jump.
    static func problems(of run: ArmRun) -> [String] {
        guard let end = run.ends.first else { return ["no ARM_END came"] }
        var problems: [String] = []
        let records = run.records
        if run.ends.count > 1 { problems.append("\(run.ends.count) ARM_END came") }
        if records.count != Int(end.made) {
            problems.append("ARM_END says \(end.made) records made, \(records.count) came")
        }
        let first = run.order.firstIndex
        if let (place, record) = records.enumerated().first(where: { $0.element.index != first &+ UInt64($0.offset) }) {
            problems.append("record \(place) has the index \(record.index), not \(first &+ UInt64(place))")
        }
        if let bits = run.bits,
            let (place, record) = records.prefix(Int(bits.count)).enumerated().first(where: {
                $0.element.setting != bits[$0.offset]
            })
        {
            problems.append("record \(place) has the setting \(record.setting), its bit was \(bits[place])")
        }
        return problems + jumps(in: run).prefix(1)
    }

    /// Where start ticks leave their own arm's pace, which is the median step: whoever makes the pulses, it does not change
    /// within an arm. A trigger jitters by less than 16 samples.
    static func jumps(in run: ArmRun) -> [String] {
        let records = run.records
        var steps: [(index: UInt64, ticks: UInt64)] = []
        for (before, after) in zip(records, records.dropFirst())
        where !before.isMissed && !after.isMissed && after.index == before.index &+ 1 {
            steps.append((after.index, after.startTick &- before.startTick))
        }
        guard steps.count >= 3 else { return [] }
        let median = steps.map(\.ticks).sorted()[steps.count / 2]
        let slack = UInt64(run.program.capabilities.ticksPerSample) * 16
        return steps.filter { Int64(bitPattern: $0.ticks &- median).magnitude > slack }.map {
            "trial \($0.index) starts \($0.ticks) ticks after the one before, the others of its arm \(median)"
        }
    }

    /// The arms beside the reference arm; what that one shows is told by its own checks.
    static func accounted(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let reference = try TrialChecks.reference(bench)
        guard problems(of: reference).isEmpty else {
            return .skipped("the reference arm is not accounted for, see arm.completes and trials.*")
        }
        var findings = Findings()
        for (arm, problems) in bench.accounts {
            for problem in problems { findings.add("Arm \(arm) of the kit: \(problem).") }
        }
        try findings.done()
        return .passed([.init("arms", Double(bench.accounts.count), "")])
    }
}

extension BoardBench {
    /// Notes an arm that has come to its end, for ``AccountChecks/accounted(_:)``.
    mutating func account(for run: ArmRun) {
        guard accounts.count < AccountChecks.limit else { return }
        accounts.append((run.order.arm, AccountChecks.problems(of: run)))
    }
}
