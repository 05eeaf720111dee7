public import BellModel
import BellStatistics

extension BoundsReport {
    /// The report for programs: each row with its adversary, source, validity and sweep over the bias.
    public var json: JSON {
        [
            "trials": JSON(count: count.trials), "trials_sealed": JSON(count: sealed.trials),
            "wins": JSON(count: count.wins),
            "setting_bias": .double(model.settingBias), "epsilon_of_analysis": .double(epsilon),
            "mu_max_of_any_bound": .double(greatestBias), "mu": .array(biases.map { .double($0) }),
            "rows": .array(rows.map(\.json)),
            "note":
                .string(
                    "bits at the data's own thresholds where registered is false: analysis that no plan sealed; sweeps assume that "
                        + "the settings' bias was mu"),
        ]
    }
}

extension BoundsReport.Row {
    var json: JSON {
        [
            "bound": .string(method.name), "registered": .bool(isRegistered),
            method.givesBits ? "bits" : "log10_p": JSON(value), "says_anything": .bool(succeeds),
            "mu_max": JSON(greatestBias), "mu_sweep": .array(sweep.map { JSON($0) }),
            "parameters": method.parameters, "adversary": .string(method.adversary),
            "side_information": JSON(method.sideInformation?.rawValue), "validity": .string(method.validity),
            "source": .string(method.source), "assumes": .array(method.assumes.map { .string($0) }),
        ]
    }
}
