/// What one test, or a whole battery, has to say. None of it is ever "random".
public enum BatteryVerdict: Equatable, Sendable {
    /// The test had its data and found no defect at its level.
    case passed
    /// The test rejects at its registered level.
    case defect
    /// The test was not run to its end, and is not counted as passed, because it wants this many bits.
    case insufficientData(wantedBits: Int)
    /// A number was estimated; there is nothing to pass.
    case estimated

    /// As it stands in JSON.
    public var word: String {
        switch self {
        case .passed: "passed"
        case .defect: "defect"
        case .insufficientData: "insufficient data"
        case .estimated: "estimated"
        }
    }
}
