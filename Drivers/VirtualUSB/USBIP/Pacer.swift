import BellHost
import BellModel
import Glibc

/// A thread that moves a device's interrupt endpoints at the boundaries of their intervals.
final class Pacer: Sendable {
    private struct State {
        var next: UInt64?
        var isStopped = false
    }

    private let monitor = Monitor(State())

    /// Starts the thread, which ends with ``stop()``.
    ///
    /// - Parameter advance: Called on the thread at each time that was asked for.
    init(advance: @escaping @Sendable () -> Void) throws(BellError) {
        let monitor = monitor
        try startThread(named: "usb-interval") {
            while Pacer.waitForNext(monitor) { advance() }
        }
    }

    /// Asks for a call at a monotonic time in nanoseconds.
    func wake(at time: UInt64) {
        let isEarlier = monitor.withLock { state -> Bool in
            if let next = state.next, next <= time { return false }
            state.next = time
            return true
        }
        if isEarlier { monitor.wake() }
    }

    func stop() {
        monitor.withLock { $0.isStopped = true }
        monitor.wake()
    }

    private static func waitForNext(_ monitor: Monitor<State>) -> Bool {
        monitor.wait { state in
            if state.isStopped { return .ready(false) }
            guard let next = state.next else { return .wait(until: nil) }
            guard MonotonicClock.now >= next else { return .wait(until: next) }
            state.next = nil
            return .ready(true)
        }
    }
}
