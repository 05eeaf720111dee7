import BellModel
import Glibc
import Synchronization

/// A random number generator that shows itself as a tty, as USB ones do: read when bits are needed, and opened again by
/// the same path after it was unplugged.
final class HostBitSerial: Sendable {
    private struct State {
        var fd: Int32 = -1
        /// Why it is gone.
        var cause: String?
        /// Attempts to open it in vain since it went.
        var attempts = 0
        /// No attempt before.
        var next: ContinuousClock.Instant
    }

    private let path: String
    private let baud: Int
    private let name: String
    private let state: Mutex<State>

    /// Opens the tty.
    ///
    /// - Throws: `host-bits.source` when it is not there, `host-bits.address` when it is no tty.
    init(_ path: String, baud: Int, name: String) throws(BellError) {
        self.path = path
        self.baud = baud
        self.name = name
        let fd = try openSerialPort(path, baud: baud, name: name)
        state = Mutex(State(fd: fd, next: .now))
    }

    deinit { state.withLock { if $0.fd >= 0 { Glibc.close($0.fd) } } }

    /// Why the device is not there; nil while it is.
    var absence: String? { state.withLock { $0.fd < 0 ? $0.cause ?? "" : nil } }

    /// Pause before another attempt to open: 0.1 s, doubling up to 5 s.
    static func backoff(attempts: Int) -> Duration { .milliseconds(min(5000, 100 << min(attempts, 6))) }

    /// Drops what the kernel has kept: older than an alarm; `tcflush(3)`.
    func flush() { state.withLock { if $0.fd >= 0 { tcflush($0.fd, TCIFLUSH) } } }

    /// Brings what is there, at most as much as is needed; without a device tries to open it, when it is time.
    ///
    /// - Throws: `host-bits.address` when something else has taken its place.
    func fill(_ gate: HostBitGate, upTo needed: Int) throws(BellError) {
        try state.withLock { (state) throws(BellError) in
            if state.fd < 0 { try reopen(&state, gate) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            while state.fd >= 0 {
                let missing = gate.missing(needed)
                guard missing > 0 else { return }
                let got = read(state.fd, &buffer, min(missing, buffer.count))
                if got > 0 {
                    _ = gate.accept(buffer.prefix(got))
                } else if got < 0, errno == EAGAIN {
                    return
                } else if got == 0 || errno != EINTR {
                    // A tty ends, or fails with EIO, when it is hung up; with VMIN = 1 nothing else is an end.
                    state.cause = got == 0 ? "read: end of file" : "read: \(String(cString: strerror(errno)))"
                    Glibc.close(state.fd)
                    state.fd = -1
                    state.attempts = 0
                    state.next = .now + HostBitSerial.backoff(attempts: 0)
                }
            }
        }
    }

    private func reopen(_ state: inout State, _ gate: HostBitGate) throws(BellError) {
        guard ContinuousClock.now >= state.next else { return }
        state.attempts += 1
        state.next = .now + HostBitSerial.backoff(attempts: state.attempts)
        do throws(BellError) {
            state.fd = try openSerialPort(path, baud: baud, name: name)
            state.attempts = 0
            gate.reopened()
        } catch {
            state.cause = error.cause ?? error.what
            guard error.code == .hostBits else { throw error }
        }
    }
}

/// Opens a tty in raw mode, 8 bits, without flow control or modem lines, and drops what came before; `open(2)`, `isatty(3)`,
/// `tcgetattr(3)`, `cfmakeraw(3)`, `cfsetspeed(3)`, `tcsetattr(3)`, `tcflush(3)`.
///
/// - Throws: `host-bits.source` when it cannot be opened or set, `host-bits.address` when it is no tty.
private func openSerialPort(_ path: String, baud: Int, name: String) throws(BellError) -> Int32 {
    let fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard fd >= 0 else {
        let code = errno
        let cause = "open: \(String(cString: strerror(code)))"
        switch code {
        case ENOENT, ENXIO, ENODEV, EIO: throw .hostBitsUnplugged(name, cause: cause)
        case EACCES, EPERM:
            throw .hostBits(
                name, cause: cause, fix: "let belld's user read \(path): on Debian, add it to the group dialout")
        default: throw .hostBits(name, cause: cause)
        }
    }
    guard isatty(fd) == 1 else {
        close(fd)
        throw BellError(
            .hostBitsAddress, "\(path) is no tty.", at: name, state: "no bit was read",
            fix: "write file:\(path) for a file, device:\(path) for a character device or a pipe")
    }
    var mode = termios()
    guard tcgetattr(fd, &mode) == 0 else { throw failed(fd, name, "tcgetattr") }
    // Also sets VMIN = 1: no bytes are then "not now", so that an end of file means that the line is gone.
    cfmakeraw(&mode)
    mode.c_cflag |= tcflag_t(CLOCAL | CREAD)
    mode.c_cflag &= ~tcflag_t(CRTSCTS)
    guard cfsetspeed(&mode, speedCode(baud)) == 0 else { throw failed(fd, name, "cfsetspeed") }
    guard tcsetattr(fd, TCSANOW, &mode) == 0 else { throw failed(fd, name, "tcsetattr") }
    // tcsetattr succeeds when it could do any part of what it was asked for.
    var now = termios()
    guard tcgetattr(fd, &now) == 0, now.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0,
        now.c_iflag & tcflag_t(ISTRIP | ICRNL | INLCR | IGNCR | IXON) == 0,
        now.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8)
    else { throw failed(fd, name, "tcsetattr: the line is not raw", isErrno: false) }
    guard tcflush(fd, TCIFLUSH) == 0 else { throw failed(fd, name, "tcflush") }
    return fd
}

private func failed(_ fd: Int32, _ name: String, _ call: String, isErrno: Bool = true) -> BellError {
    let cause = isErrno ? "\(call): \(String(cString: strerror(errno)))" : call
    close(fd)
    return .hostBits(name, cause: cause)
}

/// termios' code of a speed; ``HostBitAddress`` has checked it.
private func speedCode(_ baud: Int) -> speed_t {
    let code =
        switch baud {
        case 1200: B1200
        case 2400: B2400
        case 4800: B4800
        case 9600: B9600
        case 19200: B19200
        case 38400: B38400
        case 57600: B57600
        case 230_400: B230400
        case 460_800: B460800
        case 500_000: B500000
        case 921_600: B921600
        case 1_000_000: B1000000
        case 1_500_000: B1500000
        case 2_000_000: B2000000
        case 3_000_000: B3000000
        case 4_000_000: B4000000
        default: B115200
        }
    return speed_t(code)
}
