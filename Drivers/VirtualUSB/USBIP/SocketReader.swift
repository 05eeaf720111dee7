import Glibc

/// Reads exact amounts from a blocking socket; small messages come out of one system call.
struct SocketReader: ~Copyable {
    private let socket: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    private var start = 0
    private var end = 0

    init(socket: Int32) { self.socket = socket }

    deinit { buffer.deallocate() }

    /// Fills `target`; false when the connection ends first.
    mutating func fill(_ target: UnsafeMutableRawBufferPointer) -> Bool {
        var done = min(end - start, target.count)
        target.copyBytes(from: buffer[start..<start + done])
        start += done
        while done < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
            if rest.count >= buffer.count {
                let count = receive(into: rest)
                guard count > 0 else { return false }
                done += count
                continue
            }
            let count = receive(into: buffer)
            guard count > 0 else { return false }
            let part = min(count, rest.count)
            rest.copyBytes(from: buffer[..<part])
            (start, end) = (part, count)
            done += part
        }
        return true
    }

    /// Reads `count` bytes; nil when the connection ends first.
    mutating func read(_ count: Int) -> [UInt8]? {
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            isWhole = fill(UnsafeMutableRawBufferPointer(target))
            filled = isWhole ? count : 0
        }
        return isWhole ? bytes : nil
    }

    private func receive(into target: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = recv(socket, target.baseAddress, target.count, 0)
            if count >= 0 || errno != EINTR { return count }
        }
    }
}
