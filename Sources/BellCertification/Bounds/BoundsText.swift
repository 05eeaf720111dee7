import BellModel
import BellStatistics

/// The report for people.
enum BoundsText {
    /// Biases that have a column; the JSON has more.
    private static let columns = [0, 1e-4, 0.001, 0.003, 0.01, 0.02, 0.03]

    static func write(_ report: BoundsReport, into page: inout TextPage) {
        page.heading("Bounds side by side, μ = \(NumberText.plain(report.model.settingBias))")
        var table = [["bound", "against", "bits", "p", "μ_max", "status"]]
        for row in report.rows {
            table.append([
                row.method.title, against(row.method), row.method.givesBits ? bits(row.value) : "",
                row.method.givesBits ? "" : row.value.map { NumberText.probability(log10: $0) } ?? "—",
                row.greatestBias.map { NumberText.fixed($0, 5) } ?? "—",
                row.isRegistered ? "registered" : "analysis",
            ])
        }
        page.table(table)
        if report.sealed != report.count {
            page.row(
                "n",
                "a stop rule ended the campaign: binomial, Pironio and entropy accumulation are of "
                    + "\(NumberText.count(report.sealed.trials)) trials, those not run being losses; the others of "
                    + NumberText.count(report.count.trials))
        }
        page.row(
            "analysis",
            "errors ε = \(NumberText.plain(report.epsilon)), the data's own thresholds: no plan sealed them")
        page.heading("The same data, had the settings' bias been μ (bits)")
        let shown = report.biases.indices.filter { i in
            let bias = report.biases[i]
            return bias <= report.greatestBias && (columns.contains(bias) || bias == report.model.settingBias)
        }
        var sweep = [["μ"] + shown.map { NumberText.plain(report.biases[$0]) }]
        for row in report.rows where row.method.givesBits {
            sweep.append([row.method.title] + shown.map { sweepText(row.sweep[$0]) })
        }
        page.table(sweep)
        page.row(
            "limit",
            "μ = \(NumberText.fixed(report.greatestBias, 5)): there a local strategy wins as often, and no bound of "
                + "these says anything")
    }

    private static func against(_ method: BoundMethod) -> String {
        switch method.sideInformation {
        case nil: "local models"
        case .classical: "classical"
        case .quantum: "quantum"
        }
    }

    private static func bits(_ value: Double?) -> String {
        guard let value, value > 0 else { return "none" }
        return NumberText.lowerBound(value, value < 1000 ? 2 : 0)
    }

    private static func sweepText(_ value: Double?) -> String {
        guard let value, value > 0 else { return "—" }
        return NumberText.lowerBound(value, value < 100 ? 1 : 0)
    }
}
