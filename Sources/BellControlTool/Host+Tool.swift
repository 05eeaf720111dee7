import BellHost
import BellModel
import Glibc

/// Sleeps; a signal may wake it early. `nanosleep`.
func pause(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    nanosleep(&time, nil)
}

/// This process's id. `getpid`.
func processID() -> Int32 { getpid() }

/// Whether another process holds the lock of ``InstanceLock``; nothing is created. `flock`.
func isLockHeld(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    // A shared lock is refused only while somebody holds it alone.
    return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
}

extension Console {
    /// The process's own stdout and stderr.
    ///
    /// Colours only on a terminal, and not with `NO_COLOR` set to anything (no-color.org) or on a dumb terminal.
    static func process() -> Console {
        let wantsColour = environmentVariable("NO_COLOR") == nil && environmentVariable("TERM") != "dumb"
        return Console(
            write: { BellHost.write($0) }, complain: { BellHost.write($0, to: .error) },
            writeBytes: { (bytes) throws(BellError) in try BellHost.writeBytes(bytes) },
            isTerminal: BellHost.isTerminal(.output), width: { terminalWidth() },
            style: Style(coloured: wantsColour && BellHost.isTerminal(.output)),
            errorStyle: Style(coloured: wantsColour && BellHost.isTerminal(.error)))
    }
}

/// A file's length in bytes; 0 when it is not there. `stat(2)`.
func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}
