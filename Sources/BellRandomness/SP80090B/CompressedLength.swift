import CBZip2

/// How long samples are as text after bzip2: SP 800-90B, section 5.1.11.
struct CompressedLength {
    /// The text of each value with the space after it, so that each is formatted once.
    private static let words: [[UInt8]] = (0..<256).map { Array("\($0) ".utf8) }
    /// The reference program's block size, in units of 100 kB.
    private static let blocks: Int32 = 5

    private var text: [UInt8] = []
    private var room: [CChar] = []

    /// Bytes after compression of the values in decimal with one space between; `BZ2_bzBuffToBuffCompress`. nil when it fails.
    mutating func length(of symbols: UnsafeBufferPointer<UInt8>) -> Int? {
        text.removeAll(keepingCapacity: true)
        for x in symbols { text.append(contentsOf: CompressedLength.words[Int(x)]) }
        if !text.isEmpty { text.removeLast() }
        // Never longer than this, says bzlib's manual.
        let most = text.count + text.count / 100 + 601
        if room.count < most { room = [CChar](repeating: 0, count: most) }
        var length = UInt32(room.count)
        let status = text.withUnsafeMutableBytes { text in
            BZ2_bzBuffToBuffCompress(
                &room, &length, text.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(text.count),
                CompressedLength.blocks, 0, 0)
        }
        return status == BZ_OK ? Int(length) : nil
    }
}
