import BellModel
import BellStatistics

/// Everything that follows from the evidence: numbers, tests, claims and the verdict.
struct Findings: Equatable, Sendable {
    let tally: TrialTally
    let model: LocalModel
    let numbers: LiveStatistics
    let log10AzumaP: Double
    let noSignalling: [NoSignallingTest]
    let settings: [SettingTest]
    /// log10 of the least p-value of all consistency tests, after Holm's adjustment over all of them.
    let log10Consistency: Double
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
    /// What stands against every claim, whatever its numbers: locality, no-signalling, the settings' bias and health,
    /// signatures.
    let objections: [String]
    /// Why the headline is not certified; empty when it is.
    let reasons: [String]

    /// The joint level of the consistency tests that can block a certificate.
    static let consistencyLevel = -6.0

    var isCertified: Bool { reasons.isEmpty }

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
        noSignalling = NoSignallingTest.all(tally)
        settings = SettingTest.all(tally, model: model)
        log10Consistency =
            holmAdjusted(log10P: noSignalling.map(\.log10P) + settings.map(\.log10P)).min() ?? 0
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
        objections =
            Findings.objections(locality, log10Consistency) + signatures.objections + health.objections
            + self.plan.objections
        reasons = claims.prefix(1).filter { !$0.holds }.map(\.words) + objections
    }

    private static func objections(_ locality: LocalityFinding, _ log10Consistency: Double) -> [String] {
        var reasons: [String] = []
        switch locality.status {
        case .audited, .assumed: break
        case .unknown, .none: reasons.append("locality is \(locality.words)")
        }
        if !locality.contradictions.isEmpty {
            reasons.append(
                "blocks \(locality.contradictions.map(String.init).joined(separator: ", ")) call trials valid whose "
                    + "margins do not exceed k·u")
        }
        if log10Consistency <= consistencyLevel {
            reasons.append(
                "no-signalling or the declared bias of the settings is refuted: least p = "
                    + "\(NumberText.probability(log10: log10Consistency)) after Holm, registered level 1e-6")
        }
        return reasons
    }
}
