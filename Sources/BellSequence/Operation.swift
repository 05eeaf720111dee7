public import BellModel

/// One thing that a sequence file asks a node to do.
public struct Operation: Equatable, Sendable {
    /// The operations that a sequence file knows, by the word it uses.
    public enum Kind: String, CaseIterable, Sendable {
        /// The qubit is brought to its ground state.
        case reset
        /// Half of the excitation leaves as a photon over the link.
        case emit
        /// The photon from the link becomes the qubit's excitation.
        case absorb
        /// A rotation about an equatorial axis, always.
        case rotation
        /// The random number generator makes the input bit; its start is the start event.
        case inputBit = "input_bit"
        /// The bit is latched and moves the setting switch.
        case latch
        /// A rotation behind the setting switch: passed when the bit is 1, blocked when it is 0.
        case gatedRotation = "gated_rotation"
        /// Readout tone and integration window.
        case readout
        /// The time tag of the last sample that can influence the outcome: the stop event.
        case stop
    }

    /// When an operation begins.
    public enum Start: Equatable, Sendable {
        /// After the trigger pulse, in laboratory time.
        case at(Picoseconds)
        /// At another operation's start or end, plus a gap that may be negative.
        case after(Reference, gap: Picoseconds)
    }

    /// Names another operation: `name`, `name.start`, `bob.name.end`.
    public struct Reference: Equatable, Sendable {
        public var node: Node
        public var name: String
        /// Its start instead of its end.
        public var isStart: Bool

        public init(node: Node, name: String, isStart: Bool) {
            self.node = node
            self.name = name
            self.isStart = isStart
        }
    }

    public var kind: Kind
    /// Unique at its node; the kind's word unless the file says otherwise.
    public var name: String
    public var node: Node
    public var start: Start
    /// As written; nil where the calibration's pulse decides, zero for an instant.
    public var duration: Picoseconds?
    /// Rotation angle in degrees; 0 for what is no rotation.
    public var angle: Double
    /// Direction of the rotation's axis in the equatorial plane, in degrees: 0 is x, 90 is y.
    public var axis: Double
    public var place: SourcePlace

    public init(
        kind: Kind, name: String, node: Node, start: Start, duration: Picoseconds? = nil, angle: Double = 0,
        axis: Double = 0, place: SourcePlace
    ) {
        self.kind = kind
        self.name = name
        self.node = node
        self.start = start
        self.duration = duration
        self.angle = angle
        self.axis = axis
        self.place = place
    }

    /// `alice/readout`, as errors and tables say.
    public var label: String { "\(node.name)/\(name)" }
}

extension Operation.Kind {
    /// The calibrated pulse that it plays, or nil.
    public var pulse: PulseName? {
        switch self {
        case .rotation, .gatedRotation: .halfPi
        case .emit: .emission
        case .absorb: .absorption
        case .reset, .inputBit, .latch, .readout, .stop: nil
        }
    }
}
