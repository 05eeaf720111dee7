/// What a board plays in every trial: waveforms and events in integer ticks, relative to the trigger pulse.
///
/// The compiler (`BellSequence`) makes one a node, `DriverKit` puts it into bytes, the board executes it.
/// All events are timed in board ticks; amplitudes and phases are integers, so that equal programs have equal bytes.
public struct NodeProgram: Equatable, Sendable {
    public var node: Node
    /// Board ticks a second that all tick numbers refer to.
    public var tickRate: TickRate
    /// Ticks a waveform sample lasts.
    public var ticksPerSample: UInt32
    /// Ticks from one trigger pulse to the next.
    public var trialPeriod: UInt64
    /// Whether a clock record is made at every n-th trial of an arm; the arm's first and last trials always have one.
    public var clockEvery: UInt32
    /// Where the input bit comes from.
    public var inputBits: InputBitSource
    /// Complex samples; an event names one by its place.
    public var waveforms: [Waveform]
    /// Sorted by tick.
    public var events: [ProgramEvent]
    public var discriminator: Discriminator

    public init(
        node: Node, tickRate: TickRate, ticksPerSample: UInt32, trialPeriod: UInt64, clockEvery: UInt32,
        inputBits: InputBitSource, waveforms: [Waveform], events: [ProgramEvent], discriminator: Discriminator
    ) {
        self.node = node
        self.tickRate = tickRate
        self.ticksPerSample = ticksPerSample
        self.trialPeriod = trialPeriod
        self.clockEvery = clockEvery
        self.inputBits = inputBits
        self.waveforms = waveforms
        self.events = events
        self.discriminator = discriminator
    }
}

/// Where a node's input bits come from.
public enum InputBitSource: UInt8, Sendable {
    /// The board's own random number generator, in the trial.
    case board = 0
    /// Bits that the host sent before the arm; locality is then an assumption.
    case host = 1
}

/// An envelope: complex samples in Q15 of the channel's full scale.
public struct Waveform: Hashable, Sendable {
    public var i: [Int16]
    /// As many as `i`.
    public var q: [Int16]
    public init(i: [Int16], q: [Int16]) {
        self.i = i
        self.q = q
    }
}

/// One thing that a board does in a trial.
public struct ProgramEvent: Hashable, Sendable {
    /// What happens.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// The qubit is brought to its ground state.
        case reset = 1
        /// A waveform on the drive line, always.
        case drive = 2
        /// A waveform on the drive line behind the setting switch: passed when the input bit is 1.
        case gatedDrive = 3
        /// A waveform that emits (half of) the qubit's excitation as a photon into the link.
        case emit = 4
        /// A waveform that absorbs a photon from the link.
        case absorb = 5
        /// The random number generator starts to make the input bit: the start event.
        case inputBit = 6
        /// The input bit is latched and sets the switch.
        case gate = 7
        /// The readout tone and integration window.
        case readout = 8
        /// The last sample that can influence the outcome: the stop event.
        case stop = 9
    }

    public var kind: Kind
    /// Ticks after the trigger pulse.
    public var tick: UInt32
    /// Ticks that it lasts; 0 for an instant.
    public var duration: UInt32
    /// Place in the program's waveforms, or nil.
    public var waveform: UInt16?
    /// Scales the waveform: 0…65535 of 65535.
    public var amplitude: UInt16
    /// Added phase as a fraction of a turn: 2^32 is a full turn.
    public var phase: UInt32
    /// Carrier offset from the node's frame, in millihertz.
    public var detuning: Int64

    public init(
        kind: Kind, tick: UInt32, duration: UInt32, waveform: UInt16? = nil, amplitude: UInt16 = 0,
        phase: UInt32 = 0, detuning: Int64 = 0
    ) {
        self.kind = kind
        self.tick = tick
        self.duration = duration
        self.waveform = waveform
        self.amplitude = amplitude
        self.phase = phase
        self.detuning = detuning
    }
}

/// The line in the IQ plane that decides an outcome: 1 when `weightI·I + weightQ·Q > threshold`, else 0.
public struct Discriminator: Hashable, Sendable {
    /// Q15.
    public var weightI: Int16
    /// Q15.
    public var weightQ: Int16
    /// In units of the weighted sum, which has at most 32 bits.
    public var threshold: Int32

    public init(weightI: Int16, weightQ: Int16, threshold: Int32) {
        self.weightI = weightI
        self.weightQ = weightQ
        self.threshold = threshold
    }

    /// The frozen decision for an integrated IQ point.
    @inlinable
    public func outcome(i: Int16, q: Int16) -> UInt8 {
        Int64(weightI) * Int64(i) + Int64(weightQ) * Int64(q) > Int64(threshold) ? 1 : 0
    }
}
