import BellHost
public import BellModel

extension BellError.Code {
    /// The counts of a switch box cannot be read or written.
    public static let switchCounts = BellError.Code("switch.counts", exit: .dataIntegrity)
}

/// Keeps the counts of each box in one small JSON file, `<folder>/<serial>.json`, replaced as a whole.
///
/// `{"operations": ["12", "0"], "serial": "11710240017", "version": 1}`; numbers as text, since they may pass 2^53.
public struct FileSwitchCountStore: SwitchCountStore {
    /// More than any file of ours has.
    static let limit = 64 << 10

    public let folder: String

    /// - Parameter folder: Made when it is needed; readable by its owner only.
    public init(folder: String) { self.folder = folder }

    /// - Throws: `switch.counts` for a file that is not ours or is damaged; what reading a file throws.
    public func load(serial: String) throws(BellError) -> SwitchCounts? {
        let path = try path(serial)
        guard fileExists(path) else { return nil }
        let bytes = try readFile(path, limit: FileSwitchCountStore.limit)
        do throws(BellError) {
            var reader = try JSONReader(try JSON(parsing: bytes, source: path), path: path)
            let (version, owner) = (try reader.int("version"), try reader.string("serial"))
            let numbers = try reader.array("operations").map { $0.stringValue.flatMap { UInt64($0) } }
            try reader.finish()
            let operations = numbers.compactMap(\.self)
            guard version == 1, owner == serial, operations.count == numbers.count, operations.count <= 16 else {
                throw BellError(
                    .switchCounts, "The file is no count of operations of the box \(serial), version 1.", at: path)
            }
            return SwitchCounts(operations: operations)
        } catch {
            throw BellError(
                .switchCounts, "The counts of the switch box \(serial) cannot be read.", at: error.place ?? path,
                cause: error.what, fix: "mend the file, or move it away to begin counting from 0")
        }
    }

    /// - Throws: What writing a file throws; the old counts are then untouched.
    public func save(_ counts: SwitchCounts, serial: String) throws(BellError) {
        let path = try path(serial)
        let json: JSON = [
            "version": 1, "serial": .string(serial),
            "operations": .array(counts.operations.map { .string(String($0)) }),
        ]
        try makeFolder(folder)
        try writeFileAtomically(path, text: json.text + "\n")
    }

    /// A serial number comes from a device, so that it must not become any path.
    private func path(_ serial: String) throws(BellError) -> String {
        let isPlain = serial.utf8.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A || byte == 0x2D
        }
        guard isPlain, !serial.isEmpty, serial.utf8.count <= 63 else {
            throw BellError(
                .switchCounts, "No file can be named after the serial number \"\(serial.prefix(63))\".", at: folder,
                cause: "only letters, digits and - are taken")
        }
        return "\(folder)/\(serial).json"
    }
}
