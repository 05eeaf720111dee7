public import BellModel

/// What is true of one simulated board: its limits, its clock and its random number generator.
public struct BoardTruth: Equatable, Sendable {
    /// Ticks a second that the board's counter is specified for.
    public var tickRate: TickRate
    /// Ticks a waveform sample lasts.
    public var ticksPerSample: UInt32 = 4
    /// Complex samples.
    public var waveformMemory: UInt32 = 65_536
    public var maxEvents: UInt32 = 256
    /// Trial records kept until they are acknowledged.
    public var spoolTrials: UInt32 = 65_536
    /// Whether chunks are signed.
    public var signs = true
    /// Relative deviation of the counter's true rate, for example 30e-9.
    public var drift = 0.0
    /// Counter at the laboratory's start; nil: drawn from the seed.
    public var startTick: UInt64?
    /// Picoseconds that the shared trigger pulse needs to the board.
    public var triggerDelay: UInt64 = 0
    /// Standard deviation of the trigger pulse's arrival in picoseconds; rounded to even.
    public var triggerJitter: UInt32 = 0
    /// Santha–Vazirani bias of the random number generator, 0…½.
    public var rngBias = 0.0
    public var rngRule = NodeRandomness.Rule.history

    /// A perfect board with `tickRate`.
    public init(tickRate: TickRate) { self.tickRate = tickRate }
}
