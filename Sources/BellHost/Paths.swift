import BellModel
import Glibc

/// The folder that a path lies in; `.` for a bare name.
public func parent(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
}

/// The working folder.
public func currentFolder() -> String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
}

/// The path from the root, without `.` and `..`; symbolic links are followed when the path exists.
public func absolutePath(_ path: String) -> String {
    if let real = realpath(path, nil) {
        defer { free(real) }
        return String(cString: real)
    }
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : currentFolder() + "/" + path).split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// The path of the running program, to find those beside it.
public func executablePath() -> String {
    absolutePath("/proc/self/exe")
}

/// An environment variable, or nil when it is missing or empty.
public func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}
