/// What `doctor` found out about this machine; the findings are judged by ``Doctor``.
struct MachineFacts: Equatable, Sendable {
    /// Names of Debian packages whose files are there.
    var packages: Set<String> = []
    /// Nil: python3 itself is missing.
    var pythonZeroMQ: Bool?
    /// Programs of belld that were found, by name; the value is the path.
    var programs: [String: String] = [:]

    var stateDirectory = ""
    /// The directory's permission bits; nil when it does not exist yet.
    var stateMode: UInt32?
    var stateWritable = false
    /// Free bytes where the state directory is or would be.
    var freeBytes: UInt64?

    /// `XDG_RUNTIME_DIR`, when set.
    var runtimeDirectory: String?
    /// Exists, is a directory, belongs to us and nobody else may write there.
    var runtimeDirectoryUsable = false
    /// The longest socket path that belld would bind.
    var longestSocketPath = ""

    /// Seconds since 1970.
    var wallClock: Int64 = 0
    /// Whether the kernel says that the clock is synchronised; nil when it cannot be asked.
    var clockSynchronised: Bool?
    var cores = 0
    /// `doctor` runs as root.
    var isRoot = false
}
