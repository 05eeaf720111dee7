import BellAudit
import BellHost
import BellModel
import BellTiming

/// Pairing, margins and CHSH counting straight from raw record bytes, arm by arm, on one core.
struct AuditBench {
    private static let armTrials = 1024
    /// 2^21 trials: 128 MiB of records, far more than any cache, so that each arm comes from memory.
    private static let arms = 2048
    private static let passes = 10
    private static let period: UInt64 = 640_000
    private static let goal = 100e6

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let parameters = try AuditBench.parameters()
        let arms = AuditBench.makeArms()
        let trials = Double(AuditBench.arms * AuditBench.armTrials)
        var audit = Samples()
        var copy = Samples()
        var tally = TrialTally()
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        try measure(arms, parameters, &audit, &copy, &tally)
        for node in Node.allCases {
            var records: [UInt8] = []
            for arm in arms { for half in arm.halves[node] { records += half.records } }
            try writeFileAtomically("\(bench.folder)/\(node.name).bin", records)
        }
        let peer = try bench.ask("/usr/bin/python3", ["\(bench.folders.peers)/numpy_audit.py", bench.folder])
        try measure(arms, parameters, &audit, &copy, &tally)
        guard peer["valid"]?.countValue == tally.valid, let numpy = peer["trials_per_s"]?.doubleValue else {
            throw BellError(
                .benchDisagreement, "numpy and the audit count differently.", at: bench.folders.peers,
                cause: "\(tally.valid) valid trials, numpy says \(peer.text)")
        }
        // The fastest pass on both sides: what else runs on the machine only ever takes away.
        let rate = trials / audit.quantile(0)
        return [
            BenchRow(
                id: "audit", what: "audit: pairing, margins, CHSH counts", value: rate, unit: .trialsPerSecond,
                beside: [
                    .init(name: "numpy, same arrays, blocks of 16384", value: numpy),
                    .init(name: "limit: memcpy of the same records", value: trials / copy.quantile(0)),
                ],
                goal: "≥ 100 M/s", isMet: rate >= AuditBench.goal,
                notes: [
                    "\(AuditBench.arms) arms of \(AuditBench.armTrials) trials, "
                        + "\(Int(trials) * 64 / (1 << 20)) MiB of records, one core; "
                        + "fastest of \(audit.values.count) passes, median \(Unit.trialsPerSecond.text(trials / audit.median))",
                    "\(tally.valid) trials valid, \(tally.losses) lost; numpy counts the same",
                ])
        ]
    }

    private func measure(
        _ arms: [ArmEvidence], _ parameters: AuditParameters, _ audit: inout Samples, _ copy: inout Samples,
        _ tally: inout TrialTally
    ) throws(BellError) {
        var auditor = Auditor(parameters)
        for _ in 0..<AuditBench.passes {
            try bench.interruption.check()
            // Each pass is a campaign of its own: an arm that comes again is refused.
            auditor.history = AuditHistory()
            var sum = TrialTally()
            var margins = MarginSummary()
            audit.add(
                seconds(of: {
                    for arm in arms {
                        let result = auditor.audit(arm)
                        sum += result.tally
                        margins += result.margins
                    }
                }))
            tally = sum
            var target = [UInt8](repeating: 0, count: AuditBench.armTrials * TrialRecord.byteCount)
            copy.add(
                seconds(of: {
                    for arm in arms {
                        for node in Node.allCases {
                            for half in arm.halves[node] {
                                target.withUnsafeMutableBytes { target in
                                    half.records.withUnsafeBytes { target.copyMemory(from: $0) }
                                }
                            }
                        }
                    }
                }))
        }
    }

    /// The numbers that Benchmarks/peers/numpy_audit.py has, too: 8 GHz, 32.824 m = 109 489 ps of light.
    private static func parameters() throws(BellError) -> AuditParameters {
        let rate = try Bench.boardRate()
        let station = TimingSurvey.Station(startOffset: .zero, stopOffset: .zero, pulseDelay: Picoseconds(152_400))
        let path = TimingSurvey.Path(metres: 32.824, uncertainty: 0)
        return try AuditParameters(
            survey: TimingSurvey(
                pathAB: path, pathBA: path, stations: PerNode(alice: station, bob: station),
                terms: [.init(name: "all", picoseconds: 100, kind: .random)]),
            k: 5, tickRates: PerNode(alice: rate, bob: rate), trialPeriod: PerNode(alice: period, bob: period))
    }

    /// No drift, because numpy's peer has no clock model; ours does the same work for any drift.
    private static func makeArms() -> [ArmEvidence] {
        let clocks = PerNode(
            alice: SyntheticClock(zero: 123_456_789, period: period),
            bob: SyntheticClock(zero: 9_876_543_210_987, period: period))
        var dice = Dice(seed: 1)
        return (0..<arms).map { arm in
            var halves = SyntheticHalf.pair(count: armTrials, chunk: armTrials, dice: &dice)
            let first = UInt64(arm * armTrials)
            let pulses = [0, 256, 512, 768, armTrials - 1].map { first + UInt64($0) }
            for node in Node.allCases {
                halves[node].stamp(
                    firstIndex: first, firstPulse: first, clock: clocks[node], start: 80_000, stopDelta: 850)
            }
            return ArmEvidence(
                firstIndex: first, count: UInt32(armTrials),
                halves: PerNode { node in
                    halves[node].chunks.map {
                        HalfChunk(node: node, firstIndex: first, firstPulse: first, bootID: 5, records: $0)
                    }
                },
                clocks: PerNode { node in
                    pulses.map { ClockRecord(pulse: $0, tick: clocks[node].tick(at: $0)) }
                })
        }
    }
}
