import Glibc

/// A value that threads share and wait for: a mutex with a condition on the monotonic clock.
///
/// `@unchecked`: the value is only touched with the POSIX mutex locked.
final class Monitor<Value>: @unchecked Sendable {
    /// What a waiting thread found.
    enum Finding<Result> {
        case ready(Result)
        /// Look again when woken, or at this monotonic time in nanoseconds.
        case wait(until: UInt64?)
    }

    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }

    /// Lets waiting threads look again.
    func wake() { pthread_cond_broadcast(condition) }

    /// Blocks this thread until `look` is satisfied.
    func wait<Result>(_ look: (inout Value) -> Finding<Result>) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch look(&value) {
            case .ready(let result): return result
            case .wait(nil): pthread_cond_wait(condition, mutex)
            case .wait(let time?):
                var limit = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
                pthread_cond_timedwait(condition, mutex, &limit)
            }
        }
    }
}
