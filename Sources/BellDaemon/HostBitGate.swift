import BellRandomness
import Synchronization

/// Between a stream of random bits and the campaign: hands out only what has passed the health tests.
///
/// Whatever thread brings bytes calls ``accept(_:)``; the campaign calls ``begin()`` and ``take(_:)``.
final class HostBitGate: Sendable {
    /// What there is for the campaign.
    enum Answer {
        /// The bytes, and whether a paused source should go on.
        case bytes([UInt8], hasRoom: Bool)
        /// They have not come yet.
        case tooFew
        /// A test failed; nothing is handed out.
        case alarm(HealthFailure, isPersistent: Bool)
    }

    private struct State {
        var monitor: HealthMonitor
        var queue = HostBitQueue()
        /// Whether the campaign has been told of the alarm; only then its next call begins a new startup test.
        var isAlarmTold = false
    }

    private let state: Mutex<State>

    init(_ cutoffs: HealthCutoffs) { state = Mutex(State(monitor: HealthMonitor(cutoffs))) }

    /// Tests bytes and keeps those that pass; true when the source should pause.
    func accept(_ bytes: some Collection<UInt8>) -> Bool {
        state.withLock { state in
            let alarms = state.monitor.alarms
            let passed = state.monitor.accept(ArraySlice(bytes))
            if state.monitor.alarms > alarms {
                state.queue.removeAll()
                state.isAlarmTold = false
            }
            return state.queue.append(passed)
        }
    }

    /// Begins a new startup test when the campaign comes back after an alarm that it was told of; true if so.
    func begin() -> Bool {
        state.withLock { state in
            guard case .alarm = state.monitor.state, state.isAlarmTold else { return false }
            state.monitor.restart()
            return true
        }
    }

    /// The source was opened anew: a startup test comes first. Bits that had passed stay; an alarm does, too.
    func reopened() {
        state.withLock { state in
            if case .alarm = state.monitor.state { return }
            state.monitor.restart()
        }
    }

    /// A person has looked at the source: a persistent failure is over; true if there was one.
    func reset() -> Bool {
        state.withLock { state in
            guard case .failed = state.monitor.state else { return false }
            state.monitor.reset()
            return true
        }
    }

    func take(_ count: Int) -> Answer {
        state.withLock { state in
            switch state.monitor.state {
            case .alarm(let failure):
                state.isAlarmTold = true
                return .alarm(failure, isPersistent: false)
            case .failed(let failure): return .alarm(failure, isPersistent: true)
            case .startup, .healthy: break
            }
            guard let (bytes, hasRoom) = state.queue.take(count) else { return .tooFew }
            return .bytes(bytes, hasRoom: hasRoom)
        }
    }

    /// Bytes that must still come until so many can be taken; 0 while nothing may be used.
    func missing(_ count: Int) -> Int {
        state.withLock { state in
            switch state.monitor.state {
            case .alarm, .failed: 0
            case .startup, .healthy: max(0, count - state.queue.count) + state.monitor.startupBytesMissing
            }
        }
    }

    /// For errors and telemetry: the monitor as it is, and the bytes that wait.
    var now: (monitor: HealthMonitor, waiting: Int) { state.withLock { ($0.monitor, $0.queue.count) } }
}
