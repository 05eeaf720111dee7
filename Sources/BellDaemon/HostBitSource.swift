import BellModel
import BellZeroMQ
import Glibc
import Synchronization

extension BellError.Code {
    /// A host source of input bits is wrong, empty or silent.
    static let hostBits = BellError.Code("host-bits.source", exit: .hardware)
    /// A plan names a host source that does not exist.
    static let hostBitsAddress = BellError.Code("host-bits.address", exit: .usage)
}

/// Where the input bits of a host-fed campaign come from: `file:PATH`, `device:PATH` or `zmq:ENDPOINT`.
///
/// Bits are packed, most significant first. Bit i of a file belongs to trial i, so that a restarted daemon never uses a
/// bit twice; a device and a ZeroMQ PULL socket are streams, whose bits are fresh by themselves.
final class HostBitSource: Sendable {
    private enum Kind: Sendable {
        case file(String)
        case device(Int32, String)
        case stream(String)
    }

    private let kind: Kind
    /// Packed bytes that came over ZeroMQ and are not used yet.
    private let queue = HostBitQueue()
    private let channel: Channel?

    /// Opens a source.
    init(address: String, reactor: Reactor) throws(BellError) {
        let parts = address.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else { throw HostBitSource.unknown(address) }
        switch parts[0] {
        case "file":
            kind = .file(parts[1])
            channel = nil
        case "device":
            let fd = Glibc.open(parts[1], O_RDONLY | O_CLOEXEC)
            guard fd >= 0 else { throw HostBitSource.failed(address, cause: String(cString: strerror(errno))) }
            kind = .device(fd, parts[1])
            channel = nil
        case "zmq":
            kind = .stream(parts[1])
            channel = try reactor.open(.pull, connect: [parts[1]]) { [queue] parts in queue.append(parts) }
        default: throw HostBitSource.unknown(address)
        }
    }

    deinit {
        if case .device(let fd, _) = kind { Glibc.close(fd) }
        channel?.close()
    }

    /// The bits of these trials, one a byte.
    ///
    /// - Throws: `host-bits.source` when the source has not that many bits; nothing is consumed then, but a device's.
    func bits(for range: Range<UInt64>) throws(BellError) -> [UInt8] {
        switch kind {
        case .file(let path): return try fileBits(path, range)
        case .device(let fd, let path): return try deviceBits(fd, path, range.count)
        case .stream(let endpoint):
            let bytes = (range.count + 7) / 8
            guard let taken = queue.take(bytes) else {
                throw HostBitSource.failed(
                    "zmq:\(endpoint)", cause: "\(range.count) bits are needed, \(queue.count * 8) have come")
            }
            return unpacked(taken, count: range.count)
        }
    }

    private func fileBits(_ path: String, _ range: Range<UInt64>) throws(BellError) -> [UInt8] {
        let fd = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw HostBitSource.failed("file:\(path)", cause: String(cString: strerror(errno))) }
        defer { Glibc.close(fd) }
        let first = range.lowerBound / 8
        let count = Int((range.upperBound + 7) / 8 - first)
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(fd, &bytes, count, Int(first)) == count else {
            throw HostBitSource.failed(
                "file:\(path)", cause: "the file ends before bit \(range.upperBound)",
                fix: "give a file with at least as many bits as the plan has trials")
        }
        return Array(unpacked(bytes, count: count * 8).dropFirst(Int(range.lowerBound % 8)).prefix(range.count))
    }

    private func deviceBits(_ fd: Int32, _ path: String, _ count: Int) throws(BellError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
        var got = 0
        while got < bytes.count {
            let n = bytes.withUnsafeMutableBytes { read(fd, $0.baseAddress.map { $0 + got }, $0.count - got) }
            if n < 0, errno == EINTR { continue }
            guard n > 0 else {
                throw HostBitSource.failed(
                    "device:\(path)", cause: n == 0 ? "the device ended" : String(cString: strerror(errno)))
            }
            got += n
        }
        return unpacked(bytes, count: count)
    }

    private func unpacked(_ bytes: [UInt8], count: Int) -> [UInt8] {
        (0..<count).map { bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 }
    }

    private static func failed(_ address: String, cause: String, fix: String? = nil) -> BellError {
        BellError(
            .hostBits, "The host's source of input bits gave too few bits.", at: address, cause: cause,
            state: "no trial was started with missing bits",
            fix: fix ?? "check the source; the campaign goes on by itself")
    }

    private static func unknown(_ address: String) -> BellError {
        BellError(
            .hostBitsAddress, "A source of input bits cannot be \"\(address)\".", at: "plan input_bits",
            fix: "write file:PATH, device:PATH or zmq:ENDPOINT")
    }
}

/// Bytes that arrived on a PULL socket, at most 16 MiB.
private final class HostBitQueue: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var count: Int { bytes.withLock { $0.count } }

    func append(_ parts: [[UInt8]]) {
        bytes.withLock { bytes in
            for part in parts where bytes.count + part.count <= 16 << 20 { bytes += part }
        }
    }

    func take(_ count: Int) -> [UInt8]? {
        bytes.withLock { bytes in
            guard bytes.count >= count else { return nil }
            defer { bytes.removeFirst(count) }
            return Array(bytes.prefix(count))
        }
    }
}
