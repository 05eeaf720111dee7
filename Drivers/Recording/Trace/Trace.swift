import BellHost
public import BellModel
import DriverKit

/// A recording, read back.
///
/// - SeeAlso: docs/recording.md.
public struct Trace: Equatable, Sendable {
    /// A record and where it stands in the file.
    public struct Entry: Equatable, Sendable {
        /// Bytes from the file's beginning.
        public var offset: Int
        public var record: TraceRecord
    }

    /// How a file ends.
    public enum Tail: Equatable, Sendable {
        /// With the record that says why the recording stopped.
        case stopped(TraceStop)
        /// After a whole record: the recorder was killed between two.
        case open
        /// Within a record; so many bytes from `offset` on are not usable.
        case torn(offset: Int, bytes: Int)
        /// A record in the middle is damaged; so many bytes from `offset` on were not read.
        case damaged(offset: Int, bytes: Int, cause: String)
    }

    public var header: TraceHeader
    /// Everything up to the first record that cannot be read.
    public var entries: [Entry]
    public var tail: Tail

    /// The largest file that is read: 2 GiB.
    public static let maximumSize = 1 << 31

    public init(header: TraceHeader, entries: [Entry], tail: Tail) {
        self.header = header
        self.entries = entries
        self.tail = tail
    }

    /// Reads a file.
    ///
    /// - Throws: `file.missing`, `file.access`, `file.content`, or what ``init(parsing:path:)`` throws.
    public init(file path: String) throws(BellError) {
        try self.init(parsing: try readFile(path, limit: Trace.maximumSize), path: path)
    }

    /// Reads a file's bytes; a torn or damaged rest is told in ``tail``.
    ///
    /// - Throws: `recording.format` when the header cannot be read.
    public init(parsing bytes: [UInt8], path: String = "recording") throws(BellError) {
        var offset: Int
        (header, offset) = try Trace.header(of: bytes, path: path)
        entries = []
        tail = .open
        while offset < bytes.count {
            switch Trace.step(bytes, at: offset) {
            case .record(let record, let size):
                entries.append(Entry(offset: offset, record: record))
                offset += size
                if case .stopped(let reason) = record.event, offset == bytes.count { tail = .stopped(reason) }
            case .torn:
                tail = .torn(offset: offset, bytes: bytes.count - offset)
                offset = bytes.count
            case .damaged(let cause):
                tail = .damaged(offset: offset, bytes: bytes.count - offset, cause: cause)
                offset = bytes.count
            }
        }
    }

    private enum Step {
        case record(TraceRecord, size: Int)
        case torn
        case damaged(String)
    }

    private static func step(_ bytes: [UInt8], at offset: Int) -> Step {
        let rest = bytes.count - offset
        guard rest >= TraceRecord.headSize + 4 else { return .torn }
        let length = Int(word(bytes, at: offset))
        guard length <= TraceRecord.maximumContent else {
            return .damaged("a record of \(length) bytes; at most \(TraceRecord.maximumContent) are allowed")
        }
        let size = TraceRecord.headSize + length + 4
        guard rest >= size else { return .torn }
        let (content, end) = (offset + TraceRecord.headSize, offset + size - 4)
        guard crc32c([UInt8](bytes[offset..<end])) == word(bytes, at: end) else {
            // A machine that lost power may have kept the file's new size and not its last bytes.
            return rest == size ? .torn : .damaged("the checksum (CRC-32C) is wrong")
        }
        do throws(TraceBytes.Bad) {
            return .record(
                try TraceRecord(head: bytes[offset..<content], content: bytes[content..<end]), size: size)
        } catch {
            return .damaged("bad \(error.field)")
        }
    }

    /// The error of a file that is damaged in its middle; nil when all that was recorded, or all but its torn end,
    /// could be read.
    public func damage(path: String = "recording") -> BellError? {
        guard case .damaged(let offset, let bytes, let cause) = tail else { return nil }
        return BellError(
            .recordingDamaged, "The recording is damaged at byte \(offset).", at: path, cause: cause,
            state: "\(entries.count) records before it are sound; \(bytes) bytes were not read",
            fix: "copy the file again from where it was recorded")
    }

    private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }

    private static func header(of bytes: [UInt8], path: String) throws(BellError) -> (TraceHeader, Int) {
        func bad(_ cause: String, fix: String = "check the path; recordings end in .belltrace") -> BellError {
            BellError(.recordingFormat, "The file is no recording that can be read.", at: path, cause: cause, fix: fix)
        }
        guard bytes.starts(with: TraceHeader.magic), bytes.count >= TraceHeader.fixedSize else {
            throw bad("it does not begin with BELLTRCE")
        }
        let version = Trace.word(bytes, at: 8) & 0xFFFF
        guard version == TraceHeader.version else {
            throw bad(
                "it has format \(version); \(TraceHeader.version) is read here", fix: "read it with a newer bellctl")
        }
        let length = Int(Trace.word(bytes, at: 12))
        let end = TraceHeader.fixedSize + length
        guard length <= TraceHeader.maximumBody, bytes.count >= end + 4 else {
            throw bad("byte 12: a header of \(length) bytes of text")
        }
        guard crc32c([UInt8](bytes[..<end])) == Trace.word(bytes, at: end) else {
            throw bad("byte \(end): the header's checksum (CRC-32C) is wrong")
        }
        guard let kind = TraceHeader.Kind(rawValue: bytes[10]) else { throw bad("byte 10: kind \(bytes[10])") }
        do throws(TraceBytes.Bad) {
            let body = bytes[TraceHeader.fixedSize..<end]
            return (try TraceHeader(kind: kind, flags: bytes[11], body: body), end + 4)
        } catch {
            throw bad("the header's \(error.field) cannot be read")
        }
    }
}
