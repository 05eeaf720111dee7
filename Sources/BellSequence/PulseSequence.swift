public import BellModel

/// A sequence file: what both nodes do in every trial, in words and nanoseconds, before any calibration.
///
/// Times are laboratory time: zero is the moment when the shared pulse has reached both boards.
public struct PulseSequence: Equatable, Sendable {
    public var name: String
    /// The path of the file.
    public var source: String
    /// From one trigger pulse to the next.
    public var trialPeriod: Picoseconds
    /// Whether a clock record is made at every n-th trial of an arm.
    public var clockEvery: UInt32
    /// In the order of the file.
    public var operations: PerNode<[Operation]>
    /// Where the trial period is written.
    public var place: SourcePlace

    public init(
        name: String, source: String, trialPeriod: Picoseconds, clockEvery: UInt32,
        operations: PerNode<[Operation]>, place: SourcePlace
    ) {
        self.name = name
        self.source = source
        self.trialPeriod = trialPeriod
        self.clockEvery = clockEvery
        self.operations = operations
        self.place = place
    }
}
