public import BellSequence
public import DriverKit

extension BoardLimits {
    /// What a connected board says of itself.
    public init(_ board: Capabilities) {
        self.init(
            tickRate: board.tickRate, ticksPerSample: board.ticksPerSample, waveformMemory: board.waveformMemory,
            maxEvents: board.maxEvents)
    }
}
