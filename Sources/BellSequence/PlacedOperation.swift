public import BellModel

/// An operation on a board's grid, and when it acts where it matters.
public struct PlacedOperation: Equatable, Sendable {
    public var operation: Operation
    /// Board ticks after the trigger pulse.
    public var tick: UInt32
    /// Ticks; 0 for an instant.
    public var ticks: UInt32
    /// The time of ``tick`` after the trigger pulse at the board.
    public var start: Picoseconds
    /// The time of the last tick's end.
    public var end: Picoseconds
    /// Where the operation acts: moved by the lines' measured delays, still after the pulse at the board.
    ///
    /// Drive pulses act at the qubit, the readout at the resonator, the latch at the switch, the input bit at the noise
    /// source, the stop at the converter.
    public var actsFrom: Picoseconds
    public var actsUntil: Picoseconds

    public init(
        operation: Operation, tick: UInt32, ticks: UInt32, start: Picoseconds, end: Picoseconds,
        actsFrom: Picoseconds, actsUntil: Picoseconds
    ) {
        self.operation = operation
        self.tick = tick
        self.ticks = ticks
        self.start = start
        self.end = end
        self.actsFrom = actsFrom
        self.actsUntil = actsUntil
    }
}
