public import BellModel
import CShims
import Glibc

/// Calls back for each SIGINT and SIGTERM, instead of ending the process.
///
/// One at a time: signals belong to the whole process. Also makes writing to a closed pipe an error instead of the end
/// (SIGPIPE). When the watcher goes, the signals act as by default again.
public final class SignalWatcher: Sendable {
    private let writer: Int32

    /// Begins to watch.
    ///
    /// - Parameter onSignal: Called on a thread of its own with 1 for the first signal, 2 for the second, and so on.
    /// - Throws: `host.system-failed`.
    public init(_ onSignal: @escaping @Sendable (_ count: Int) -> Void) throws(BellError) {
        var ends: [Int32] = [0, 0]
        guard bell_pipe(&ends) == 0 else {
            throw BellError(
                .systemFailed, "Signals cannot be watched.", cause: "pipe2: \(String(cString: strerror(errno)))")
        }
        let reader = ends[0]
        writer = ends[1]
        // The handler must never wait.
        _ = fcntl(writer, F_SETFL, O_NONBLOCK)
        bell_ignore_sigpipe()
        do throws(BellError) {
            try startThread(named: "signals") {
                var byte: UInt8 = 0
                var count = 0
                while true {
                    let got = read(reader, &byte, 1)
                    if got < 0 && errno == EINTR { continue }
                    if got <= 0 { break }
                    count += 1
                    onSignal(count)
                }
                close(reader)
            }
        } catch {
            close(reader)
            close(writer)
            throw error
        }
        if bell_watch_signals(writer) != 0 {
            throw BellError(
                .systemFailed, "Signals cannot be watched.", cause: "sigaction: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        bell_unwatch_signals()
        close(writer)
    }
}

/// Makes writing to a closed pipe an error instead of the end of the process (SIGPIPE).
public func ignoreClosedPipes() { bell_ignore_sigpipe() }
