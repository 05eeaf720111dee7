import Glibc

/// What can be sent to a program.
public enum ProcessSignal: Sendable {
    /// As Ctrl-C does; SIGINT.
    case interrupt
    /// Asks it to end in order; SIGTERM.
    case terminate
    /// Ends it at once; SIGKILL.
    case kill
    /// Freezes it; SIGSTOP.
    case freeze
    /// Lets a frozen one go on; SIGCONT.
    case thaw

    var number: Int32 {
        switch self {
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .kill: SIGKILL
        case .freeze: SIGSTOP
        case .thaw: SIGCONT
        }
    }
}
