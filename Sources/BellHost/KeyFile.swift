public import BellModel
import Glibc

extension BellError.Code {
    /// A file of a secret key cannot be used: others can read it, or it holds no key.
    public static let keyFile = BellError.Code("key.file", exit: .usage)
}

/// A secret key's file: a seed of 32 bytes in 64 hexadecimal digits and a line feed, for its owner's eyes only.
///
/// It is made once and never replaced: what was signed with it is known by it.
public struct KeyFile: Sendable {
    /// Where it is.
    public let path: String

    /// Names a file; nothing is touched.
    public init(_ path: String) { self.path = path }

    /// 64 digits and a line feed.
    private static let size = 65

    /// Reads the seed; makes the file first when there is none.
    ///
    /// - Parameter makeSeed: 32 secret random bytes; called only when the file is missing.
    /// - Throws: As ``read()``; `file.access`, `file.disk-full` when it cannot be made.
    public func open(makingSeed makeSeed: () -> [UInt8]) throws(BellError) -> [UInt8] {
        if !fileExists(path) { try make(makeSeed()) }
        return try read()
    }

    /// Reads the seed.
    ///
    /// - Throws: `file.missing`, `file.access`; `key.file` when it is no plain file of this user, has permissions for
    ///   others, or holds anything but a key.
    public func read() throws(BellError) -> [UInt8] {
        // Not to wait for ever for the other end of a FIFO that stands in its place.
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw fileError("open", "The key cannot be read", at: path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw fileError("fstat", "The key cannot be looked at", at: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw unusable("The key is no plain file.") }
        // The superuser may look at everybody's.
        guard status.st_uid == geteuid() || geteuid() == 0 else {
            throw unusable("The key belongs to another user.", fix: "run as the user with the number \(status.st_uid)")
        }
        let mode = status.st_mode & 0o7777
        guard mode & ~0o600 == 0 else {
            throw unusable(
                "The key's mode is \(String(mode, radix: 8)), wider than 600.",
                fix: "chmod 600 \(path); if somebody else may have read it, move it away instead: a new one is made")
        }
        var bytes = [UInt8](repeating: 0, count: KeyFile.size + 1)
        var filled = 0
        while filled < bytes.count {
            let room = bytes.count - filled
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress.map { $0 + filled }, room) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw fileError("read", "The key cannot be read", at: path) }
            if count == 0 { break }
            filled += count
        }
        guard filled == KeyFile.size else {
            let found = filled > KeyFile.size ? "more than \(KeyFile.size)" : "\(filled)"
            throw unusable("The key has \(found) bytes; a key has \(KeyFile.size).")
        }
        let text = String(decoding: bytes.prefix(64), as: UTF8.self)
        guard bytes[64] == UInt8(ascii: "\n"), let seed = [UInt8](hex: text), seed.contains(where: { $0 != 0 }) else {
            throw unusable("The file holds no key: 64 hexadecimal digits and a line feed, not all zero.")
        }
        return seed
    }

    /// What others may have put there, or damage: never replaced by itself.
    private func unusable(_ what: String, fix: String? = nil) -> BellError {
        let fresh =
            "put it back from a copy; or move it away, which makes a new key: campaigns under way do not go on with "
            + "another node's key, and whoever trusts the certifier's must be told the new one"
        return BellError(.keyFile, what, at: path, state: "it was neither used nor changed", fix: fix ?? fresh)
    }

    /// Whole or not at all, and never over one that somebody else has just made; `link(2)`.
    private func make(_ seed: [UInt8]) throws(BellError) {
        precondition(seed.count == 32, "a seed has 32 bytes")
        try makeFolder(parent(of: path))
        let draft = "\(path).\(getpid()).\(monotonicNanoseconds())"
        try writeFileAtomically(draft, text: seed.hex + "\n", mode: 0o600)
        let isMade = link(draft, path) == 0 || errno == EEXIST
        let failure = isMade ? nil : fileError("link", "The key cannot be made", at: path)
        try removeFile(draft)
        if let failure { throw failure }
        try syncFolder(parent(of: path))
    }
}
