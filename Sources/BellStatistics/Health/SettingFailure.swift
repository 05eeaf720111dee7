public import BellModel

/// A health test that a node's setting bits failed.
public struct SettingFailure: Equatable, Sendable {
    public enum Test: String, Sendable {
        case repetitionCount = "repetition count"
        case adaptiveProportion = "adaptive proportion"
    }

    public let node: Node
    public let test: Test
    /// Equal bits in a row, or bits of a window that equal its first one.
    public let count: UInt64
    /// The trial in which the run or the window begins.
    public let from: UInt64
    public let cutoff: UInt64

    /// What happened, for people.
    public var words: String {
        let what =
            switch test {
            case .repetitionCount: "\(count) equal bits in a row from trial \(from) on"
            case .adaptiveProportion:
                "\(count) of \(AdaptiveProportion.window) bits from trial \(from) on equal the first"
            }
        return "the settings of \(node.name) failed the \(test.rawValue) test: \(what), cut-off \(cutoff)"
    }
}
