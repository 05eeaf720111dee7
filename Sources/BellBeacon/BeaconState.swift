import BellModel
import Synchronization

/// What the beacon is doing, for those who ask.
final class BeaconState: Sendable {
    enum Word: String, Sendable {
        case starting
        /// The values of the next two pulses are there.
        case pulsing
        /// No public pool has 512 bits left; old pulses are still answered.
        case empty = "no certified bits"
        /// Something failed; the log tells.
        case failing
    }

    private let word = Mutex(Word.starting)

    var now: Word { word.withLock { $0 } }

    /// Sets it, and tells whether that is news.
    func set(_ new: Word) -> Bool {
        word.withLock { word in
            defer { word = new }
            return word != new
        }
    }
}
