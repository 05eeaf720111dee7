import BellCertification
import BellCrypto
import BellModel
import BellStatistics
import BellStream

/// What follows from the arms and block ends that were taken in, in their order: counts, e-process, health tests and trees of evidence.
///
/// A value of fixed size that is computed anew from the stored arms whenever a ledger is opened, so that it cannot
/// disagree with them.
struct Count {
    /// One past the last trial.
    private(set) var nextIndex: UInt64 = 0
    /// Where the last block ends.
    private(set) var blocksEnd: UInt64 = 0
    /// The last block's number, or nil before the first one's end.
    private(set) var lastBlock: UInt64?
    private(set) var process: EProcess
    private(set) var ratio: PredictionRatio
    private(set) var training: Training
    /// The plan's stop rule; nil without one.
    private var stopRule: StopRule?
    private(set) var health = PerNode<SettingHealth>()

    private let plan: Plan
    private let place: String
    /// Of the arms after the last block's end.
    private var tally = TrialTally()
    /// Of all arms.
    private var trees = PerNode(alice: MerkleTree(), bob: MerkleTree())

    init(_ plan: Plan, place: String) {
        self.plan = plan
        self.place = place
        process = EProcess(LocalModel(settingBias: plan.settingBias) ?? .uniform)
        ratio = PredictionRatio(plan)
        stopRule = StopRule(plan)
        training = Training(plan)
    }

    func contradiction(_ what: String, _ cause: String? = nil) -> BellError {
        BellError(
            .streamContradiction, what, at: place, cause: cause,
            state: "the certifier keeps everything before this and takes no more of the campaign",
            fix: "run `bellctl campaign verify`: the journal and the certifier's copy differ")
    }

    /// Takes an arm in.
    ///
    /// - Throws: `stream.contradiction` unless it begins where the last one ends and stays within the sealed n.
    mutating func add(_ arm: OutcomesFrame) throws(BellError) {
        guard arm.firstIndex == nextIndex else {
            throw contradiction("An arm begins at trial \(arm.firstIndex), not at \(nextIndex).")
        }
        guard arm.nextIndex <= plan.trials else {
            throw contradiction("An arm ends at trial \(arm.nextIndex), but only \(plan.trials) are sealed.")
        }
        let counted = arm.tally
        tally += counted
        process.add(counted, pattern: plan.pattern)
        ratio.add(counted)
        stopRule?.add(counted)
        training.add(counted, pattern: plan.pattern)
        health.add(arm.statuses, from: arm.firstIndex)
        for node in Node.allCases { trees[node].append(arm.leaves[node]) }
        nextIndex = arm.nextIndex
    }

    /// Compares a block's end with what was counted since the block before, and takes it in.
    ///
    /// - Throws: `stream.contradiction` unless the block ends here, its range, tally and roots are what was
    ///   counted, and the stop rule was not met before it.
    mutating func add(_ block: BlockEnd) throws(BellError) {
        guard block.firstIndex == blocksEnd, lastBlock.map({ $0 < block.number }) ?? true else {
            throw contradiction(
                "Block \(block.number) begins at trial \(block.firstIndex), but the block before it ends at "
                    + "\(blocksEnd).")
        }
        guard block.nextIndex == nextIndex else {
            throw contradiction("Block \(block.number) ends at trial \(block.nextIndex), where no arm ends.")
        }
        guard block.tally == tally else {
            throw contradiction(
                "Block \(block.number) has another tally than its arms.",
                "told: \(block.tally.json.text); counted: \(tally.json.text)")
        }
        if let metAt = stopRule?.metAt, block.nextIndex > metAt {
            throw contradiction(
                "Block \(block.number) was run although the sealed stop rule was met at trial \(metAt), where a block ends."
            )
        }
        let roots = trees.map(\.root)
        guard block.evidenceRoots == roots else {
            throw contradiction(
                "Block \(block.number) has other roots of evidence than its arms.",
                "told: \(block.evidenceRoots.json.text); computed: \(roots.json.text)")
        }
        blocksEnd = block.nextIndex
        lastBlock = block.number
        tally = TrialTally()
        stopRule?.endBlock()
    }
}
