public import BellModel
import Glibc

/// Replaces a file that a person wrote so that after any crash it holds either its old content or all of the new one.
///
/// A temporary file beside it, `fsync`, `rename`, `fsync` of the folder. Mode, owner and group stay, a symbolic link
/// stays one. Just before the rename the file is read again: an editor's save in between is not lost.
/// - Parameter old: What the file must still hold.
/// - Throws: `file.changed`; `file.access` also for a file that is marked read-only or whose owner could not be kept;
///   `file.missing`, `file.disk-full`. The old content is then untouched.
public func replaceFile(_ path: String, _ bytes: [UInt8], ifStill old: [UInt8]) throws(BellError) {
    let real = absolutePath(path)
    var status = stat()
    guard stat(real, &status) == 0 else { throw fileError("stat", "The file cannot be replaced", at: path) }
    // The superuser may write anything, but who took every write permission away meant it.
    guard status.st_mode & 0o222 != 0, access(real, W_OK) == 0 else {
        throw BellError(
            .fileAccess, "The file is read-only.", at: path, state: "nothing was written",
            fix: "chmod u+w \(path), or give it to the user of belld")
    }
    // Two threads that replace two names of one file must not share it.
    let temporary = "\(real).\(getpid()).\(monotonicNanoseconds()).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw fileError("open", "The file cannot be written", at: temporary) }
    do throws(BellError) {
        defer { close(file) }
        if status.st_uid != geteuid() || status.st_gid != getegid(), fchown(file, status.st_uid, status.st_gid) != 0 {
            let cause = "fchown: \(String(cString: strerror(errno)))"
            throw BellError(
                .fileAccess, "The file's owner could not be kept.", at: path, cause: cause,
                state: "nothing was written", fix: "give the file and its group to the user of belld")
        }
        // After fchown, which may clear bits.
        if fchmod(file, status.st_mode & 0o7777) != 0 {
            throw fileError("fchmod", "The file's mode cannot be set", at: temporary)
        }
        try writeAll(file, bytes, path: temporary)
        if fsync(file) != 0 { throw fileError("fsync", "The file cannot be written", at: temporary) }
        guard try readFile(real) == old else {
            throw BellError(
                .fileChanged, "Somebody else has just changed the file.", at: path, state: "that change stays",
                fix: "look at it and try again")
        }
        if rename(temporary, real) != 0 { throw fileError("rename", "The file cannot be replaced", at: path) }
    } catch {
        unlink(temporary)
        throw error
    }
    try syncFolder(parent(of: real))
}
