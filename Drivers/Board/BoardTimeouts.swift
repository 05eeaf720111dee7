/// How long a link waits before it gives up; wall time.
public struct BoardTimeouts: Hashable, Sendable {
    /// For the answer to a request. A board answers at once; 2 s covers a busy bridge process.
    public var request: Duration
    /// For the answer to PROGRAM, HOST_BITS, SHOTS and RAW_RNG requests, which move up to 1 MiB.
    public var transfer: Duration
    /// From CAPABILITIES to the STATUS that ends the replay: a spool of 2^24 records at 20 MB/s.
    public var replay: Duration
    /// A PING is sent when nothing else was sent for so long.
    public var heartbeat: Duration
    /// The link is given up when nothing came for so long; at least three heartbeats.
    public var silence: Duration
    /// Records that an ARM_END announces and that are missing are asked for again after so long.
    public var gap: Duration
    /// How often the deadlines are looked at.
    public var resolution: Duration

    public init(
        request: Duration = .seconds(2), transfer: Duration = .seconds(10), replay: Duration = .seconds(30),
        heartbeat: Duration = .seconds(1), silence: Duration = .seconds(3), gap: Duration = .milliseconds(500),
        resolution: Duration = .milliseconds(100)
    ) {
        self.request = request
        self.transfer = transfer
        self.replay = replay
        self.heartbeat = heartbeat
        self.silence = silence
        self.gap = gap
        self.resolution = resolution
    }
}
