public import BellModel
import BellStatistics

/// What a reader has to know of a bound before choosing it.
extension BoundMethod {
    /// The name in reports.
    public var name: String {
        switch self {
        case .binomial: "local-realism-binomial"
        case .winCount: "local-realism-win-count"
        case .predictionRatio: "local-realism-prediction-ratio"
        case .pironio(_, _, .azuma): "min-entropy-pironio"
        case .pironio(_, _, .hoeffding): "min-entropy-pironio-range"
        case .probabilityEstimation: "min-entropy-probability-estimation"
        case .entropyAccumulation: "min-entropy-entropy-accumulation"
        }
    }

    /// A few words for a table.
    public var title: String {
        switch self {
        case .binomial: "local realism, binomial"
        case .winCount: "local realism, any time"
        case .predictionRatio: "local realism, learnt bets"
        case .pironio(_, _, .azuma): "Pironio, sound form"
        case .pironio(_, _, .hoeffding): "Pironio, range form"
        case .probabilityEstimation: "probability estimation"
        case .entropyAccumulation: "entropy accumulation"
        }
    }

    /// Whom the statement holds against.
    public var adversary: String {
        switch self {
        case .binomial, .winCount, .predictionRatio:
            "any local model with memory whose settings have at most the stated bias"
        case .pironio, .probabilityEstimation:
            "classical side information fixed before the first trial; devices with memory"
        case .entropyAccumulation: "quantum side information; devices with memory"
        }
    }

    /// Against which side information bits hold; nil for a test of local realism.
    public var sideInformation: Plan.Security.SideInformation? {
        switch self {
        case .binomial, .winCount, .predictionRatio: nil
        case .pironio, .probabilityEstimation: .classical
        case .entropyAccumulation: .quantum
        }
    }

    /// Keys of the certificate's assumptions.
    var assumes: [String] {
        let common = ["freedom-of-choice", "locality", "all-trials-counted", "boards-report-truly"]
        switch self {
        case .binomial, .winCount, .predictionRatio: return common
        case .pironio: return common + ["classical-side-information", "quantum-theory"]
        case .probabilityEstimation:
            return common + ["classical-side-information", "quantum-theory", "settings-ignore-outcomes"]
        case .entropyAccumulation:
            return common + ["quantum-side-information", "quantum-theory", "settings-ignore-outcomes"]
        }
    }

    /// What must hold of the way it is used.
    public var validity: String {
        switch self {
        case .binomial: "n fixed before the first trial"
        case .winCount, .predictionRatio: "whenever one stops"
        case .pironio:
            "n, the thresholds J, δ and ε′ fixed before the first trial; smoothing δ/ε′, given that the event Î ≥ J is "
                + "not less likely than ε′"
        case .probabilityEstimation(_, _, nil):
            "ε and the bits h fixed before the first trial, the power β before the first that counts, of which there may be "
                + "any number; sub-normalised: the error is weighted by the probability to pass"
        case .probabilityEstimation:
            "ε, κ and the bits h fixed before the first trial, the power β before the first that counts, of which there may "
                + "be any number; smoothing ε, given that passing is not less likely than κ"
        case .entropyAccumulation:
            "n, the threshold J, ε_s and p_Ω fixed before the first trial; smoothing ε_s, given that the event Î ≥ J is "
                + "not less likely than p_Ω"
        }
    }

    /// Where it comes from.
    public var source: String {
        switch self {
        case .binomial: "Elkouss and Wehner, npj Quantum Inf. 2, 16026 (2016)"
        case .winCount, .predictionRatio: "Ville (1939); Zhang, Glancy and Knill, Phys. Rev. A 84, 062118 (2011)"
        case .pironio(_, _, let concentration):
            "Pironio et al., Nature 464, 1021 (2010), as corrected by Pironio and Massar, Phys. Rev. A 87, 012336 (2013)"
                + (concentration == .azuma ? "" : "; ε from the range of a trial's score, Hoeffding (1963)")
        case .probabilityEstimation:
            "Zhang, Knill and Bierhorst, Phys. Rev. A 98, 040304 (2018), with the two-value factor for CHSH"
        case .entropyAccumulation:
            "Dupuis and Fawzi, IEEE Trans. Inf. Theory 65, 7596 (2019); Pironio et al., New J. Phys. 11, 045021 (2009)"
        }
    }

    /// Its parameters for programs; errors by the names that they have in plans.
    var parameters: JSON {
        switch self {
        case .binomial(let significance), .winCount(let significance), .predictionRatio(let significance):
            ["significance": .double(significance)]
        case .pironio(let delta, let epsilon, let concentration):
            [
                "delta": .double(delta), "epsilon": .double(epsilon),
                "concentration": .string(concentration.rawValue),
            ]
        case .probabilityEstimation(let power, let epsilon, let kappa):
            ["power": JSON(power), "epsilon": .double(epsilon), "kappa": JSON(kappa)]
        case .entropyAccumulation(let smoothing, let event):
            ["smoothing": .double(smoothing), "event": .double(event)]
        }
    }
}
