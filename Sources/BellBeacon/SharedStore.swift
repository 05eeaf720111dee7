import BellModel
import Synchronization

/// The store, for the thread that makes pulses and the one that answers requests.
final class SharedStore: Sendable {
    private let store: Mutex<BeaconStore>

    init(path: String) throws(BellError) { store = Mutex(try BeaconStore(path: path)) }

    /// Uses the store alone.
    func callAsFunction<T: Sendable>(_ body: (BeaconStore) throws(BellError) -> T) throws(BellError) -> T {
        try store.withLock { (store) throws(BellError) -> T in try body(store) }
    }
}
