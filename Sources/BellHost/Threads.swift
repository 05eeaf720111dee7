public import BellModel
import CShims
import Glibc

/// Runs `body` on a new thread that nobody waits for; it receives no signals.
///
/// - Parameter name: For debuggers and `top -H`; 15 bytes are shown.
/// - Throws: `host.system-failed` when the system has no thread left.
public func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(BellError) {
    pthread_detach(try startJoinableThread(named: name, body).thread)
}

/// A thread that somebody waits for.
public struct JoinableThread: Sendable {
    fileprivate let thread: pthread_t

    /// Waits for the thread's end; to be called once. On the thread itself it does not wait.
    public func join() {
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }
}

/// As ``startThread(named:_:)``, but ``JoinableThread/join()`` must follow.
public func startJoinableThread(
    named name: String, _ body: @escaping @Sendable () -> Void
) throws(BellError) -> JoinableThread {
    let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread, nil,
        { box in
            guard let box else { return nil }
            let body = Unmanaged<ThreadBody>.fromOpaque(box).takeRetainedValue()
            bell_name_thread(body.name)
            bell_block_signals()
            body.run()
            return nil
        }, box.toOpaque())
    if result != 0 {
        box.release()
        throw BellError(
            .systemFailed, "No thread can be started.", cause: "pthread_create: \(String(cString: strerror(result)))",
            fix: "raise the limit of threads (`ulimit -u`, `TasksMax=` of the unit)")
    }
    return JoinableThread(thread: thread)
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}
