public import BellModel
import Glibc

extension BellError.Code {
    /// A file or folder does not exist.
    public static let fileMissing = BellError.Code("file.missing", exit: .usage)
    /// A file or folder cannot be read, written or made.
    public static let fileAccess = BellError.Code("file.access", exit: .usage)
    /// The disk or a quota is full.
    public static let diskFull = BellError.Code("file.disk-full", exit: .hardware)
    /// A file is not text, or larger than any file of its kind.
    public static let fileContent = BellError.Code("file.content", exit: .usage)
    /// Somebody else holds the lock of a file for longer than the wait.
    public static let fileLocked = BellError.Code("file.locked", exit: .usage)
    /// A file is not what it was when it was read.
    public static let fileChanged = BellError.Code("file.changed", exit: .usage)
    /// Another process runs on the same state directory.
    public static let alreadyRunning = BellError.Code("host.already-running", exit: .usage)
    /// A folder for sockets belongs to somebody else or is open to others.
    public static let unsafeFolder = BellError.Code("host.unsafe-folder", exit: .usage)
    /// A program cannot be started.
    public static let spawnFailed = BellError.Code("host.spawn-failed", exit: .internal)
    /// The system has no thread, pipe or descriptor left.
    public static let systemFailed = BellError.Code("host.system-failed", exit: .internal)
}

/// Turns `errno` into our error; call it right after the failing function.
func fileError(_ function: StaticString, _ what: String, at path: String) -> BellError {
    let number = errno
    let cause = "\(function): \(String(cString: strerror(number))) (\(number))"
    switch number {
    case EISDIR:
        return BellError(
            .fileAccess, "\(what): it is a folder.", at: path, cause: cause, fix: "give the path of a file")
    case EEXIST, ENOTDIR:
        return BellError(
            .fileAccess, "\(what): a file is in its way.", at: path, cause: cause,
            fix: "choose another path, or move the file away")
    case ENOENT:
        return BellError(.fileMissing, "\(what): it does not exist.", at: path, cause: cause, fix: "check the path")
    case ENOSPC, EDQUOT, EFBIG:
        return BellError(.diskFull, "\(what): the disk is full.", at: path, cause: cause, fix: "make room on the disk")
    default:
        return BellError(
            .fileAccess, "\(what).", at: path, cause: cause, fix: "check owner and mode of the file and its folder")
    }
}
