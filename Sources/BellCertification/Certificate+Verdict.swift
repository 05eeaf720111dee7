public import BellModel

extension Certificate {
    /// What a certificate says of its headline claim.
    public enum Verdict: String, CaseIterable, Sendable {
        case certified
        /// The claim fails, or something stands against it; the reasons say what.
        case notCertified = "not certified"
        /// The evidence contradicts itself, so that no number of it means anything.
        case invalid

        /// Ok, `experiment`, or `dataIntegrity`.
        public var exitCode: ExitCode {
            switch self {
            case .certified: .ok
            case .notCertified: .experiment
            case .invalid: .dataIntegrity
            }
        }

        /// For people.
        var words: String { self == .invalid ? "invalid: the evidence contradicts itself" : rawValue }
    }
}
