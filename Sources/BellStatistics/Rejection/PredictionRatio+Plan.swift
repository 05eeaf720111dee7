public import BellModel

extension PredictionRatio {
    /// The process that a plan asks for: its bias, its pattern, and the S that its claim bets on before the first arm.
    public init(_ plan: Plan) {
        let expected = ([plan.headline] + plan.claims).lazy.compactMap { claim in
            if case .localRealism(_, .predictionRatio, let expected) = claim { expected } else { nil }
        }.first
        self.init(LocalModel(settingBias: plan.settingBias) ?? .uniform, pattern: plan.pattern, expected: expected)
    }

    /// log10 of the anytime-valid p-value when the largest M was 2^`log2Max`.
    public static func log10PValue(log2Max: Double) -> Double { min(0, -log2Max * log10Of2) }
}
