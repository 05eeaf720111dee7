import BellHost
import BellModel
import BellStatistics
import BellStream
import Glibc

/// What is known of a running campaign, from its status bytes on, and the bet that is sought anew meanwhile.
struct StatisticsBench {
    private static let armTrials = 16_384
    /// 2^25 trials.
    private static let arms = 2048
    /// S and its error are asked for once in about a million trials.
    private static let armsAView = 64
    private static let passes = 5
    private static let goal = 100e6
    private static let refitGoal = 500.0
    private static let laws = 5
    private static let refits = 400
    /// As the shipped plan has it.
    private static let bias = 0.0005

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let frames = StatisticsBench.frames()
        let laws = StatisticsBench.noisyLaws()
        let biases = [StatisticsBench.bias, 0]
        var live = Samples()
        var refit = [Samples(), Samples()]
        var ratio = try measure(frames, &live)
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        for (i, bias) in biases.enumerated() { _ = try measure(laws, bias, &refit[i]) }
        var rows: [BenchRow] = []
        for (i, bias) in biases.enumerated() {
            let peer = try askPeer(laws, bias, frames: i == 0 ? frames : nil)
            let fits = try measure(laws, bias, &refit[i])
            if i == 0 {
                ratio = try measure(frames, &live)
                rows.append(try liveRow(live, ratio, peer))
            }
            rows.append(try refitRow(refit[i], fits, peer, bias))
        }
        rows.append(try BoundsBench(bench).run())
        return rows
    }

    // MARK: rows

    private func liveRow(_ samples: Samples, _ ratio: PredictionRatio, _ peer: JSON) throws(BellError) -> BenchRow {
        let trials = Double(ratio.tally.trials)
        let rate = trials / samples.quantile(0)
        guard let numpy = peer["count"]?["trials_per_s"]?.doubleValue,
            peer["count"]?["valid"]?.countValue == ratio.tally.valid
        else {
            throw BellError(
                .benchDisagreement, "numpy counts other trials.", at: bench.folders.peers, cause: peer.text)
        }
        return BenchRow(
            id: "statistics", what: "live statistics, from status bytes", value: rate, unit: .trialsPerSecond,
            beside: [.init(name: "numpy: bincount of the same arms, nothing else", value: numpy)],
            goal: "> 100 M/s", isMet: rate > StatisticsBench.goal,
            notes: [
                "\(StatisticsBench.arms) arms of \(StatisticsBench.armTrials) trials, one core; fastest of "
                    + "\(samples.values.count) passes, median \(Unit.trialsPerSecond.text(trials / samples.median))",
                "tally, health tests of both nodes' settings, both e-processes an arm, \(ratio.fits) bets, S with its error and p every "
                    + "\(StatisticsBench.armsAView) arms; numpy counts the same",
            ])
    }

    private func refitRow(
        _ samples: Samples, _ fits: [RatioFit], _ peer: JSON, _ bias: Double
    ) throws(BellError) -> BenchRow {
        guard let seconds = peer["seconds"]?.doubleValue, let theirGap = peer["largest_gap"]?.doubleValue,
            let steps = peer["most_steps"]?.countValue,
            let rates = peer["rates"]?.arrayValue?.compactMap(\.doubleValue), rates.count == fits.count
        else {
            throw BellError(.benchProgram, "The peer's answer is not understood.", at: bench.folders.peers)
        }
        // EM comes from above; R = 1 mixed into ours costs less than 1e-7 bits.
        for (fit, rate) in zip(fits, rates) where abs(fit.rate - rate) > theirGap + 1e-7 {
            throw BellError(
                .benchDisagreement, "numpy finds another rate.", at: bench.folders.peers,
                cause: "\(fit.rate) here, \(rate) there")
        }
        let gap = fits.reduce(0) { max($0, $1.gap / $1.rate) }
        let value = samples.median * 1e6
        let vertices = bias == 0 ? 16 : 192
        return BenchRow(
            id: bias == 0 ? "statistics.refit-unbiased" : "statistics.refit",
            what: "prediction-based ratio: one bet, \(vertices) local vertices", value: value, unit: .microseconds,
            beside: [.init(name: "numpy: EM to the same gap or 20000 steps", value: seconds * 1e6)],
            goal: "≤ 500 µs, gap ≤ 1e-9",
            isMet: value <= StatisticsBench.refitGoal && fits.allSatisfy(\.isOptimal),
            notes: [
                "bias \(bias); median of \(samples.values.count), fastest "
                    + "\(Unit.microseconds.text(samples.quantile(0) * 1e6)), p99 "
                    + "\(Unit.microseconds.text(samples.quantile(0.99) * 1e6)); duality gap below \(StatisticsBench.power(gap)) of the rate",
                "EM: median of \(fits.count), at most \(steps) steps, gap below \(StatisticsBench.power(theirGap)) bits",
            ])
    }

    /// The next power of ten above a small number.
    private static func power(_ value: Double) -> String { "1e\(Int(log10(max(value, 1e-300)).rounded(.up)))" }

    // MARK: measuring

    private func measure(_ frames: [OutcomesFrame], _ samples: inout Samples) throws(BellError) -> PredictionRatio {
        guard let model = LocalModel(settingBias: StatisticsBench.bias) else {
            throw BellError(.benchDisagreement, "There is no local model.")
        }
        var ratio = PredictionRatio(model, pattern: .minusOn11)
        for _ in 0..<StatisticsBench.passes {
            try bench.interruption.check()
            ratio = PredictionRatio(model, pattern: .minusOn11)
            var process = EProcess(model)
            var health = PerNode<SettingHealth>()
            var total = TrialTally()
            var view: LiveStatistics?
            samples.add(
                seconds(of: {
                    for (number, frame) in frames.enumerated() {
                        let tally = frame.tally
                        total += tally
                        process.add(tally, pattern: .minusOn11)
                        ratio.add(tally)
                        health.add(frame.statuses, from: frame.firstIndex)
                        if number % StatisticsBench.armsAView == 0 {
                            view = LiveStatistics(total, pattern: .minusOn11, model: model)
                        }
                    }
                }))
            guard view?.chsh != nil, ratio.tally == total, process.log10Max > 100, ratio.log10Max > 100 else {
                throw BellError(.benchDisagreement, "S = 2.24 was not seen in \(total.trials) trials.")
            }
            let failures = health.extremes.failures(HealthBudget(trials: total.trials, model))
            guard failures.isEmpty, health.bob.bits == total.valid else {
                throw BellError(.benchDisagreement, "The dice fail: \(failures.first?.words ?? "bits are missing").")
            }
        }
        return ratio
    }

    private func measure(
        _ laws: [[Double]], _ bias: Double, _ samples: inout Samples
    ) throws(BellError) -> [RatioFit] {
        guard let model = LocalModel(settingBias: bias) else {
            throw BellError(.benchDisagreement, "There is no local model.")
        }
        var fits: [RatioFit] = []
        for round in 0..<StatisticsBench.refits {
            try bench.interruption.check()
            var fit: RatioFit?
            samples.add(seconds(of: { fit = RatioFit(law: laws[round % laws.count], model: model) }))
            guard let fit else { throw BellError(.benchDisagreement, "A law was refused.") }
            if round < laws.count { fits.append(fit) }
        }
        return fits
    }

    private func askPeer(_ laws: [[Double]], _ bias: Double, frames: [OutcomesFrame]?) throws(BellError) -> JSON {
        var request: [String: JSON] = [
            "bias": .double(bias), "laws": .array(laws.map { .array($0.map { .double($0) }) }),
        ]
        let bytes = "\(bench.folder)/statuses.bin"
        if let frames {
            try writeFileAtomically(bytes, frames.flatMap(\.statuses))
            request["statuses"] = .string(bytes)
            request["arm"] = JSON(count: UInt64(StatisticsBench.armTrials))
        }
        let path = "\(bench.folder)/ratio.json"
        try writeFileAtomically(path, text: JSON.object(request).text, mode: 0o644)
        let answer = try bench.ask("/usr/bin/python3", ["\(bench.folders.peers)/numpy_ratio.py", path])
        try removeFile(path)
        if frames != nil { try removeFile(bytes) }
        return answer
    }

    // MARK: data

    /// P(abxy) for S = 2.24 and uniform settings.
    private static let truth: [Double] = (0..<16).map { cell in
        let equal = (cell >> 1 & 1) == (cell & 1)
        return (1 + (equal == (cell < 12) ? 0.56 : -0.56)) / 16
    }

    /// One trial in 1024 is lost.
    private static func frames() -> [OutcomesFrame] {
        var dice = Dice(seed: 31)
        let lost = TrialStatus(loss: LossCause.bothMissing).rawValue
        // 2^12 equally likely entries, so that a status takes one look.
        let table: [UInt8] = truth.enumerated().flatMap { cell, p in
            [UInt8](repeating: UInt8(cell), count: Int((p * 4096).rounded()))
        }
        return (0..<arms).map { arm in
            let statuses = (0..<armTrials).map { _ in
                let word = dice.next()
                return word >> 54 == 0 ? lost : table[(Int(word & 0xfffff) * table.count) >> 20]
            }
            return OutcomesFrame(
                arm: UInt64(arm), firstIndex: UInt64(arm * armTrials), leaves: PerNode(alice: .zero, bob: .zero),
                statuses: statuses)
        }
    }

    /// Frequencies of some 2^14 trials of such a law: what a bet is made from.
    private static func noisyLaws() -> [[Double]] {
        var dice = Dice(seed: 32)
        return (0..<laws).map { _ in
            let counts = truth.map { max(1, $0 * 16_384 + ($0 * 16_384).squareRoot() * dice.normal()) }
            let sum = counts.reduce(0, +)
            return counts.map { $0 / sum }
        }
    }
}
