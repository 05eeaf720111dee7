/// Finds frames in a stream of bytes (USB bulk pipes) and counts what is not one.
///
/// After garbage it goes on at the next `BELL` that heads a sound frame. A false header can claim up to 1 MiB, which is
/// waited for; a link that stays silent behind one is ended by the silence time-out, and a new decoder is made.
public struct FrameStreamDecoder: Sendable {
    /// Bytes that were in no sound frame.
    public private(set) var garbageBytes: UInt64 = 0
    /// Headers with the magic whose length or checksum was wrong.
    public private(set) var garbledFrames: UInt64 = 0

    private var buffer: [UInt8] = []
    private var start = 0
    /// Bytes that were checksummed in vain since the last sound frame.
    private var wasted = 0
    /// Past this many wasted bytes a bad candidate is dropped whole, so that planted headers cost linear time.
    private static let patience = 8 * Frame.maximumSize

    public init() {}

    /// Takes what was read.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        makeRoom()
        buffer.append(contentsOf: bytes)
    }

    /// Takes what was read, from memory that is only lent.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        makeRoom()
        buffer.append(contentsOf: bytes)
    }

    /// Takes what was read, from memory that is only lent, and gives away the frames in it, as ``append(_:)`` and
    /// ``next()`` would.
    ///
    /// Each byte of a sound frame is copied once, into the frame's own array: what streams do with much data.
    public mutating func take(_ bytes: UnsafeRawBufferPointer, _ give: ([UInt8]) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if start < buffer.count {
                // Just what the frame that has begun still wants, so that it is the whole buffer in the end.
                let part = rest.prefix(missing)
                append(UnsafeRawBufferPointer(rebasing: part))
                rest = rest.dropFirst(part.count)
            } else if let size = FrameStreamDecoder.frameSize(at: rest) {
                let whole = UnsafeRawBufferPointer(rebasing: rest.prefix(size))
                if whole.count == size, FrameStreamDecoder.isSound(whole) {
                    wasted = 0
                    give([UInt8](whole))
                } else {
                    reserve(size)
                    append(whole)
                }
                rest = rest.dropFirst(size)
            } else {
                append(UnsafeRawBufferPointer(rebasing: rest))
                rest = rest.dropFirst(rest.count)
            }
            while let frame = next() { give(frame) }
        }
    }

    /// Bytes that the frame at the start still lacks, or its header.
    private var missing: Int {
        let have = buffer.count - start
        guard have >= Frame.headerSize else { return Frame.headerSize - have }
        let header = buffer.withUnsafeBytes { Frame.Header(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        // At least one: `next` has left it there because it is not whole.
        return max(1, Frame.headerSize + header.length - have)
    }

    /// The size that a header at the beginning claims; nil when there is none, or no sane one.
    private static func frameSize(at bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard bytes.count >= Frame.headerSize else { return nil }
        let header = Frame.Header(UnsafeRawBufferPointer(rebasing: bytes))
        guard header.hasMagic, header.length <= Frame.maximumPayload else { return nil }
        return Frame.headerSize + header.length
    }

    private static func isSound(_ frame: UnsafeRawBufferPointer) -> Bool {
        Frame.checksum(of: frame) == Frame.Header(frame).checksum
    }

    /// Begins a buffer for a frame of this size. The old one is empty.
    private mutating func reserve(_ size: Int) {
        buffer = []
        start = 0
        buffer.reserveCapacity(size)
    }

    private mutating func makeRoom() {
        if start > 0, start == buffer.count || start > Frame.maximumSize {
            buffer.removeFirst(start)
            start = 0
        }
    }

    /// The next whole frame whose checksum is right, of whatever version and type; nil until more bytes come.
    ///
    /// The result is ready for ``Frame/decode(_:)``.
    public mutating func next() -> [UInt8]? {
        while seekMagic() {
            guard buffer.count - start >= Frame.headerSize else { return nil }
            let header = buffer.withUnsafeBytes { Frame.Header(UnsafeRawBufferPointer(rebasing: $0[start...])) }
            guard header.length <= Frame.maximumPayload else {
                reject(dropping: 1)
                continue
            }
            let size = Frame.headerSize + header.length
            guard buffer.count - start >= size else { return nil }
            let checksum = buffer.withUnsafeBytes { raw in
                Frame.checksum(of: UnsafeRawBufferPointer(rebasing: raw[start..<start + size]))
            }
            guard checksum == header.checksum else {
                wasted += size
                reject(dropping: wasted > FrameStreamDecoder.patience ? size : 1)
                continue
            }
            wasted = 0
            guard start > 0 || size < buffer.count else { return giveBuffer() }
            defer { start += size }
            return [UInt8](buffer[start..<start + size])
        }
        return nil
    }

    /// The buffer, which is one frame, without a copy.
    private mutating func giveBuffer() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }

    private mutating func reject(dropping count: Int) {
        garbledFrames += 1
        garbageBytes += UInt64(count)
        start += count
    }

    /// Moves to the next place where the magic, or a beginning of it at the buffer's end, stands; false at the end.
    private mutating func seekMagic() -> Bool {
        let from = start
        buffer.withUnsafeBytes { raw in
            while start < raw.count {
                guard raw[start] == Frame.magic[0] else {
                    start += 1
                    continue
                }
                let have = min(Frame.magic.count, raw.count - start)
                if (0..<have).allSatisfy({ raw[start + $0] == Frame.magic[$0] }) { break }
                start += 1
            }
        }
        garbageBytes += UInt64(start - from)
        return start < buffer.count
    }
}
