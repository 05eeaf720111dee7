import Synchronization

/// Boot ids of a test: 1, 2, 3 …
final class BootCounter: Sendable {
    private let count = Atomic<UInt64>(0)
    func next() -> UInt64 { count.add(1, ordering: .relaxed).newValue }
}
