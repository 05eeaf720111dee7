public import BellModel
import BellStatistics

extension CountsAnalysis {
    /// The analysis for programs: numbers as numbers, each with what it assumes.
    public var json: JSON {
        [
            "kind": .string(CountsAnalysis.kind), "version": 1, "source": .string(source),
            "source_blake2b": JSON(sourceHash?.description), "software": .string("belld \(Version.belld)"),
            "options": [
                "chsh_minus_on": .string(options.pattern.rawValue), "setting_bias": .double(options.settingBias),
                "delta": .double(options.delta), "epsilon_prime": .double(options.epsilonPrime),
            ],
            "tally": tally.json, "statistics": numbers.json,
            "correlations": numbers.chsh.map { .array($0.correlations.map { .double($0) }) } ?? .null,
            "local_realism": [
                "win_bound": .double(model.winBound), "log10_p_binomial": .double(numbers.log10PValue),
                "log10_p_azuma": .double(log10AzumaP), "log10_evidence": .double(log10Evidence),
            ],
            "min_entropy": minEntropyJSON, "bounds": bounds.json,
            "no_signalling": .array(noSignalling.map(\.json)), "settings": .array(settings.map(\.json)),
            "published": published.map {
                [
                    "citation": .string($0.citation), "numbers": .string($0.numbers),
                    "difference": .string($0.difference),
                ]
            } ?? .null,
            "assumptions": .array(assumptions.map { .string($0) }),
        ]
    }

    static let kind = "analysis of counts, no sealed plan"

    private var minEntropyJSON: JSON {
        [
            "epsilon": .double(bound.epsilon()), "epsilon_hoeffding": .double(bound.epsilon(.hoeffding)),
            "bits_2010": .object(
                Dictionary(
                    uniqueKeysWithValues: GuessingCurve.allCases.map { ($0.jsonKey, .double(bound.bits2010($0))) })),
            "bits_2010_hoeffding_exact": .double(bound.bits2010(.exact, .hoeffding)),
            "sound": [
                "threshold": JSON(threshold), "bits": JSON(soundBits(.azuma)),
                "bits_hoeffding": JSON(soundBits(.hoeffding)),
                "smoothing": .double(options.delta / options.epsilonPrime),
            ],
        ]
    }

    /// What must be true for the numbers to mean what they say.
    var assumptions: [String] {
        [
            "The sign pattern, the number of trials and the thresholds were fixed before the data were seen; no sealed "
                + "plan shows it.",
            "Every started trial is in the counts: nothing was selected or left out.",
            "Each setting bit had a probability in ½ ± \(NumberText.plain(options.settingBias)) given everything "
                + "before it.",
            "No setting was known at the other node before its outcome was fixed (locality), and settings were chosen "
                + "freely: no timing was audited here.",
            "Entropies hold against classical side information; devices may have memory.",
        ]
    }
}

extension GuessingCurve {
    /// The key in reports: `exact`, `analytic`, `no_signalling`.
    var jsonKey: String { self == .noSignalling ? "no_signalling" : rawValue }
}

extension NoSignallingTest {
    var json: JSON {
        [
            "test": .string(name), "table": .array((table.first + table.second).map { JSON(count: $0) }),
            "chi_square": JSON(table.chiSquare), "log10_p_chi_square": .double(table.log10PChiSquare),
            "log10_p_fisher": .double(log10P), "log10_p_holm": .double(log10PAdjusted),
        ]
    }
}

extension SettingTest {
    var json: JSON {
        [
            "bit": .string(name), "ones": JSON(count: ones), "trials": JSON(count: trials),
            "log10_p": .double(log10P), "log10_p_holm": .double(log10PAdjusted),
        ]
    }
}
