public import BellModel

/// How often each switch of one box has operated since belld first met it. Relays wear.
public struct SwitchCounts: Equatable, Sendable {
    /// One number a switch, A first.
    public var operations: [UInt64]

    public init(operations: [UInt64]) { self.operations = operations }

    /// Counts one operation; a switch that is not there is not counted.
    mutating func count(_ index: Int) {
        if operations.indices.contains(index) { operations[index] &+= 1 }
    }

    /// The same for a box with that many switches.
    func resized(_ count: Int) -> SwitchCounts {
        let missing = [UInt64](repeating: 0, count: max(0, count - operations.count))
        return SwitchCounts(operations: Array((operations + missing).prefix(count)))
    }
}

/// Keeps the counts of boxes, by serial number.
public protocol SwitchCountStore: Sendable {
    /// The counts of a box; nil when it has none yet.
    ///
    /// - Throws: When there are some that cannot be read.
    func load(serial: String) async throws(BellError) -> SwitchCounts?

    /// Replaces the counts of a box.
    func save(_ counts: SwitchCounts, serial: String) async throws(BellError)
}

/// Keeps nothing: for tests, and for simulated boxes, which do not wear.
public struct NoSwitchCountStore: SwitchCountStore {
    public init() {}

    public func load(serial: String) -> SwitchCounts? { nil }

    public func save(_ counts: SwitchCounts, serial: String) {}
}
