public import BellModel

/// What a board can hold and play; the compiler's view of the board's capabilities.
public struct BoardLimits: Equatable, Sendable {
    public var tickRate: TickRate
    /// Ticks a waveform sample lasts; > 0.
    public var ticksPerSample: UInt32
    /// Complex samples.
    public var waveformMemory: UInt32
    /// Events a program.
    public var maxEvents: UInt32

    public init(tickRate: TickRate, ticksPerSample: UInt32, waveformMemory: UInt32, maxEvents: UInt32) {
        self.tickRate = tickRate
        self.ticksPerSample = ticksPerSample
        self.waveformMemory = waveformMemory
        self.maxEvents = maxEvents
    }
}
