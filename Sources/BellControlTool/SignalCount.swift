import BellHost
import BellModel
import Synchronization

/// Counts Ctrl-C and SIGTERM, for loops that look now and then.
final class SignalCount: Sendable {
    private let counter: Counter
    private let watcher: SignalWatcher

    /// A counter of its own, because the watcher's thread may outlive this object by a moment.
    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    init() throws(BellError) {
        let counter = Counter()
        self.counter = counter
        watcher = try SignalWatcher { count in counter.value.store(count, ordering: .relaxed) }
    }

    /// How many signals came so far.
    var count: Int { counter.value.load(ordering: .relaxed) }
}
