/// Which health test failed, where, and on what count.
public struct HealthFailure: Equatable, Sendable {
    public enum Test: String, Sendable {
        /// SP 800-90B, section 4.4.1: one value came again and again.
        case repetitionCount = "repetition count"
        /// SP 800-90B, section 4.4.2: one value came too often in a window.
        case adaptiveProportion = "adaptive proportion"
    }

    public var test: Test
    /// The sample at which the count reached the cutoff, 0 being the first that was tested.
    public var position: UInt64
    /// Equal samples in a row, or samples of a window that equal its first one.
    public var count: Int

    public init(test: Test, position: UInt64, count: Int) {
        self.test = test
        self.position = position
        self.count = count
    }
}
