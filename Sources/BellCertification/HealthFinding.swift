import BellModel
import BellStatistics

/// Whether both nodes' setting bits pass the health tests.
struct HealthFinding: Equatable, Sendable {
    let extremes: PerNode<SettingExtremes>
    /// Computed from the sealed n and bias.
    let budget: HealthBudget
    let failures: [SettingFailure]

    init(_ evidence: CampaignEvidence, _ model: LocalModel) {
        extremes = evidence.settingHealth
        budget = HealthBudget(trials: evidence.sealed.plan.trials, model)
        failures = extremes.failures(budget)
    }

    /// What stands against every claim; empty when all tests pass.
    var objections: [String] {
        failures.map { "\($0.words) (the generator, or losses that depend on the settings)" }
    }

    /// The member `rng_health_tests`.
    var json: JSON {
        var object = budget.json.objectValue ?? [:]
        object["failed"] = .array(failures.map { .string($0.words) })
        return .object(object)
    }

    /// The sentence of the certificate for one node.
    func words(_ node: Node) -> String {
        let failed = failures.filter { $0.node == node }
        guard failed.isEmpty else { return "FAILED " + failed.map(\.test.rawValue).joined(separator: " and ") }
        let extremes = extremes[node]
        return
            "at most \(extremes.run) equal bits in a row (cut-off \(budget.repetition)), \(extremes.count) of "
            + "\(AdaptiveProportion.window) equal to the first (cut-off \(budget.proportion))"
    }
}
