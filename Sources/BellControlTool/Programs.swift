import BellModel
import Glibc

/// Finds the programs of belld.
enum Programs {
    /// The directory of the running executable; nil when /proc does not say.
    static let ownDirectory: String? = {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, let slash = buffer[..<count].lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(decoding: buffer[..<slash], as: UTF8.self)
    }()

    /// The program beside bellctl, else on the path; nil when it is in neither place.
    static func find(_ name: String, environment: [String: String]) -> String? {
        if let directory = ownDirectory, isProgram("\(directory)/\(name)") { return "\(directory)/\(name)" }
        return onPath(name, environment: environment)
    }

    /// The first program of that name on `$PATH`.
    static func onPath(_ name: String, environment: [String: String]) -> String? {
        (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
    }

    private static func isProgram(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
