public import BellModel
import Glibc

/// The folder of the Unix sockets that belong to one state directory.
///
/// `${XDG_RUNTIME_DIR:-/tmp}/belld-<uid>/<8 hex digits>/`, mode 0700; the digits are the beginning of the FNV-1a hash
/// of the state directory's path, so that every program finds the sockets by the same rule.
public struct RunDirectory: Sendable {
    public let path: String

    /// Finds the folder.
    ///
    /// - Parameter create: Whether it is made when missing.
    /// - Throws: `host.unsafe-folder` when somebody else owns it or may enter it; `file.access`.
    public init(for state: StateDirectory, create: Bool = true) throws(BellError) {
        let user = getuid()
        // A set but missing XDG_RUNTIME_DIR is common under sudo and in containers.
        let base = environmentVariable("XDG_RUNTIME_DIR").flatMap { isFolder($0) ? $0 : nil } ?? "/tmp"
        let own = "\(base)/belld-\(user)"
        path = "\(own)/\(Self.digits(of: state.path))"
        for folder in [own, path] {
            if create { try makeFolder(folder) }
            try Self.check(folder, owner: user)
        }
    }

    /// In `/tmp` anybody can make a folder of our name first and then replace our sockets.
    private static func check(_ folder: String, owner: uid_t) throws(BellError) {
        var status = stat()
        guard lstat(folder, &status) == 0 else {
            if errno == ENOENT { return }
            throw fileError("lstat", "The folder cannot be read", at: folder)
        }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == owner, status.st_mode & 0o077 == 0 else {
            throw BellError(
                .unsafeFolder, "Other users could replace the sockets in this folder.", at: folder,
                cause:
                    "owner \(status.st_uid), mode \(String(status.st_mode & 0o7777, radix: 8)); wanted \(owner), 700",
                fix: "remove the folder, or set XDG_RUNTIME_DIR to a folder of your own")
        }
    }

    /// The first 8 hexadecimal digits of the 64-bit FNV-1a hash of the UTF-8 bytes.
    static func digits(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String((String(repeating: "0", count: 16 - digits.count) + digits).prefix(8))
    }

    /// The endpoint of a socket of this folder, for example `control`.
    public func endpoint(_ name: String) -> String { "ipc://\(path)/\(name)" }

    /// Puts this folder in the place of `@run` in an address such as `zmq+ipc://@run/alice`.
    public func resolve(_ address: String) -> String {
        guard let range = address.range(ofFirst: "://@run/") else { return address }
        return address[..<range.lowerBound] + "://\(path)/" + address[range.upperBound...]
    }
}

extension String {
    /// Where `part` first occurs, or nil.
    fileprivate func range(ofFirst part: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(part) { return at..<index(at, offsetBy: part.count) }
            at = index(after: at)
        }
        return nil
    }
}
