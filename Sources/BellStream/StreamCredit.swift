/// How much may be under way without being acknowledged; keeps the memory of both sides flat.
public struct StreamCredit: Equatable, Sendable {
    public var frames: UInt32
    public var bytes: UInt32

    public init(frames: UInt32, bytes: UInt32) {
        self.frames = frames
        self.bytes = bytes
    }

    /// 2048 arms of 1024 trials are 2 M trials: one second of the fastest stream we promise.
    public static let usual = StreamCredit(frames: 2048, bytes: 16 << 20)
    /// The server never has more than this under way, whatever the client offers.
    public static let limit = StreamCredit(frames: 4096, bytes: 64 << 20)
}
