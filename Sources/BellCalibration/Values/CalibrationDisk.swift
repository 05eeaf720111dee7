import BellHost
public import BellModel

/// Where calibration files lie; tests put one in between that fails.
public protocol CalibrationDisk: Sendable {
    /// The text of a file.
    func text(_ path: String) throws(BellError) -> String
    /// Replaces the whole of a file, which still holds `old`, or leaves it untouched and throws.
    func replace(_ path: String, _ old: String, with new: String) throws(BellError)
}

/// The host's file system.
public struct HostDisk: CalibrationDisk {
    public init() {}

    public func text(_ path: String) throws(BellError) -> String { try readText(path) }

    public func replace(_ path: String, _ old: String, with new: String) throws(BellError) {
        try replaceFile(path, Array(new.utf8), ifStill: Array(old.utf8))
    }
}
