import BellModel
import Glibc

/// A character device or a pipe, read only when bits are needed.
final class HostBitDevice: Sendable {
    private let fd: Int32
    private let name: String

    /// Opens it; a pipe without a writer must not stop the daemon, so nothing here waits; `open(2)` with `O_NONBLOCK`.
    ///
    /// - Throws: `host-bits.source` when it is not there, `host-bits.address` when it is neither.
    init(_ path: String, name: String) throws(BellError) {
        self.name = name
        fd = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard fd >= 0 else { throw .hostBits(name, cause: String(cString: strerror(errno))) }
        var status = stat()
        let kind = fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0
        guard kind == S_IFCHR || kind == S_IFIFO else {
            throw BellError(
                .hostBitsAddress, "\(path) is neither a character device nor a pipe.", at: name,
                state: "no bit was read: after a restart the same bits would come again", fix: "write file:\(path)")
        }
        guard isatty(fd) == 0 else {
            throw BellError(
                .hostBitsAddress, "\(path) is a terminal, whose line discipline would change the bits.", at: name,
                state: "no bit was read", fix: "write serial:\(path)")
        }
    }

    deinit { if fd >= 0 { Glibc.close(fd) } }

    /// Brings what is there, at most as much as is needed.
    func fill(_ gate: HostBitGate, upTo needed: Int) throws(BellError) {
        while true {
            let missing = gate.missing(needed)
            guard missing > 0 else { return }
            var buffer = [UInt8](repeating: 0, count: min(missing, 1 << 16))
            let got = read(fd, &buffer, buffer.count)
            if got < 0, errno == EINTR { continue }
            if got < 0, errno != EAGAIN { throw .hostBits(name, cause: String(cString: strerror(errno))) }
            // Nothing there now, or a pipe whose writer has gone; another one may come.
            guard got > 0 else { return }
            _ = gate.accept(buffer.prefix(got))
        }
    }
}
