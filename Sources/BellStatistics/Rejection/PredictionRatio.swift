public import BellModel

/// An anytime-valid test of local realism that learns which bet suits the data: the prediction-based ratio.
///
/// Each trial multiplies M by a factor R(abxy) that was fixed before it, from earlier trials only (``RatioFit``); a loss
/// takes the least factor. Under every local model with memory, and settings whose bits have a bias of at most μ given
/// the past, M is a supermartingale, so P(sup M ≥ 1/α) ≤ α (Ville) and p = min(1, 1/max M) holds whenever one stops.
/// For symmetric data the bet is that of the win count (``EProcess``); it is faster where correlators or settings differ.
///
/// M depends on how trials are grouped, because bets change between batches: who recomputes it must add the same batches
/// in the same order, and then gets the same bits on any machine.
/// - SeeAlso: Zhang, Glancy and Knill, Phys. Rev. A 84, 062118 (2011); Ville (1939).
public struct PredictionRatio: Equatable, Sendable {
    /// A new bet is sought when there are this part more trials than at the last one; the logarithm of n many fits.
    public static let refitGrowth: UInt64 = 8

    /// The null hypothesis.
    public let model: LocalModel
    /// Declared in the plan; here it only says how losses enter the next bet.
    public let pattern: CHSHPattern
    /// How the setting bits may depend on each other.
    public let settings: SettingDependence
    /// All trials so far.
    public private(set) var tally = TrialTally()
    /// The bet on the next batch; nil before the first batch when that is not bet on.
    public private(set) var fit: RatioFit?
    /// Bets found so far.
    public private(set) var fits: UInt64 = 0
    /// log2 M now.
    public private(set) var log2Current = 0.0
    /// log2 of the largest M at a batch's end, ≥ 0 as M = 1 at the start.
    public private(set) var log2Max = 0.0
    /// Trials at which it was reached.
    public private(set) var trialsAtMax: UInt64 = 0
    /// Wins among them.
    public private(set) var winsAtMax: UInt64 = 0

    private let vertices: LocalVertices
    private var nextFit: UInt64 = 1
    /// log2 R by cell, then that of a loss.
    private var logFactors = [Double](repeating: 0, count: 17)

    /// Begins with M = 1.
    ///
    /// - Parameter expected: The S-value that the first batch is bet on, 2..<4, registered before it; nil for no bet.
    ///   Any value is valid; one far from the truth costs evidence.
    public init(
        _ model: LocalModel, pattern: CHSHPattern, settings: SettingDependence = .eitherOrder, expected: Double? = nil
    ) {
        self.model = model
        self.pattern = pattern
        self.settings = settings
        vertices = LocalVertices(model, settings)
        if let expected, expected >= 2, expected < 4 {
            bet(on: BehaviourEstimate.symmetric(s: expected, pattern: pattern))
        }
    }

    /// Takes a batch in under the present bet, and then may look for another one.
    ///
    /// Batches are arms or blocks: their limits must not depend on outcomes within. 30 ns, or a tenth of a millisecond
    /// with a new bet.
    /// - Returns: False, with nothing changed, when there would be more than ``WinCount/mostTrials``.
    @discardableResult
    public mutating func add(_ batch: TrialTally) -> Bool {
        var room = WinCount.mostTrials - tally.trials
        for n in [batch.counts, batch.lossCounts].joined() {
            guard n <= room else { return false }
            room -= n
        }
        var sum = Double(batch.losses) * logFactors[16]
        for c in 0..<16 { sum += Double(batch.counts[c]) * logFactors[c] }
        log2Current += sum
        tally += batch
        let trials = tally.trials
        if log2Current > log2Max {
            log2Max = log2Current
            (trialsAtMax, winsAtMax) = (trials, tally.wins(pattern))
        }
        if trials >= nextFit { refit(trials) }
        return true
    }

    private mutating func refit(_ trials: UInt64) {
        nextFit = trials + max(1, trials / PredictionRatio.refitGrowth)
        bet(on: BehaviourEstimate.law(tally, pattern: pattern, model: model))
    }

    private mutating func bet(on law: [Double]) {
        // Nil only for a bias within 1e-9 of ½, where nothing can be won; the old bet stays, as valid as before.
        guard let fit = RatioFit(law: law, vertices: vertices) else { return }
        self.fit = fit
        fits += 1
        for c in 0..<16 { logFactors[c] = portableLog2(fit.factors[c]) }
        logFactors[16] = portableLog2(fit.lossFactor)
    }

    /// log10 max M.
    public var log10Max: Double { log2Max * log10Of2 }
    /// log10 of the anytime-valid p-value, min(1, 1/max M).
    public var log10PValue: Double { PredictionRatio.log10PValue(log2Max: log2Max) }
}

/// log10 2.
let log10Of2 = 0.301_029_995_663_981_2
