/// How many reads of what size a stream keeps under way; a pure value.
///
/// 8 reads of 256 KiB are 10 ms of data at 200 MB/s: more than a scheduler's delay, and an eighth of the kernel's 16 MiB.
struct USBStreamShape: Equatable, Sendable {
    /// Reads under way at once.
    var transfers: Int
    /// Bytes of each, a multiple of the packet size.
    var bytes: Int

    static let wanted = USBStreamShape(transfers: 8, bytes: 256 << 10)
    /// USB 3 bursts are 16 packets of 1024 bytes; below that a read costs more than it brings.
    private static let leastBytes = 16 << 10

    var totalBytes: Int { transfers * bytes }

    /// The largest shape, at most ``wanted``, that takes a quarter of the limit and half of what is free at the most.
    ///
    /// Halves the reads' size first, then their number down to 2; the least shape is 2 reads of 16 KiB whatever the limit.
    static func fitting(limit: Int, used: Int, packet: Int) -> USBStreamShape {
        let room = min(limit / 4, max(0, limit - used) / 2)
        var shape = wanted
        while shape.totalBytes > room, shape.bytes > leastBytes { shape.bytes /= 2 }
        while shape.totalBytes > room, shape.transfers > 2 { shape.transfers /= 2 }
        let packet = max(1, packet)
        shape.bytes = max(packet, shape.bytes / packet * packet)
        return shape
    }
}
