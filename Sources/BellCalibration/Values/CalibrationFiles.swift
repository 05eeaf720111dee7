public import BellHost
public import BellModel
public import BellSequence
import BellCrypto
import BellYAML

/// A laboratory's calibration files at one moment.
public struct CalibrationSnapshot: Sendable {
    public let laboratory: Laboratory
    /// All values in force.
    public let values: CalibrationSet
    /// BLAKE2b-256 of each file's text, by its path.
    public let digests: [String: Digest]
}

/// Reads a laboratory's calibration files, and writes accepted values into them.
///
/// The files are the truth in force and belong to people: comments, order, quotes and alignment stay. Whoever writes
/// holds a lock beside lab.yaml; a file that is not what it was when it was read is never overwritten.
public struct CalibrationFiles: Sendable {
    /// The path of lab.yaml.
    public let laboratory: String
    private let disk: any CalibrationDisk
    private let wait: UInt64

    /// - Parameters:
    ///   - laboratory: The path of lab.yaml, which names the others.
    ///   - wait: How long to wait for somebody else who writes, in milliseconds.
    public init(laboratory: String, disk: any CalibrationDisk = HostDisk(), wait milliseconds: UInt64 = 10_000) {
        self.laboratory = laboratory
        self.disk = disk
        wait = milliseconds
    }

    /// Reads everything.
    ///
    /// - Throws: All failures of all files: `file.…`, `yaml.…`, also for a value with a wrong unit.
    public func read() throws(BellError) -> CalibrationSnapshot { try readTexts().snapshot }

    /// Runs `body` while nobody else, in this process or another, writes.
    ///
    /// - Throws: What `body` throws, `file.locked`, `file.access`.
    public func locked<T>(_ body: (FileLock) throws(BellError) -> T) throws(BellError) -> T {
        let name = laboratory.split(separator: "/").last.map(String.init) ?? laboratory
        let lock = try FileLock("\(parent(of: laboratory))/.\(name).lock", wait: wait)
        return try withExtendedLifetime(lock) { () throws(BellError) -> T in try body(lock) }
    }

    /// Writes values into the files, each file at once and all or none of them as far as the disk allows.
    ///
    /// - Parameter expected: What was read before; the files that hold the values must not have changed since.
    /// - Returns: What is in force now.
    /// - Throws: All that speaks against the values: `calibration.unknown`, `calibration.value`, `calibration.bounds`;
    ///   `calibration.changed`, `calibration.layout`, `file.…`. Nothing was written then, or the state says what was.
    @discardableResult
    public func write(
        _ values: [NewValue], expecting expected: CalibrationSnapshot
    ) throws(BellError) -> CalibrationSnapshot {
        try locked { lock throws(BellError) in try write(values, expecting: expected, holding: lock) }
    }

    /// As ``write(_:expecting:)``, for who has the lock of ``locked(_:)``.
    @discardableResult
    public func write(
        _ values: [NewValue], expecting expected: CalibrationSnapshot, holding _: FileLock
    ) throws(BellError) -> CalibrationSnapshot {
        let (now, old) = try readTexts()
        try check(values, in: now, expecting: expected)
        var edits: [String: [EntryEdit]] = [:]
        var wanted = now.values
        for value in values {
            let quantity = try value.path.known()
            let path = now.laboratory.resolve(value.path.file(of: now.laboratory))
            edits[path, default: []].append(value.edit(unit: quantity.unit))
            wanted[value.path] = value.asWritten(quantity, over: now.values[value.path])
        }
        var new = old
        for (path, edits) in edits { new[path] = try CalibrationText(old[path] ?? "", source: path).applying(edits) }
        let result = try Self.snapshot(lab: laboratory) { path throws(BellError) in try Self.text(path, in: new) }
        // The proof that a restart will read what was meant; places may move, content may not.
        guard result.values.frozen == wanted.frozen else {
            throw BellError(
                .calibrationLayout, "The changed files would not read as the old ones with the new values.",
                at: edits.keys.sorted().joined(separator: ", "), state: "nothing was written",
                fix: "report this with the files")
        }
        try replace(edits.keys.sorted().filter { new[$0] != old[$0] }, old: old, new: new)
        return result
    }

    private func check(
        _ values: [NewValue], in now: CalibrationSnapshot, expecting expected: CalibrationSnapshot
    ) throws(BellError) {
        var failures = values.flatMap { $0.failures(in: now.values) }
        var seen: Set<CalibrationPath> = []
        for value in values where !seen.insert(value.path).inserted {
            failures.append(
                BellError(
                    .calibrationValue, "\(value.path) is to get two values at once.", at: value.path.description,
                    state: "the old value stays in force", fix: "accept one of the runs"))
        }
        if let error = BellError.all(failures) { throw error }
        let paths = Set(values.map { now.laboratory.resolve($0.path.file(of: now.laboratory)) })
        let changed = paths.filter { now.digests[$0] != expected.digests[$0] }.sorted()
        if !changed.isEmpty {
            throw BellError(
                .calibrationChanged, "Somebody else has changed the calibration since it was read.",
                at: changed.joined(separator: ", "), state: "their values are in force, nothing was written",
                fix: "look at what changed, then calibrate or accept again")
        }
    }

    /// Replaces one file after the other; after a failure those already replaced get their old text back.
    private func replace(_ paths: [String], old: [String: String], new: [String: String]) throws(BellError) {
        var done: [String] = []
        for path in paths {
            do throws(BellError) {
                try disk.replace(path, old[path] ?? "", with: new[path] ?? "")
                done.append(path)
            } catch {
                var failure = error
                var kept: [String] = []
                for path in done.reversed() {
                    do throws(BellError) {
                        try disk.replace(path, new[path] ?? "", with: old[path] ?? "")
                    } catch {
                        kept.append(path)
                        failure.others.append(error)
                    }
                }
                failure.state =
                    kept.isEmpty
                    ? "no value was changed" : "the new values stand in \(kept.joined(separator: ", ")) all the same"
                throw failure
            }
        }
    }

    // MARK: - Reading

    private func readTexts() throws(BellError) -> (snapshot: CalibrationSnapshot, texts: [String: String]) {
        var texts: [String: String] = [:]
        let snapshot = try Self.snapshot(lab: laboratory) { path throws(BellError) in
            let text = try disk.text(path)
            texts[path] = text
            return text
        }
        return (snapshot, texts)
    }

    private static func text(_ path: String, in texts: [String: String]) throws(BellError) -> String {
        if let text = texts[path] { return text }
        throw BellError(.fileMissing, "The file was not read.", at: path)
    }

    private static func snapshot(
        lab: String, _ load: (String) throws(BellError) -> String
    ) throws(BellError) -> CalibrationSnapshot {
        var digests: [String: Digest] = [:]
        func hashed(_ path: String) throws(BellError) -> String {
            let text = try load(path)
            digests[path] = Blake2b.hash(text: text)
            return text
        }
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try hashed(lab), source: lab))
        let values = try CalibrationSet(laboratory: laboratory, load: { path throws(BellError) in try hashed(path) })
        return CalibrationSnapshot(laboratory: laboratory, values: values, digests: digests)
    }
}
