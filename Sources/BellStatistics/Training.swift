public import BellModel

/// The training blocks of a plan's probability estimations: how many of the first trials were won.
///
/// A block ends where the first arm ends at or beyond the trials that the claim asks for: the trials of an arm are
/// counted together. Its win frequency chooses the power for the trials after it, which alone enter the bound.
public struct Training: Equatable, Sendable {
    /// One block; claims that ask for equally many trials share it.
    public struct Block: Equatable, Sendable {
        /// Trials that the plan asks for.
        public let asked: UInt64
        /// Trials and wins of its arms; losses are trials that were not won.
        public private(set) var trials: UInt64
        public private(set) var wins: UInt64
        /// Whether the power is chosen.
        public var isOver: Bool { trials >= asked }

        public init(asked: UInt64, trials: UInt64 = 0, wins: UInt64 = 0) {
            (self.asked, self.trials, self.wins) = (asked, trials, wins)
        }

        fileprivate mutating func add(_ arm: WinCount) {
            trials += arm.trials
            wins += arm.wins
        }
    }

    /// The sealed n.
    private let planned: UInt64
    /// By the trials that they ask for, increasing.
    public private(set) var blocks: [Block]

    /// Begins at trial 0; without blocks when no claim has a training.
    public init(_ plan: Plan) {
        planned = plan.trials
        blocks = Set(([plan.headline] + plan.claims).compactMap(\.training)).sorted().map { Block(asked: $0) }
    }

    /// Takes up what the blocks have come to; nil unless they are the plan's, each with no more wins than trials.
    public init?(_ plan: Plan, blocks: [Block]) {
        self.init(plan)
        guard blocks.map(\.asked) == self.blocks.map(\.asked), blocks.allSatisfy({ $0.wins <= $0.trials }) else {
            return nil
        }
        self.blocks = blocks
    }

    /// Takes the next arm in.
    public mutating func add(_ arm: TrialTally, pattern: CHSHPattern) {
        for i in blocks.indices where !blocks[i].isOver { blocks[i].add(WinCount(arm, pattern: pattern)) }
    }

    /// The factor of a probability estimation and the trials that it is applied to.
    public struct Estimation: Equatable, Sendable {
        /// Nil while no power is chosen, and when none gives any bits.
        public let factor: ProbabilityEstimation?
        /// All trials but those of the training; none without a factor.
        public let tested: WinCount
        /// Nil for a power that the plan gives.
        public let block: Block?

        /// The bits that the tested trials give; nil without a factor.
        public func bits(epsilon: Double, kappa: Double?) -> Double? {
            guard let kappa else { return factor?.bits(tested, epsilon: epsilon) }
            return factor?.bits(tested, epsilon: epsilon, kappa: kappa)
        }
    }

    /// Applies a claim's power to a campaign's counts.
    ///
    /// - Parameters:
    ///   - wins: All trials that count, the training's included.
    ///   - epsilon: The claim's ε; with `kappa` the bound is tested at ε·κ.
    public func estimation(
        _ power: Plan.Power, _ wins: WinCount, _ model: LocalModel, epsilon: Double, kappa: Double?
    ) -> Estimation {
        switch power {
        case .fixed(let power):
            return Estimation(factor: ProbabilityEstimation(model: model, power: power), tested: wins, block: nil)
        case .trained(let asked):
            let block = blocks.first { $0.asked == asked } ?? Block(asked: asked)
            guard block.isOver, block.trials <= planned, block.trials <= wins.trials, block.wins <= wins.wins,
                let training = WinCount(trials: block.trials, wins: block.wins),
                let tested = WinCount(trials: wins.trials - block.trials, wins: wins.wins - block.wins),
                let factor = ProbabilityEstimation.trained(
                    on: training, remaining: planned - block.trials, model: model, epsilon: epsilon * (kappa ?? 1))
            else { return Estimation(factor: nil, tested: WinCount(TrialTally(), pattern: .minusOn11), block: block) }
            return Estimation(factor: factor, tested: tested, block: block)
        }
    }
}
