public import BellModel
import Glibc

/// The largest file that is read whole, unless told otherwise: far above any file that people write.
public let defaultFileLimit = 64 << 20

/// Reads a whole file.
///
/// - Throws: `file.missing`, `file.access`; `file.content` when it has more than `limit` bytes.
public func readFile(_ path: String, limit: Int = defaultFileLimit) throws(BellError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw fileError("open", "The file cannot be read", at: path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { throw fileError("read", "The file cannot be read", at: path) }
        if count == 0 { return bytes }
        bytes += buffer.prefix(count)
        if bytes.count > limit {
            throw BellError(.fileContent, "The file has more than \(limit) bytes.", at: path, fix: "check the path")
        }
    }
}

/// Reads a whole UTF-8 text file.
///
/// - Throws: As ``readFile(_:limit:)``, and `file.content` with the line of ill-formed UTF-8.
public func readText(_ path: String, limit: Int = defaultFileLimit) throws(BellError) -> String {
    let bytes = try readFile(path, limit: limit)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw BellError(
        .fileContent, "The file is not UTF-8 text.", at: "\(path):\(line + 1)", fix: "save it with the encoding UTF-8")
}

/// Writes a file so that after any crash it holds either its old content or all of the new one.
///
/// A temporary file in the same folder, `fsync`, `rename`, `fsync` of the folder.
/// - Throws: `file.missing` without the folder, `file.access`, `file.disk-full`; the old content is then untouched.
public func writeFileAtomically(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(BellError) {
    try replaceFile(path, bytes) { (_) in mode }
}

/// Writes a file that exists as ``writeFileAtomically(_:_:mode:)`` does; it keeps its mode, its group and its owner.
///
/// A link is followed: the file that it leads to is replaced. Where this user may not give the group away, nobody gets
/// rights by it: the group's rights are then those of others.
/// - Throws: `file.missing`, `file.access` also when there is no such file.
public func rewriteFileAtomically(_ path: String, text: String) throws(BellError) {
    var resolved = path
    if let real = realpath(path, nil) {
        resolved = String(cString: real)
        free(real)
    }
    var status = stat()
    guard stat(resolved, &status) == 0 else { throw fileError("stat", "The file cannot be looked at", at: path) }
    let mode = status.st_mode & 0o7777
    let (owner, group) = (status.st_uid, status.st_gid)
    try replaceFile(resolved, Array(text.utf8)) { file in
        // Only root may give the owner away; the group may be any that this user belongs to.
        if fchown(file, owner, group) == 0 || fchown(file, uid_t.max, group) == 0 { return mode }
        return mode & ~0o070 | (mode & 0o007) << 3
    }
}

/// - Parameter mode: The mode of the temporary file, of which it may change the owner before.
private func replaceFile(_ path: String, _ bytes: [UInt8], mode: (Int32) -> UInt32) throws(BellError) {
    let temporary = "\(path).\(getpid()).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else {
        if errno == ENOENT, !isFolder(parent(of: path)) {
            throw BellError(
                .fileMissing, "The file cannot be written: its folder does not exist.", at: path,
                fix: "make the folder \(parent(of: path)), or choose another path")
        }
        throw fileError("open", "The file cannot be written", at: temporary)
    }
    do throws(BellError) {
        defer { close(file) }
        // The mode given to open is cut by the umask.
        if fchmod(file, mode(file)) != 0 { throw fileError("fchmod", "The file's mode cannot be set", at: temporary) }
        try writeAll(file, bytes, path: temporary)
        if fsync(file) != 0 { throw fileError("fsync", "The file cannot be written", at: temporary) }
        if rename(temporary, path) != 0 { throw fileError("rename", "The file cannot be replaced", at: path) }
    } catch {
        unlink(temporary)
        throw error
    }
    try syncFolder(parent(of: path))
}

/// Makes durable which names a folder holds; `fsync`.
public func syncFolder(_ path: String) throws(BellError) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw fileError("open", "The folder cannot be read", at: path) }
    defer { close(folder) }
    if fsync(folder) != 0 { throw fileError("fsync", "The folder cannot be written", at: path) }
}

/// Writes a text as ``writeFileAtomically(_:_:mode:)`` does with bytes.
public func writeFileAtomically(_ path: String, text: String, mode: UInt32 = 0o600) throws(BellError) {
    try writeFileAtomically(path, Array(text.utf8), mode: mode)
}

/// Writes all bytes to a descriptor, however many calls it takes.
func writeAll(_ file: Int32, _ bytes: [UInt8], path: String) throws(BellError) {
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes { raw in
            write(file, raw.baseAddress.map { $0 + done }, raw.count - done)
        }
        if count < 0 && errno == EINTR { continue }
        if count < 0 { throw fileError("write", "The file cannot be written", at: path) }
        done += count
    }
}

/// Whether a file or folder exists.
public func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Removes a file; a missing one is fine.
public func removeFile(_ path: String) throws(BellError) {
    if unlink(path) != 0 && errno != ENOENT { throw fileError("unlink", "The file cannot be removed", at: path) }
}

/// Makes a folder and those above it; an existing one is fine.
public func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(BellError) {
    if mkdir(path, mode) == 0 { return }
    if errno == ENOENT, parent(of: path) != path {
        try makeFolder(parent(of: path), mode: mode)
        if mkdir(path, mode) == 0 { return }
    }
    let isFolder = errno == EEXIST && isFolder(path)
    if !isFolder { throw fileError("mkdir", "The folder cannot be made", at: path) }
}

/// Whether the path names a folder.
public func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// A file's permission bits.
///
/// - Throws: `file.missing`, `file.access`. `stat(2)`.
public func filePermissions(_ path: String) throws(BellError) -> UInt32 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw fileError("stat", "The file cannot be looked at", at: path) }
    return status.st_mode & 0o7777
}

/// The names in a folder, sorted, without `.` and `..`.
///
/// - Throws: `file.missing`, `file.access`.
public func folderContents(_ path: String) throws(BellError) -> [String] {
    guard let folder = opendir(path) else { throw fileError("opendir", "The folder cannot be read", at: path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Bytes that this user can still write to the file system of `path`.
///
/// - Throws: `file.missing`, `file.access`. `statvfs`.
public func freeBytes(at path: String) throws(BellError) -> UInt64 {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw fileError("statvfs", "The disk cannot be asked", at: path) }
    return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
}

/// Makes every file and folder that this process creates readable by its owner only; outcomes may be secret. `umask(2)`.
public func keepFilesPrivate() { umask(0o077) }
