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
/// bit twice; a character device, a pipe and a ZeroMQ PULL socket are streams, whose bits are fresh by themselves.
final class HostBitSource: Sendable {
    private enum Kind: Sendable {
        case file(String)
        case device(Int32, String)
        case stream(Channel, String)
    }

    private let kind: Kind
    /// What a stream has brought and no trial has used.
    private let queue: HostBitQueue
    private let patience: Duration

    /// Opens a source.
    ///
    /// - Parameter patience: How long a stream may take to bring the bits of one arm.
    /// - Throws: `host-bits.address`, `host-bits.source`, or what a ZeroMQ endpoint is refused with.
    init(address: String, reactor: Reactor, patience: Duration = .seconds(1)) throws(BellError) {
        let parts = address.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw HostBitSource.unknown(address) }
        let queue = HostBitQueue()
        self.queue = queue
        self.patience = patience
        switch parts[0] {
        case "file": kind = .file(parts[1])
        case "device": kind = .device(try HostBitSource.openDevice(parts[1]), parts[1])
        case "zmq":
            let box = ChannelBox()
            let options = SocketOptions(highWaterMark: 16, maxMessageBytes: 1 << 20)
            let channel = try reactor.open(.pull, connect: [parts[1]], options: options) { parts in
                if queue.append(parts.joined()) { box.pause() }
            }
            box.set(channel)
            kind = .stream(channel, parts[1])
        default: throw HostBitSource.unknown(address)
        }
    }

    deinit {
        switch kind {
        case .file: break
        case .device(let fd, _): Glibc.close(fd)
        case .stream(let channel, _): channel.close()
        }
    }

    /// The bits of these trials, one a byte.
    ///
    /// - Throws: `host-bits.source` when the source has not that many bits; those that have come are used later.
    func bits(for range: Range<UInt64>) async throws(BellError) -> [UInt8] {
        let needed = (range.count + 7) / 8
        let deadline = ContinuousClock.now + patience
        while true {
            switch kind {
            case .file(let path): return try fileBits(path, range)
            case .device(let fd, let path): try fill(from: fd, path, needed)
            case .stream: break
            }
            if let (bytes, hasRoom) = queue.take(needed) {
                if hasRoom, case .stream(let channel, _) = kind { channel.resume() }
                return unpacked(bytes, count: range.count)
            }
            guard ContinuousClock.now < deadline else { throw tooSlow(range.count) }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func tooSlow(_ count: Int) -> BellError {
        let name =
            switch kind {
            case .file(let path): "file:\(path)"
            case .device(_, let path): "device:\(path)"
            case .stream(_, let endpoint): "zmq:\(endpoint)"
            }
        return HostBitSource.failed(
            name, cause: "\(count) bits are needed, \(queue.count * 8) have come within \(patience)")
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
                fix: "append bits, at least as many as the plan has trials; the campaign goes on by itself")
        }
        return Array(unpacked(bytes, count: count * 8).dropFirst(Int(range.lowerBound % 8)).prefix(range.count))
    }

    /// A pipe without a writer must not stop the daemon, so nothing here waits; `open(2)` with `O_NONBLOCK`.
    private static func openDevice(_ path: String) throws(BellError) -> Int32 {
        let fd = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard fd >= 0 else { throw failed("device:\(path)", cause: String(cString: strerror(errno))) }
        var status = stat()
        let kind = fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0
        guard kind == S_IFCHR || kind == S_IFIFO else {
            Glibc.close(fd)
            throw BellError(
                .hostBitsAddress, "\(path) is neither a character device nor a pipe.", at: "device:\(path)",
                state: "no bit was read: after a restart the same bits would come again", fix: "write file:\(path)")
        }
        return fd
    }

    /// Reads what is there, at most as much as is needed.
    private func fill(from fd: Int32, _ path: String, _ needed: Int) throws(BellError) {
        var buffer = [UInt8](repeating: 0, count: max(0, needed - queue.count))
        while !buffer.isEmpty {
            let got = read(fd, &buffer, buffer.count)
            if got < 0, errno == EINTR { continue }
            if got < 0, errno != EAGAIN {
                throw HostBitSource.failed("device:\(path)", cause: String(cString: strerror(errno)))
            }
            // Nothing there now, or a pipe whose writer has gone; another one may come.
            guard got > 0 else { return }
            _ = queue.append(buffer.prefix(got))
            buffer.removeLast(got)
        }
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

/// Holds the channel, which is made only after the callback that pauses it.
private final class ChannelBox: Sendable {
    private let held = Mutex<Channel?>(nil)

    func set(_ channel: Channel) { held.withLock { $0 = channel } }

    /// A pause that is asked for before the channel is known takes effect with the next message.
    func pause() { held.withLock { $0 }?.pause() }
}
