import BellModel
import BellStatistics

/// Everything that follows from the evidence: numbers, tests, claims and the verdict.
struct Findings: Equatable, Sendable {
    let tally: TrialTally
    let model: LocalModel
    let numbers: LiveStatistics
    let log10AzumaP: Double
    let consistency: ConsistencyFinding
    let losses: LossFinding
    let locality: LocalityFinding
    let signatures: SignatureFinding
    let plan: PlanFinding
    let health: HealthFinding
    /// δ at which the entropy formulas are compared: the first registered entropy claim's, else 0.01.
    let comparison: PironioBound?
    let comparisonIsRegistered: Bool
    /// The headline first.
    let claims: [ClaimFinding]
    /// All bounds, those of the claims and the others.
    let bounds: BoundsReport
    /// The measurement-dependence inequality's value at the declared bias; nil without trials.
    let measurementDependence: Double?
    /// Where the evidence contradicts itself: then it shows nothing at all.
    let contradictions: [String]
    /// What stands against every claim, whatever its numbers: contradictions, locality, consistency, losses that refute an
    /// assumption, signatures, the settings' health, the chain of plans.
    let objections: [String]
    /// Why the headline is not certified; empty when it is.
    let reasons: [String]

    var verdict: Certificate.Verdict {
        !contradictions.isEmpty ? .invalid : reasons.isEmpty ? .certified : .notCertified
    }

    init(_ evidence: CampaignEvidence) {
        let plan = evidence.sealed.plan
        let tally = evidence.tally
        let model = LocalModel(settingBias: plan.settingBias) ?? .uniform
        let sealed = WinCount(evidence.sealedTally, pattern: plan.pattern)
        let numbers = LiveStatistics(tally, pattern: plan.pattern, model: model, sealed: sealed)
        self.tally = tally
        self.model = model
        self.numbers = numbers
        log10AzumaP = sealed.log10AzumaPValue(model)
        // Of the sealed n: where a stop rule ended the campaign, a tail of the n that the data chose would be no p-value.
        consistency = ConsistencyFinding(tally, wins: sealed, model: model)
        losses = LossFinding(tally)
        locality = LocalityFinding(evidence)
        signatures = SignatureFinding(evidence)
        self.plan = PlanFinding(evidence)
        health = HealthFinding(evidence, model)
        claims = ([plan.headline] + plan.claims).enumerated().map {
            ClaimFinding(
                $1, isHeadline: $0 == 0, numbers: numbers, eProcess: evidence.eProcess,
                predictionRatio: evidence.predictionRatio, training: evidence.training, model: model,
                security: plan.security)
        }
        let delta = ([plan.headline] + plan.claims).compactMap { claim -> Double? in
            if case .pironio(_, let delta, _) = claim { delta } else { nil }
        }.first
        comparisonIsRegistered = delta != nil
        comparison = PironioBound(sealed, model: model, delta: delta ?? 0.01)
        bounds = BoundsReport(
            numbers.wins, sealed: sealed, model: model,
            claims: claims.map { ($0.method, $0.event ?? $0.counted, $0.holds ? $0.value : nil) },
            predictionRatio: evidence.predictionRatio.log10PValue)
        measurementDependence = MeasurementDependence(model).value(tally, pattern: plan.pattern)
        contradictions = locality.contradictions + signatures.contradictions
        objections =
            contradictions + locality.objections + consistency.objections + losses.objections + signatures.objections
            + health.objections + self.plan.objections
        let failed = claims.prefix(1).filter { !$0.holds }.map(\.words)
        // Losses say why a claim fails. They stand against none that holds: each has the worst value in its numbers.
        reasons = failed + (failed.isEmpty && objections.isEmpty ? [] : losses.noticeable) + objections
    }
}
