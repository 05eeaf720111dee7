/// Packed bytes of random bits that have come, passed their tests and are not used yet; a pure value.
///
/// What feeds it is asked to pause when it holds much, so that a fast source fills no memory and loses no bits.
struct HostBitQueue {
    private var bytes: [UInt8] = []
    /// Bytes at the beginning that are used up.
    private var head = 0
    private var isPaused = false

    /// 8 Mbit: eight arms of the largest size.
    static let highWater = 1 << 20

    /// Bytes that can be taken.
    var count: Int { bytes.count - head }

    /// Adds bytes; true when the source should pause.
    mutating func append(_ more: some Collection<UInt8>) -> Bool {
        bytes += more
        // A message on its way may come after the pause was asked for; that it is asked for stays so until there is room.
        isPaused = isPaused || count >= HostBitQueue.highWater
        return isPaused
    }

    /// Takes exactly so many bytes, each only once, or nil when they have not come yet.
    ///
    /// - Returns: Also whether a paused source should go on.
    mutating func take(_ wanted: Int) -> (bytes: [UInt8], hasRoom: Bool)? {
        guard count >= wanted else { return nil }
        let taken = Array(bytes[head..<head + wanted])
        head += wanted
        if head >= HostBitQueue.highWater || head == bytes.count {
            bytes.removeFirst(head)
            head = 0
        }
        guard isPaused, count < HostBitQueue.highWater / 4 else { return (taken, false) }
        isPaused = false
        return (taken, true)
    }

    /// Drops everything; whoever was asked to pause must be told to go on.
    mutating func removeAll() {
        bytes = []
        head = 0
        isPaused = false
    }
}
