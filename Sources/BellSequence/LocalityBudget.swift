public import BellModel

/// What a node spends between its start event and its stop event; the terms add up exactly.
public struct LocalityBudget: Equatable, Sendable {
    /// What happens in a part of the time from r to e, in the order of time.
    public enum Stage: String, CaseIterable, Sendable {
        /// The start tick is later than the physical start of the bit.
        case generator = "generator start and correlation"
        case bit = "random bit until the latch"
        case switching = "setting switch moves"
        case switchWait = "wait at the switch"
        case driveLine = "line, switch to qubit"
        case rotation = "gated rotation"
        case toneWait = "wait before the tone"
        case window = "readout window"
        case readoutLine = "line, resonator to converter"
        case stopWait = "wait before the stop tag"

        /// Whether a person can make it shorter in the sequence or the calibration, without a saw.
        var isAdjustable: Bool { self == .rotation || self == .window }
    }

    /// A part of the time from r to e.
    public struct Term: Equatable, Sendable {
        public var stage: Stage
        public var cost: Picoseconds
        /// The operation that costs it.
        public var operation: Operation

        /// For people, for example `readout window`.
        public var name: String { stage.rawValue }

        public init(stage: Stage, cost: Picoseconds, operation: Operation) {
            self.stage = stage
            self.cost = cost
            self.operation = operation
        }
    }

    /// In the order of time.
    public var terms: [Term]
    /// r: the physical start event, after the trigger pulse at the board.
    public var start: Picoseconds
    /// e: the physical stop event, after the trigger pulse at the board.
    public var stop: Picoseconds

    public init(terms: [Term], start: Picoseconds, stop: Picoseconds) {
        self.terms = terms
        self.start = start
        self.stop = stop
    }

    /// e − r; the sum of all terms.
    public var total: Picoseconds { stop - start }
}
