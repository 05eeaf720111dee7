public import BellModel
import Glibc

extension BellError.Code {
    /// An address to listen at that cannot be read, or that others than this machine can reach.
    public static let httpAddress = BellError.Code("http.address", exit: .usage)
    /// The server cannot begin to listen.
    public static let httpListen = BellError.Code("http.listen", exit: .usage)
    /// An `http://` address that cannot be read.
    public static let httpURL = BellError.Code("http.url", exit: .usage)
    /// The other side cannot be reached, or is silent.
    public static let httpUnreachable = BellError.Code("http.unreachable", exit: .unreachable)
    /// What the other side answered is no HTTP, or more than we read.
    public static let httpReply = BellError.Code("http.reply", exit: .unreachable)
}

/// The words of a C call that has just failed.
func systemCause(_ function: StaticString, _ number: Int32 = errno) -> String {
    "\(function): \(String(cString: strerror(number))) (\(number))"
}
