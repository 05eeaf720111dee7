import BellModel
import Synchronization

/// Packed bytes of random bits that have come and are not used yet.
///
/// What feeds it is asked to pause when it holds much, so that a fast source fills no memory and loses no bits.
final class HostBitQueue: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        /// Bytes at the beginning that are used up.
        var head = 0
        var isPaused = false
    }

    private let state = Mutex(State())
    /// 8 Mbit: eight arms of the largest size.
    private static let highWater = 1 << 20

    /// Bytes that can be taken.
    var count: Int { state.withLock { $0.bytes.count - $0.head } }

    /// Adds bytes; true when the source should pause.
    func append(_ bytes: some Collection<UInt8>) -> Bool {
        state.withLock { state in
            state.bytes += bytes
            state.isPaused = state.bytes.count - state.head >= Self.highWater
            return state.isPaused
        }
    }

    /// Takes exactly so many bytes, each only once, or nil when they have not come yet.
    ///
    /// - Returns: Also whether a paused source should go on.
    func take(_ count: Int) -> (bytes: [UInt8], hasRoom: Bool)? {
        state.withLock { state in
            guard state.bytes.count - state.head >= count else { return nil }
            let taken = Array(state.bytes[state.head..<state.head + count])
            state.head += count
            if state.head >= Self.highWater || state.head == state.bytes.count {
                state.bytes.removeFirst(state.head)
                state.head = 0
            }
            guard state.isPaused, state.bytes.count - state.head < Self.highWater / 4 else { return (taken, false) }
            state.isPaused = false
            return (taken, true)
        }
    }
}
