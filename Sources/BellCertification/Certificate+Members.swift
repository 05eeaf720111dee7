import BellModel
import BellStatistics

extension Certificate {
    /// All members but the hash.
    static func members(_ evidence: CampaignEvidence, _ findings: Findings) -> [String: JSON] {
        var members = evidence.members
        members["kind"] = "belld certificate"
        members["version"] = .int(Int64(version))
        members["verdict"] = .string(findings.verdict.rawValue)
        members["reasons"] = .array(findings.reasons.map { .string($0) })
        members["summary"] = CertificateSummary(evidence, findings).json
        members["tally"] = findings.tally.json
        members["locality"] = findings.locality.json
        members["node_keys"] = findings.signatures.keysJSON
        members["signatures"] = findings.signatures.counts.json
        members["rng_health_tests"] = findings.health.json
        members["claims"] = .array(
            findings.claims.map { $0.json(isCertified: $0.holds && findings.objections.isEmpty) })
        members["statistics"] = statistics(findings)
        members["local_realism"] = localRealism(evidence, findings)
        members["min_entropy"] = minEntropy(findings)
        members["bounds"] = bounds(findings)
        members["consistency"] = findings.consistency.json
        members["assumptions"] = .object(
            Dictionary(
                uniqueKeysWithValues: Assumptions.all(evidence, findings).map { ($0.name, .string($0.words)) }))
        return members
    }

    private static func statistics(_ findings: Findings) -> JSON {
        var object = findings.numbers.json.objectValue ?? [:]
        object["i_hat_uniform"] = .double(findings.numbers.wins.estimate)
        object["correlations"] = findings.numbers.chsh.map { .array($0.correlations.map { .double($0) }) } ?? .null
        object["note"] = "s uses valid trials only and is a diagnostic; wins and i_hat count every started trial"
        return .object(object)
    }

    private static func localRealism(_ evidence: CampaignEvidence, _ findings: Findings) -> JSON {
        [
            "win_bound": .double(findings.model.winBound), "tau": .double(findings.model.settingBias),
            "log10_p_binomial": .double(findings.numbers.log10PValue), "log10_p_azuma": .double(findings.log10AzumaP),
            "log10_p_anytime": .double(evidence.eProcess.log10PValue),
            "log10_p_prediction_ratio": .double(evidence.predictionRatio.log10PValue),
            "assumes": ["freedom-of-choice", "locality", "all-trials-counted", "boards-report-truly"],
        ]
    }

    private static func minEntropy(_ findings: Findings) -> JSON {
        guard let bound = findings.comparison else { return .null }
        let bits = GuessingCurve.allCases.map { ($0.jsonKey, JSON.double(bound.bits2010($0))) }
        return [
            "delta": .double(bound.delta), "delta_is_registered": .bool(findings.comparisonIsRegistered),
            "epsilon": .double(bound.epsilon()), "epsilon_hoeffding": .double(bound.epsilon(.hoeffding)),
            "bits_2010": .object(Dictionary(uniqueKeysWithValues: bits)),
            "bits_2010_hoeffding_exact": .double(bound.bits2010(.exact, .hoeffding)),
            "note": "n f(I - epsilon) of 2010, for comparison: only a registered claim in its sound form is certified",
            "assumes": [
                "freedom-of-choice", "locality", "all-trials-counted", "boards-report-truly",
                "classical-side-information", "quantum-theory",
            ],
        ]
    }

    private static func bounds(_ findings: Findings) -> JSON {
        var object = findings.bounds.json.objectValue ?? [:]
        object["measurement_dependence"] = [
            "value": JSON(findings.measurementDependence),
            "mu_max": JSON(
                MeasurementDependence.greatestBias(winProbability: findings.numbers.wins.probability)),
            "note": "above 0: no local model whose settings have this bias; no statistical error is allowed for",
        ]
        return .object(object)
    }
}
