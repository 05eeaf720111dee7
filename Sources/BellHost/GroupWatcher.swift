import CShims
import Glibc
import Synchronization

/// A small process that ends a process group when this process is gone: nobody else is left to do it then.
///
/// It waits at a pipe whose other end only this process holds. `fork(2)` in `bell_watch_group`.
final class GroupWatcher: Sendable {
    /// From SIGTERM to SIGKILL.
    static let grace = Duration.seconds(5)

    private let processID: Int32
    /// The pipe's writing end; nil once the watcher was dismissed. It stays open as long as this process lives.
    private let line: Mutex<Int32?>

    /// Nil when no process can be started: the group then has the death signal only.
    init?(group: Int32) {
        var line: Int32 = -1
        let processID = bell_watch_group(group, Int32(GroupWatcher.grace.components.seconds * 1000), &line)
        guard processID > 0 else { return nil }
        self.processID = processID
        self.line = Mutex(line)
    }

    /// Ends the watcher alone, and waits for it; before the group's number can be another group's.
    func dismiss() {
        line.withLock { line in
            guard let open = line else { return }
            line = nil
            var byte: UInt8 = 1
            while write(open, &byte, 1) < 0 && errno == EINTR {}
            close(open)
            while waitpid(processID, nil, 0) < 0 && errno == EINTR {}
        }
    }
}
