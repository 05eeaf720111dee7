import BellHost
import BellJournal
import BellModel
import Dispatch

/// Copies a journal's log into its file again and again, on a thread of its own, while its campaign is under way.
final class CheckpointThread: Sendable {
    private let wake = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - path: The journal.
    ///   - everyMilliseconds: 1 s: at 3 M trials/s the log then stays below 64 MiB.
    /// - Throws: `host.system-failed` when the system has no thread left.
    init(path: String, everyMilliseconds: Int = 1000, log: Logger) throws(BellError) {
        let wake = wake
        try startThread(named: "checkpoint") {
            var checkpointer: JournalCheckpointer?
            var last: BellError?
            while wake.wait(timeout: .now() + .milliseconds(everyMilliseconds)) == .timedOut {
                do throws(BellError) {
                    if checkpointer == nil { checkpointer = try JournalCheckpointer(path: path) }
                    try checkpointer?.run()
                    last = nil
                } catch {
                    // A full disk shows in the campaign itself; everything stays in the log until the next time.
                    if last?.code != error.code { log.error("the journal's log cannot be copied into its file", error) }
                    last = error
                }
            }
        }
    }

    deinit { wake.signal() }

    /// Ends the thread; what it is copying just now it still copies.
    func stop() { wake.signal() }
}
