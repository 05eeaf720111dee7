import BellHost
import Glibc

/// Finds the programs of belld.
enum Programs {
    /// The directory of the running executable.
    static let ownDirectory = parent(of: executablePath())

    /// The program beside bellctl, else on the path; nil when it is in neither place.
    static func find(_ name: String) -> String? {
        let beside = "\(ownDirectory)/\(name)"
        return isProgram(beside) ? beside : onPath(name)
    }

    /// The first program of that name on `$PATH`.
    static func onPath(_ name: String) -> String? {
        (environmentVariable("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first(where: isProgram)
    }

    /// Whether the path is a file that may be executed.
    static func isProgram(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
