public import BellModel

/// One thing that is played for a calibration: a sequence with its parameters filled in, a number of times.
public struct ExperimentPoint: Equatable, Sendable {
    /// What comes back.
    public enum Kind: Equatable, Sendable {
        /// One node plays on its own trigger, with its setting switch passing (SHOTS of the board protocol).
        case shots(Node)
        /// Both nodes play on the shared trigger with random input bits, as trials do; never part of a campaign.
        case joint
    }

    public var kind: Kind
    /// Name of a file in `Sequences/calibration/`, without `.yaml`.
    public var sequence: String
    /// The sequence's parameters by name, in the units that the file states.
    public var parameters: [String: Double]
    /// How often; > 0.
    public var count: Int
    /// Values of the calibration that count for this point alone, before anybody has accepted them.
    public var overrides: [CalibrationPath: Double]

    public init(
        _ kind: Kind, _ sequence: String, _ parameters: [String: Double] = [:], count: Int,
        overrides: [CalibrationPath: Double] = [:]
    ) {
        self.kind = kind
        self.sequence = sequence
        self.parameters = parameters
        self.count = count
        self.overrides = overrides
    }
}

/// What came back of an ``ExperimentPoint``.
public enum Measurement: Equatable, Sendable {
    case shots(ShotSet)
    case joint(JointSet)
}

/// Integrated IQ points of one node, in the codes of the trial record.
public struct ShotSet: Equatable, Sendable {
    public var i: [Int16]
    /// As many as `i`.
    public var q: [Int16]
    /// How many the program's own discriminator calls 1.
    public var ones: Int

    public init(i: [Int16], q: [Int16], ones: Int) {
        self.i = i
        self.q = q
        self.ones = ones
    }

    public var count: Int { i.count }
}

/// Trials of both nodes, in the order of their indices; lost ones are left out at both.
public struct JointSet: Equatable, Sendable {
    /// Input bits, outcomes and IQ points of each node; all of one length.
    public var settings: PerNode<[UInt8]>
    public var outcomes: PerNode<[UInt8]>
    public var i: PerNode<[Int16]>
    public var q: PerNode<[Int16]>
    /// Trials that did not come back whole.
    public var lost: Int
    /// Both boards' clock records in the order of their pulses, arm by arm; as often as the experiment's `clock_every`.
    public var clocks: [PerNode<[ClockRecord]>]

    public init(
        settings: PerNode<[UInt8]>, outcomes: PerNode<[UInt8]>, i: PerNode<[Int16]>, q: PerNode<[Int16]>, lost: Int,
        clocks: [PerNode<[ClockRecord]>] = []
    ) {
        self.settings = settings
        self.outcomes = outcomes
        self.i = i
        self.q = q
        self.lost = lost
        self.clocks = clocks
    }
}
