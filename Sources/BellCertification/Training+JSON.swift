import BellModel
import BellStatistics

extension Training {
    var json: JSON {
        .array(
            blocks.map {
                [
                    "asked": JSON(count: $0.asked), "trials": JSON(count: $0.trials), "wins": JSON(count: $0.wins),
                ]
            })
    }

    /// Reads what a plan's training has come to.
    ///
    /// - Throws: `json.shape` unless there are the plan's blocks, each with no more wins than trials.
    init(json: JSON, plan: Plan, path: String) throws(BellError) {
        var blocks: [Block] = []
        for (i, json) in (json.arrayValue ?? []).enumerated() {
            var reader = try JSONReader(json, path: "\(path)[\(i)]")
            blocks.append(
                Block(
                    asked: try reader.count("asked"), trials: try reader.count("trials"),
                    wins: try reader.count("wins")))
            try reader.finish()
        }
        guard json.arrayValue != nil, let training = Training(plan, blocks: blocks) else {
            throw BellError(
                .jsonShape, "No training of this plan can have come to this: \(json.text.prefix(80)).", at: path)
        }
        self = training
    }

    /// What contradicts the plan's arms or the counts of the whole campaign, in words; nil when nothing does.
    func contradiction(_ counts: WinCount, trialsPerArm: UInt32) -> String? {
        for block in blocks {
            // While it is not over it has seen everything; afterwards the rest must be able to have the other wins.
            let fits =
                block.isOver
                ? block.trials <= counts.trials && block.trials - block.asked < UInt64(trialsPerArm)
                    && block.wins <= counts.wins && counts.wins - block.wins <= counts.trials - block.trials
                : block.trials == counts.trials && block.wins == counts.wins
            if !fits {
                return
                    "The training of \(block.asked) trials took \(block.wins) wins of \(block.trials), the blocks have "
                    + "\(counts.wins) of \(counts.trials)."
            }
        }
        return nil
    }
}

extension Training {
    /// What a plan's training comes to if the data are as expected, with full arms.
    init(_ plan: Plan, expected data: ExpectedData) {
        var plan = plan
        plan.trials = data.trials
        let arm = UInt64(plan.trialsPerArm)
        let start = Training(plan)
        let blocks = start.blocks.map { block in
            let trials = min(data.trials, (block.asked + arm - 1) / arm * arm)
            let wins = UInt64((Double(trials) * data.count.probability).rounded(.down))
            return Block(asked: block.asked, trials: trials, wins: wins)
        }
        self = Training(plan, blocks: blocks) ?? start
    }
}

extension Training.Estimation {
    /// The fewest wins of the tested trials that give so many bits; nil where no number does.
    func event(bits: Double, epsilon: Double, kappa: Double?) -> WinCount? {
        guard let factor, factor.log2Win > factor.log2Loss else { return nil }
        let asked = factor.power * bits - log2(epsilon) - (factor.power + 1) * log2(kappa ?? 1)
        let wins = (asked - Double(tested.trials) * factor.log2Loss) / (factor.log2Win - factor.log2Loss)
        return WinCount(trials: tested.trials, leastWins: wins)
    }
}

extension WinCount {
    /// The least count of at least so many wins; nil when there are fewer trials.
    init?(trials: UInt64, leastWins: Double) {
        let least = leastWins.rounded(.up)
        guard least <= Double(trials) else { return nil }
        self.init(trials: trials, wins: UInt64(max(0, least)))
    }

    /// The least count whose Î reaches a threshold; nil when none does.
    init?(trials: UInt64, reaching threshold: Double, _ model: LocalModel) {
        self.init(trials: trials, leastWins: Plan.Claim.winThreshold(threshold, model) * Double(trials))
    }
}
